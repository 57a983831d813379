/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices that processes of a session have open.  They choose what they
 * have open, so a file system that need not answer is not asked.  Runs in:
 * nsinit.
 */
#include "api/device_users.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux/device.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

#define DEVICES 64		/* told of one session */
#define PTS_MAJOR 136		/* to 143 */

struct held {
	char path[256];
	unsigned int major, minor;
	mode_t type;
	pid_t first, last;	/* processes that have it open */
	int processes;
};

struct look {
	struct held list[DEVICES];
	size_t n;
	unsigned int *left;	/* threads and descriptors to look at */
};

/* Is it no device, or one of those that every container has? */
static bool is_usual(const struct statx *st)
{
	unsigned int major = st->stx_rdev_major, minor = st->stx_rdev_minor;

	if (S_ISBLK(st->stx_mode))
		return false;
	for (size_t i = 0; i < NSC_DEVICE_DEFAULTS; i++)
		if (nsc_device_defaults[i].major == major &&
		    nsc_device_defaults[i].minor == minor)
			return true;
	/* The console and /dev/ptmx are 5:1 and 5:2. */
	return !S_ISCHR(st->stx_mode) || (major >= PTS_MAJOR && major <= 143) ||
	       (major == 5 && minor <= 2);
}

static void put(struct look *look, pid_t pid, const struct statx *st,
		const char *path)
{
	struct held *h = look->list, *end = h + look->n;

	while (h < end && (h->major != st->stx_rdev_major ||
			   h->minor != st->stx_rdev_minor ||
			   h->type != (st->stx_mode & S_IFMT) ||
			   strcmp(h->path, path) != 0))
		h++;
	if (h == &look->list[DEVICES])
		return;
	if (h == end) {
		*h = (struct held){
			.major = st->stx_rdev_major,
			.minor = st->stx_rdev_minor,
			.type = st->stx_mode & S_IFMT, .first = pid,
		};
		strcpy(h->path, path);
		look->n++;
	}
	h->processes += h->last != pid;
	h->last = pid;
}

/*
 * The link of a descriptor has the access that it was opened for.  Without any
 * it is O_PATH, which opens nothing, or the access mode 3, which does: open(2).
 */
static bool opens(int task, int dir, const char *name)
{
	char path[32], text[512], *flags;
	struct stat link;

	if (fstatat(dir, name, &link, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (link.st_mode & (S_IRUSR | S_IWUSR))
		return true;
	snprintf(path, sizeof(path), "fdinfo/%.16s", name);
	if (nsc_file_read_text(task, path, text, sizeof(text)) < 0)
		return false;
	flags = strstr(text, "flags:");
	return flags && !(strtoul(flags + 6, NULL, 8) & O_PATH);
}

static void look_at(struct look *look, pid_t pid, int task, int dir,
		    const char *name)
{
	char target[PATH_MAX], path[sizeof(look->list->path)];
	struct statx st;
	ssize_t n;

	if (statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE,
		  &st) < 0 || is_usual(&st) || !opens(task, dir, name))
		return;
	n = readlinkat(dir, name, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = '\0';
	put(look, pid, &st, nsc_text_escape(target, path, sizeof(path)));
}

static DIR *open_dir(int dir, const char *path)
{
	_cleanup_fd_ int fd = openat(dir, path, O_RDONLY | O_DIRECTORY |
				     O_CLOEXEC);
	DIR *ret = fd < 0 ? NULL : fdopendir(fd);

	if (ret)
		NSC_TAKE_FD(fd);
	return ret;
}

/* The next entry, as long as there are some left to look at. */
static const struct dirent *next_entry(struct look *look, DIR *dir)
{
	const struct dirent *entry;

	while (dir && *look->left && (entry = readdir(dir))) {
		--*look->left;
		if (entry->d_name[0] != '.')
			return entry;
	}
	return NULL;
}

static void look_into_thread(struct look *look, pid_t pid, int tasks,
			     const char *thread)
{
	_cleanup_fd_ int task = openat(tasks, thread, O_PATH | O_DIRECTORY |
				       O_CLOEXEC);
	const struct dirent *entry;
	DIR *dir = task < 0 ? NULL : open_dir(task, "fd");

	if (!dir)
		return;
	while ((entry = next_entry(look, dir)))
		look_at(look, pid, task, dirfd(dir), entry->d_name);
	closedir(dir);
}

/* One that has ended meanwhile shares nothing: kcmp(2). */
static bool share_descriptors(pid_t thread, pid_t other)
{
	long ret = syscall(SYS_kcmp, thread, other, KCMP_FILES, 0, 0);

	return ret == 0 || (ret < 0 && errno != ESRCH);
}

/* Threads share their descriptors, but each can have its own. */
static void look_into(struct look *look, pid_t pid)
{
	const struct dirent *entry;
	char path[32];
	pid_t before = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = open_dir(AT_FDCWD, path);
	while ((entry = next_entry(look, tasks))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (before && share_descriptors(before, thread))
			continue;
		look_into_thread(look, pid, dirfd(tasks), entry->d_name);
		before = thread;
	}
	if (tasks)
		closedir(tasks);
}

json_t *nsc_api_device_users(const pid_t *pids, size_t n, unsigned int *left)
{
	struct look look = { .left = left };
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		look_into(&look, pids[i]);
	for (size_t i = 0; i < look.n; i++) {
		const struct held *h = &look.list[i];
		char device[32];

		snprintf(device, sizeof(device), "%c %u:%u",
			 S_ISBLK(h->type) ? 'b' : 'c', h->major, h->minor);
		json_array_append_new(list, json_pack(
			"{s:s, s:s, s:i, s:i}", "path", h->path, "device",
			device, "pid", (int)h->first, "processes",
			h->processes));
	}
	return list;
}
