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

int nsc_lock_holders(const struct stat *file, pid_t *ret_pid)
{
	_cleanup_file_ FILE *locks = fopen("/proc/locks", "re");
	unsigned int major, minor;
	unsigned long long inode;
	char line[256], type[8];
	int pid, shared = 0;

	*ret_pid = 0;
	if (!locks)
		return -1;
	/*
	 * Lines of waiting processes have "->" before FLOCK and do not match.
	 */
	while (fgets(line, sizeof(line), locks)) {
		if (sscanf(line, "%*d: FLOCK %*s %7s %d %x:%x:%llu", type,
			   &pid, &major, &minor, &inode) != 5 ||
		    inode != file->st_ino ||
		    makedev(major, minor) != file->st_dev)
			continue;
		shared += !strcmp(type, "READ");
		if (pid > 0)
			*ret_pid = pid;
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
