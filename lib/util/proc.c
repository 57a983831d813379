/* SPDX-License-Identifier: Apache-2.0 */
#include "util/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
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

int nsc_proc_stat_parse(char *text, struct nsc_proc_stat *ret)
{
	uint64_t user, system, children_user, children_system;
	/* The name may contain any bytes, even ") ". */
	const char *name = strchr(text, '(');
	char *end = strrchr(text, ')');
	unsigned int flags;
	uint64_t pending = 0;

	if (!name || !end || end < name || sscanf(text, "%d", &ret->pid) != 1 ||
	    sscanf(end + 1, " %*c %d %d %d %u %d %u %*u %*u %*u %*u %" SCNu64
		   " %" SCNu64 " %" SCNu64 " %" SCNu64 " %*d %*d %*d %*d %"
		   SCNu64 " %*u %*d %*u %*u %*u %*u %*u %*u %" SCNu64,
		   &ret->parent, &ret->group, &ret->session, &ret->tty,
		   &ret->foreground, &flags, &user, &system, &children_user,
		   &children_system, &ret->start, &pending) < 11)
		return -EINVAL;
	*end = '\0';
	snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
	ret->ticks = user + system + children_user + children_system;
	ret->ending = flags & PF_EXITING || pending & KILLED;
	ret->forked = flags & PF_FORKNOEXEC;
	return 0;
}

int nsc_proc_stat(pid_t pid, struct nsc_proc_stat *ret)
{
	char path[32], text[1024];
	int n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	n = nsc_file_read_text(AT_FDCWD, path, text, sizeof(text));
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
