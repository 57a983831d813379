/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder and container-monitor, root of the host. */
#include "util/names.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"

#define PROGRAM NSC_LIBEXEC "/name-resolver"

static int open_file(int instance)
{
	return openat(instance, NSC_FILE_NAMES, O_RDONLY | O_NOFOLLOW |
		      O_CLOEXEC);
}

pid_t nsc_names_start(int instance, int net, int pid1, int *report)
{
	char name[] = "name-resolver";
	char *const argv[] = { name, NULL }, *const envp[] = { NULL };
	_cleanup_fd_ int file = open_file(instance);
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid;

	if (file < 0 || nsc_fd_pipe(&in, &out) < 0)
		return -errno;
	pid = nsc_process_fork_unwatched();
	if (pid == 0) {
		const int keep[] = { file, net, pid1, out };

		if (nsc_process_clean(keep, NSC_ARRAY_SIZE(keep)) == 0)
			execve(PROGRAM, argv, envp);
		_exit(127);
	}
	if (pid > 0 && report)
		*report = NSC_TAKE_FD(in);
	return pid;
}

pid_t nsc_names_holder(int instance)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	_cleanup_fd_ int file = open_file(instance);

	if (file < 0 || fcntl(file, F_GETLK, &lock) < 0 ||
	    lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid;
}
