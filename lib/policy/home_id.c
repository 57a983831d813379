/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsinit and the worker, root of the host. */
#include "policy/home_id.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/fd.h"

/* O_DIRECTORY makes an automounter mount the directory, as a login does. */
struct nsc_home_id nsc_home_identify(const struct nsc_user *user)
{
	const struct nsc_home_id none = { 0, 0 }, unknown = NSC_HOME_UNKNOWN;
	_cleanup_fd_ int fd = open(user->home, O_PATH | O_DIRECTORY |
				   O_CLOEXEC);
	struct statx st;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? none : unknown;
	/* FUSE tells root the device, but only if asked for nothing. */
	if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  0, &st) < 0)
		return unknown;
	return (struct nsc_home_id){
		(uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor, st.stx_ino,
	};
}

bool nsc_home_is_same(const struct nsc_home_id *a, const struct nsc_home_id *b)
{
	if (a->device == UINT64_MAX || b->device == UINT64_MAX)
		return true;
	return a->device == b->device &&
	       (a->inode == b->inode ||
		(a->device && (!a->inode || !b->inode)));
}
