/* SPDX-License-Identifier: Apache-2.0 */
#include "util/lock_table.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/lock.h"

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
	struct nsc_lock_line l;
	char line[256];

	if (!locks)
		return -errno;
	while (fgets(line, sizeof(line), locks)) {
		if (!nsc_lock_line_read(line, &l) || !l.shared)
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
	struct nsc_lock_line l;
	char line[256];
	int info_fd = openat(dir, fd, O_RDONLY | O_CLOEXEC);

	info = info_fd < 0 ? NULL : fdopen(info_fd, "r");
	while (info && fgets(line, sizeof(line), info))
		if (!strncmp(line, key, sizeof(key) - 1) &&
		    nsc_lock_line_is_of(line + sizeof(key) - 1, file, &l) &&
		    !l.shared)
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
