/* SPDX-License-Identifier: Apache-2.0 */
#include "util/lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "util/fd.h"
#include "util/process.h"

/* Lines of waiting processes have "->" before FLOCK and do not match. */
bool nsc_lock_line_read(const char *line, struct nsc_lock_line *ret)
{
	unsigned int major, minor;
	unsigned long long inode;
	char type[8];

	if (sscanf(line, "%*d: FLOCK %*s %7s %d %x:%x:%llu", type, &ret->pid,
		   &major, &minor, &inode) != 5)
		return false;
	ret->device = makedev(major, minor);
	ret->inode = inode;
	ret->shared = !strcmp(type, "READ");
	return true;
}

bool nsc_lock_line_is_of(const char *line, const struct stat *file,
			 struct nsc_lock_line *ret)
{
	return nsc_lock_line_read(line, ret) && ret->inode == file->st_ino &&
	       ret->device == file->st_dev;
}

int nsc_lock_holders(const struct stat *file, pid_t *ret_pid)
{
	_cleanup_file_ FILE *locks = fopen("/proc/locks", "re");
	struct nsc_lock_line l;
	char line[256];
	int shared = 0;

	*ret_pid = 0;
	if (!locks)
		return -1;
	while (fgets(line, sizeof(line), locks)) {
		if (!nsc_lock_line_is_of(line, file, &l))
			continue;
		shared += l.shared;
		if (l.pid > 0)
			*ret_pid = l.pid;
	}
	return shared;
}

static int lock_refuse(int fd, const char *name, int64_t deadline,
		       struct nsc_error *err)
{
	struct stat st;
	pid_t pid = 0;

	/* /proc/locks takes the kernel 10 ms: skip it for a single attempt. */
	if (deadline && fstat(fd, &st) == 0)
		nsc_lock_holders(&st, &pid);
	if (pid)
		return nsc_error_set(err, EWOULDBLOCK, "lock '%s': another "
				     "process holds it: process %d took it",
				     name, pid);
	return nsc_error_set(err, EWOULDBLOCK, "lock '%s': another process "
			     "holds it", name);
}

int nsc_lock(int fd, const char *name, int operation, int64_t deadline,
	     struct nsc_error *err)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	while (flock(fd, operation | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return nsc_error_sys(err, errno, "lock '%s'", name);
		if (nsc_process_now() >= deadline)
			return lock_refuse(fd, name, deadline, err);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 20000000)
			pause.tv_nsec *= 2;
	}
	return 0;
}
