/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices that processes of a session have open.  They choose what they
 * have open, so a file system that need not answer is not asked.  Runs in:
 * nsinit.
 */
#include "api/device_users.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/device.h"
#include "util/fd.h"
#include "util/text.h"

#define DESCRIPTORS 65536	/* looked at in one session */
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
	unsigned int left;	/* descriptors to look at */
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

static void look_at(struct look *look, pid_t pid, int dir, const char *name)
{
	char target[PATH_MAX], path[sizeof(look->list->path)];
	struct statx st;
	struct stat link;
	ssize_t n;

	if (statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE,
		  &st) < 0 || is_usual(&st))
		return;
	/* The link of an O_PATH descriptor has neither: it opens nothing. */
	if (fstatat(dir, name, &link, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !(link.st_mode & (S_IRUSR | S_IWUSR)))
		return;
	n = readlinkat(dir, name, target, sizeof(target) - 1);
	if (n < 0)
		return;
	target[n] = '\0';
	put(look, pid, &st, nsc_text_escape(target, path, sizeof(path)));
}

static void look_into(struct look *look, pid_t pid)
{
	const struct dirent *entry;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return;
	while (look->left && (entry = readdir(dir))) {
		look->left--;
		if (entry->d_name[0] != '.')
			look_at(look, pid, dirfd(dir), entry->d_name);
	}
	closedir(dir);
}

json_t *nsc_api_device_users(const pid_t *pids, size_t n)
{
	struct look look = { .left = DESCRIPTORS };
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
