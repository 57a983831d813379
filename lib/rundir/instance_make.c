/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: login-start, nsinit, container-monitor; root of the host. */
#include "rundir/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rundir/rundir.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"

#define NAME_SIZE 16

/* Set the mode despite the umask: like who(1), others may see the sessions. */
static int instance_make_dir(int dir, const char *name, struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;

	if (mkdirat(dir, name, 0755) < 0)
		return nsc_error_sys(err, errno, "make '%s'", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0755) < 0)
		return nsc_error_sys(err, errno, "make '%s'", name);
	return NSC_TAKE_FD(fd);
}

static int instance_fill(int instance, uid_t owner, struct nsc_error *err)
{
	_cleanup_fd_ int session =
		instance_make_dir(instance, NSC_DIR_SESSION, err);
	int ret = session < 0 ? session : 0;

	if (ret == 0)
		ret = nsc_rundir_make_lock(instance, NSC_FILE_MONITOR, 0, err);
	return ret < 0 ? ret : nsc_rundir_make_lock(instance,
						    NSC_FILE_SESSIONS, owner,
						    err);
}

int nsc_instance_make(int rundir, uid_t owner, unsigned int *ret_number,
		      struct nsc_error *err)
{
	_cleanup_free_ unsigned int *list = NULL;
	unsigned int number = nsc_instance_current(rundir);
	int n = nsc_instance_list(rundir, &list, err), ret;
	_cleanup_fd_ int instance = -1;
	char name[NAME_SIZE];

	if (n < 0)
		return n;
	if (n > 0 && list[n - 1] > number)
		number = list[n - 1];
	snprintf(name, sizeof(name), "%u", ++number);
	instance = instance_make_dir(rundir, name, err);
	if (instance < 0) {
		unlinkat(rundir, name, AT_REMOVEDIR);
		return instance;
	}
	ret = instance_fill(instance, owner, err);
	if (ret < 0) {
		nsc_instance_remove(instance, number);
		return ret;
	}
	*ret_number = number;
	return NSC_TAKE_FD(instance);
}

void nsc_instance_remove(int instance, unsigned int number)
{
	static const char *const undone[] = {
		NSC_FILE_STATE, NSC_FILE_HOOKS, NSC_FILE_CGROUP,
	};
	char path[NAME_SIZE + 3];

	for (size_t i = 0; i < NSC_ARRAY_SIZE(undone); i++)
		if (faccessat(instance, undone[i], F_OK,
			      AT_SYMLINK_NOFOLLOW) == 0)
			return;
	if (unlinkat(instance, NSC_DIR_SESSION, AT_REMOVEDIR) < 0 &&
	    errno != ENOENT)
		return;
	snprintf(path, sizeof(path), "../%u", number);
	nsc_file_empty(instance, 0);
	unlinkat(instance, path, AT_REMOVEDIR);
}

void nsc_instance_hand_over(int instance, int heir)
{
	_cleanup_fd_ int from = openat(instance, NSC_DIR_SESSION, O_PATH |
				       O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int to = openat(heir, NSC_DIR_SESSION, O_PATH |
				     O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = from < 0 || to < 0 ? NULL : nsc_file_list(from);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			renameat(from, entry->d_name, to, entry->d_name);
	if (dir)
		closedir(dir);
}
