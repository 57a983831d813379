/* SPDX-License-Identifier: Apache-2.0 */
#include "util/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "util/fd.h"
#include "util/process.h"

/*
 * Read a line of proc_locks(5).  Lines of waiting processes have "->" before
 * FLOCK and do not match.
 */
static bool lock_read(const char *line, const struct stat *file, bool *shared,
		      int *pid)
{
	unsigned int major, minor;
	unsigned long long inode;
	char type[8];

	if (sscanf(line, "%*d: FLOCK %*s %7s %d %x:%x:%llu", type, pid, &major,
		   &minor, &inode) != 5 || inode != file->st_ino ||
	    makedev(major, minor) != file->st_dev)
		return false;
	*shared = !strcmp(type, "READ");
	return true;
}

int nsc_lock_holders(const struct stat *file, pid_t *ret_pid)
{
	_cleanup_file_ FILE *locks = fopen("/proc/locks", "re");
	char line[256];
	bool is_shared;
	int pid, shared = 0;

	*ret_pid = 0;
	if (!locks)
		return -1;
	while (fgets(line, sizeof(line), locks)) {
		if (!lock_read(line, file, &is_shared, &pid))
			continue;
		shared += is_shared;
		if (pid > 0)
			*ret_pid = pid;
	}
	return shared;
}

/* fdinfo of an open file has the locks that this file holds, proc(5). */
static bool lock_is_held_through(const struct stat *file, int dir,
				 const char *fd)
{
	static const char key[] = "lock:\t";
	_cleanup_file_ FILE *info = NULL;
	char line[256];
	bool shared;
	int pid, info_fd = openat(dir, fd, O_RDONLY | O_CLOEXEC);

	info = info_fd < 0 ? NULL : fdopen(info_fd, "r");
	while (info && fgets(line, sizeof(line), info))
		if (!strncmp(line, key, sizeof(key) - 1) &&
		    lock_read(line + sizeof(key) - 1, file, &shared, &pid) &&
		    !shared)
			return true;
	return false;
}

bool nsc_lock_is_held_by(const struct stat *file, pid_t pid)
{
	char path[32];
	const struct dirent *entry;
	bool held = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", (int)pid);
	dir = opendir(path);
	while (dir && !held && (entry = readdir(dir)))
		held = entry->d_name[0] != '.' &&
		       lock_is_held_through(file, dirfd(dir), entry->d_name);
	if (dir)
		closedir(dir);
	return held;
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
