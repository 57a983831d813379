/* SPDX-License-Identifier: Apache-2.0 */
#include "util/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"

/* include/linux/sched.h of the kernel */
#define PF_EXITING 0x4
#define KILLED (1U << (SIGKILL - 1))
#define PF_FORKNOEXEC 0x40

int nsc_proc_read(const char *path, char **ret, struct nsc_error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return nsc_error_sys(err, errno, "%s", path);
	return nsc_file_read(fd, path, 16 * NSC_FILE_MAX, ret, NULL, err);
}

/* The numbers of proc_pid_stat(5), from the parent's on. */
enum { PARENT = 4, GROUP, SESSION, TTY, FOREGROUND, FLAGS, UTIME = 14, STIME,
       CUTIME, CSTIME, START = 22, SIGNAL = 31, NUMBERS };

int nsc_proc_stat_parse(char *text, struct nsc_proc_stat *ret)
{
	/* The name may contain any bytes, even ") ". */
	const char *name = strchr(text, '(');
	char *end = strrchr(text, ')'), *rest;
	long long number[NUMBERS];

	ret->pid = (pid_t)strtol(text, &rest, 10);
	if (!name || !end || end < name || rest == text || end[1] != ' ' ||
	    !end[2])
		return -EINVAL;
	*end = '\0';
	snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
	end += 3;	/* behind the letter */
	for (int i = PARENT; i < NUMBERS; i++, end = rest) {
		number[i] = strtoll(end, &rest, 10);
		if (rest == end && i <= START)
			return -EINVAL;
	}
	ret->parent = (pid_t)number[PARENT];
	ret->group = (pid_t)number[GROUP];
	ret->session = (pid_t)number[SESSION];
	ret->tty = (unsigned int)number[TTY];
	ret->foreground = (pid_t)number[FOREGROUND];
	ret->ticks = (uint64_t)(number[UTIME] + number[STIME] +
				number[CUTIME] + number[CSTIME]);
	ret->start = (uint64_t)number[START];
	ret->ending = number[FLAGS] & PF_EXITING || number[SIGNAL] & KILLED;
	ret->forked = number[FLAGS] & PF_FORKNOEXEC;
	return 0;
}

int nsc_proc_stat(pid_t pid, struct nsc_proc_stat *ret)
{
	char path[32], text[1024];
	int n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	n = nsc_file_read_once(AT_FDCWD, path, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -ESRCH : n;
	return nsc_proc_stat_parse(text, ret);
}

bool nsc_proc_status(pid_t pid, const char *key, char *value, size_t size)
{
	_cleanup_file_ FILE *file = NULL;
	char path[32], line[512];
	size_t len = strlen(key);

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, len) != 0 ||
		    strncmp(line + len, ":\t", 2) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(value, size, "%s", line + len + 2);
		return true;
	}
	return false;
}
