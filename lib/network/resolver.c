/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder, and nsinit, root of the host. */
#include "network/resolver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "network/lists.h"
#include "network/lists_names.h"
#include "util/names.h"
#include "util/fd.h"
#include "util/file.h"

#define SERVER "server "

/*
 * The first byte comes last: until then a reader finds no text, and nothing is
 * allowed.  The file keeps its pages, so that a full disk takes none away.
 */
static int replace(int fd, const char *text, size_t size)
{
	errno = ENOSPC;		/* a short write says nothing */
	return pwrite(fd, "", 1, 0) == 1 &&
	       pwrite(fd, text + 1, size - 1, 1) == (ssize_t)size - 1 &&
	       ftruncate(fd, (off_t)size) == 0 &&
	       pwrite(fd, text, 1, 0) == 1 ? 0 : -errno;
}

static int write_names(const struct nsc_config *config, bool servers, int fd,
		       struct nsc_error *err)
{
	_cleanup_free_ char *text = nsc_lists_names(config, servers);
	size_t size = text ? strlen(text) : 0;
	int ret;

	if (!text)
		return nsc_error_sys(err, ENOMEM, "names");
	if (servers && strncmp(text, SERVER, strlen(SERVER)) != 0)
		return nsc_error_set(err, ENOENT, "names need a name server: "
				     "/etc/resolv.conf of the host has none, "
				     "and there is no context.dns");
	if (size > NSC_NAMES_MAX)
		return nsc_error_set(err, E2BIG, "the names are too long "
				     "together");
	ret = replace(fd, text, size);
	return ret < 0 ? nsc_error_sys(err, -ret, "write the names") : 0;
}

static int open_names(int instance, int flags)
{
	return openat(instance, NSC_FILE_NAMES, flags | O_NOFOLLOW | O_CLOEXEC,
		      0600);
}

int nsc_resolver_start(const struct nsc_plan *plan, int net, int pid1,
		       struct nsc_error *err)
{
	_cleanup_fd_ int names = -1;
	_cleanup_fd_ int in = -1;
	bool wanted = nsc_lists_have_names(plan->config);
	pid_t pid;
	int ret;

	if (!nsc_lists_wanted(plan->config))
		return 0;
	names = open_names(plan->rundir, O_WRONLY | O_CREAT | O_EXCL);
	if (names < 0 || fchown(names, 0, plan->user->gid) < 0)
		return nsc_error_sys(err, errno, "names");
	ret = write_names(plan->config, wanted, names, err);
	if (ret < 0 || !wanted)
		return ret;
	pid = nsc_names_start(plan->rundir, net, pid1, &in);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "start name-resolver");
	ret = nsc_error_receive(in, err);
	if (ret > 0)
		ret = nsc_error_set(err, ECHILD, "name-resolver died");
	return ret < 0 ? nsc_error_context(err, "names") : 0;
}

int nsc_resolver_update(const struct nsc_config *config, int instance,
			struct nsc_error *err)
{
	_cleanup_fd_ int names = open_names(instance, O_WRONLY);
	/*
	 * The names do not tell, because an update may have left them
	 * incomplete.
	 */
	bool servers = faccessat(instance, NSC_FILE_ASKED, F_OK,
				 AT_SYMLINK_NOFOLLOW) == 0;

	if (names >= 0 && (servers || !nsc_lists_have_names(config)))
		return write_names(config, servers, names, err);
	return !nsc_lists_have_names(config) ? 0 :
		nsc_error_set(err, EOPNOTSUPP, "the container began without "
			      "names: they take effect in a new container");
}
