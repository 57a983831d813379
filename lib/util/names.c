/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder and container-monitor, root of the host. */
#include "util/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/process.h"

#define PROGRAM NSC_LIBEXEC "/name-resolver"

static int open_file(int instance)
{
	return openat(instance, NSC_FILE_NAMES, O_RDONLY | O_NOFOLLOW |
		      O_CLOEXEC);
}

int nsc_names_wake_open(int instance)
{
	int fd;

	if (mkfifoat(instance, NSC_FILE_ASKED_WAKE, 0600) < 0 &&
	    errno != EEXIST)
		return -errno;
	fd = openat(instance, NSC_FILE_ASKED_WAKE, O_RDWR | O_NONBLOCK |
		    O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

struct nsc_names_asked *nsc_names_asked_read(int instance)
{
	_cleanup_fd_ int fd = openat(instance, NSC_FILE_ASKED, O_RDONLY |
				     O_NOFOLLOW | O_CLOEXEC);
	struct nsc_names_asked *all = calloc(NSC_NAMES_ASKED_MAX, sizeof(*all));

	if (fd < 0 || !all || pread(fd, all, NSC_NAMES_ASKED_MAX * sizeof(*all),
				    0) < 0) {
		free(all);
		return NULL;
	}
	for (size_t i = 0; i < NSC_NAMES_ASKED_MAX; i++) {
		char *name = all[i].name;

		name[sizeof(all->name) - 1] = '\0';
		for (; *name; name++)
			if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.",
				    *name))
				*name = '?';
	}
	return all;
}

pid_t nsc_names_start(int instance, int net, int pid1, int *report)
{
	char name[] = "name-resolver";
	char *const argv[] = { name, NULL }, *const envp[] = { NULL };
	_cleanup_fd_ int file = open_file(instance);
	_cleanup_fd_ int wake = nsc_names_wake_open(instance);
	_cleanup_fd_ int asked = openat(instance, NSC_FILE_ASKED, O_RDWR |
					O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid;

	if (file < 0 || asked < 0 || wake < 0 || nsc_fd_pipe(&in, &out) < 0)
		return -errno;
	pid = nsc_process_fork_unwatched();
	if (pid == 0) {
		const int keep[] = { file, net, pid1, out, asked, wake };
		struct nsc_error err = NSC_ERROR_INIT;

		if (nsc_process_clean(keep, NSC_ARRAY_SIZE(keep)) == 0) {
			execve(PROGRAM, argv, envp);
			nsc_error_sys(&err, errno, "run '%s'", PROGRAM);
			nsc_error_send(NSC_NAMES_REPORT, &err);
		}
		_exit(127);
	}
	if (pid > 0 && report)
		*report = NSC_TAKE_FD(in);
	return pid;
}

bool nsc_names_line(const char *text, const char *line)
{
	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (!strncmp(text, line, strlen(line)))
			return true;
	}
	return false;
}

bool nsc_names_has(int instance, const char *line)
{
	_cleanup_fd_ int fd = open_file(instance);
	_cleanup_free_ char *text = NULL;

	return fd >= 0 && nsc_file_read(fd, NSC_FILE_NAMES, NSC_NAMES_MAX,
					&text, NULL, NSC_IGNORE) == 0 &&
	       nsc_names_line(text, line);
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
