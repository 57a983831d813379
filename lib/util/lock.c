#include "util/lock.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "util/process.h"

/* By proc_locks(5); 0 where it is not to be seen from here. */
static int taken_by(int fd)
{
	FILE *locks = fopen("/proc/locks", "re");
	unsigned int major, minor;
	unsigned long long inode;
	struct stat st;
	char line[256];
	int pid, found = 0;

	if (!locks)
		return 0;
	if (fstat(fd, &st) < 0)
		st.st_ino = 0;
	while (!found && fgets(line, sizeof(line), locks))
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &pid,
			   &major, &minor, &inode) == 4 && pid > 0 &&
		    inode == st.st_ino && makedev(major, minor) == st.st_dev)
			found = pid;
	fclose(locks);
	return found;
}

static int refuse(int fd, const char *name, int64_t deadline,
		  struct nsc_error *err)
{
	/* The kernel takes 10 ms for /proc/locks: not for one look. */
	int pid = deadline ? taken_by(fd) : 0;

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
			return refuse(fd, name, deadline, err);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 20000000)
			pause.tv_nsec *= 2;
	}
	return 0;
}
