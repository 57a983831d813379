/* SPDX-License-Identifier: Apache-2.0 */
#include "util/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "util/fd.h"
#include "util/process.h"

/* A line of proc_locks(5). */
struct lock_line {
	dev_t device;
	ino_t inode;
	bool shared;
	int pid;
};

/*
 * Read a line.  Those of waiting processes have "->" before FLOCK and do not
 * match.
 */
static bool lock_read(const char *line, struct lock_line *ret)
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

static bool lock_is_of(const char *line, const struct stat *file,
		       struct lock_line *ret)
{
	return lock_read(line, ret) && ret->inode == file->st_ino &&
	       ret->device == file->st_dev;
}

int nsc_lock_holders(const struct stat *file, pid_t *ret_pid)
{
	_cleanup_file_ FILE *locks = fopen("/proc/locks", "re");
	struct lock_line l;
	char line[256];
	int shared = 0;

	*ret_pid = 0;
	if (!locks)
		return -1;
	while (fgets(line, sizeof(line), locks)) {
		if (!lock_is_of(line, file, &l))
			continue;
		shared += l.shared;
		if (l.pid > 0)
			*ret_pid = l.pid;
	}
	return shared;
}

static int lock_compare(const void *one, const void *other)
{
	const struct nsc_lock_count *a = one, *b = other;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return a->inode < b->inode ? -1 : a->inode > b->inode;
}

/* The lines of one file need not follow each other. */
static void lock_table_sum(struct nsc_lock_table *table)
{
	size_t n = 0;

	if (table->n)
		qsort(table->list, table->n, sizeof(*table->list),
		      lock_compare);
	for (size_t i = 0; i < table->n; i++) {
		if (n && !lock_compare(&table->list[n - 1], &table->list[i]))
			table->list[n - 1].shared++;
		else
			table->list[n++] = table->list[i];
	}
	table->n = n;
}

int nsc_lock_table_read(struct nsc_lock_table *ret)
{
	_cleanup_file_ FILE *locks = fopen("/proc/locks", "re");
	struct nsc_lock_table table = { NULL, 0 };
	size_t room = 0;
	struct lock_line l;
	char line[256];

	if (!locks)
		return -errno;
	while (fgets(line, sizeof(line), locks)) {
		if (!lock_read(line, &l) || !l.shared)
			continue;
		if (table.n == room) {
			struct nsc_lock_count *grown;

			room = room ? 2 * room : 64;
			grown = reallocarray(table.list, room, sizeof(*grown));
			if (!grown) {
				free(table.list);
				return -ENOMEM;
			}
			table.list = grown;
		}
		table.list[table.n++] = (struct nsc_lock_count){
			.device = l.device, .inode = l.inode, .shared = 1,
		};
	}
	lock_table_sum(&table);
	*ret = table;
	return 0;
}

int nsc_lock_table_shared(const struct nsc_lock_table *table,
			  const struct stat *file)
{
	const struct nsc_lock_count key = {
		.device = file->st_dev, .inode = file->st_ino,
	}, *found = NULL;

	if (table->n)
		found = bsearch(&key, table->list, table->n, sizeof(key),
				lock_compare);
	return found ? found->shared : 0;
}

/* fdinfo of an open file has the locks that this file holds, proc(5). */
static bool lock_is_held_through(const struct stat *file, int dir,
				 const char *fd)
{
	static const char key[] = "lock:\t";
	_cleanup_file_ FILE *info = NULL;
	struct lock_line l;
	char line[256];
	int info_fd = openat(dir, fd, O_RDONLY | O_CLOEXEC);

	info = info_fd < 0 ? NULL : fdopen(info_fd, "r");
	while (info && fgets(line, sizeof(line), info))
		if (!strncmp(line, key, sizeof(key) - 1) &&
		    lock_is_of(line + sizeof(key) - 1, file, &l) && !l.shared)
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
