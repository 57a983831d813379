/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's devpts was opened and verified earlier.  Its files are only
 * reached by their numbers in it, so that no name that a user controls is
 * followed.
 */
#include "monitor/terminals.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/child.h"
#include "util/fd.h"
#include "rundir/monitor_start.h"

#define PTY_MAJOR 136		/* of all pts, Documentation/devices.txt */
#define TERMINALS 64		/* checked terminals of one session */

static bool stat_at(int dir, const char *name, int flags, struct statx *ret)
{
	/* Never query a file system that a user may serve. */
	return statx(dir, name, flags | AT_STATX_DONT_SYNC, STATX_BASIC_STATS,
		     ret) == 0;
}

/* /proc/PID/stat has the number in the form of new_encode_dev(). */
static unsigned int terminals_number_of(unsigned int tty)
{
	return (tty & 0xff) | ((tty >> 12) & 0xfff00);
}

/*
 * All instances of devpts count from 0: does the terminal belong to this
 * container?  A process usually has its terminal open.
 */
static bool terminals_is_ours(const struct process *p)
{
	struct statx devpts, st;

	if (((p->tty >> 8) & 0xfff) != PTY_MAJOR ||
	    !stat_at(NSC_MONITOR_DEVPTS, "", AT_EMPTY_PATH, &devpts) ||
	    !S_ISDIR(devpts.stx_mode))
		return false;
	for (int fd = 0; fd < 3; fd++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)p->pid,
			 fd);
		if (stat_at(AT_FDCWD, path, 0, &st) &&
		    st.stx_dev_major == devpts.stx_dev_major &&
		    st.stx_dev_minor == devpts.stx_dev_minor &&
		    S_ISCHR(st.stx_mode) && st.stx_rdev_major == PTY_MAJOR &&
		    st.stx_rdev_minor == terminals_number_of(p->tty))
			return true;
	}
	return false;
}

static size_t terminals_collect(const struct processes *of,
				unsigned int numbers[TERMINALS])
{
	size_t n = 0;

	for (size_t i = 0; i < of->n && n < TERMINALS; i++) {
		unsigned int number = terminals_number_of(of->list[i].tty);
		bool known = !of->list[i].tty;

		for (size_t j = 0; j < n; j++)
			known = known || numbers[j] == number;
		if (!known && terminals_is_ours(&of->list[i]))
			numbers[n++] = number;
	}
	return n;
}

int64_t terminals_input(const struct session *s, const struct processes *of)
{
	const char *dev = s->tty[0] == '/' ? "" : "/dev/";
	unsigned int numbers[TERMINALS];
	size_t n = terminals_collect(of, numbers);
	char path[128];
	struct statx st;
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%u", numbers[i]);
		if (stat_at(NSC_MONITOR_DEVPTS, path, AT_SYMLINK_NOFOLLOW,
			    &st))
			sum += st.stx_atime.tv_sec;
	}
	snprintf(path, sizeof(path), "%s%s", dev, s->tty);
	if (s->tty[0] && stat_at(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &st) &&
	    S_ISCHR(st.stx_mode))
		sum += st.stx_atime.tv_sec;
	return sum;
}

static void tell(unsigned int number, const char *line)
{
	_cleanup_fd_ int fd = -1;
	char name[16];

	snprintf(name, sizeof(name), "%u", number);
	fd = openat(NSC_MONITOR_DEVPTS, name, O_WRONLY | O_NONBLOCK |
		    O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && isatty(fd))
		(void)!write(fd, line, strlen(line));
}

static void tell_all(const char *line)
{
	int fd = openat(NSC_MONITOR_DEVPTS, ".", O_RDONLY | O_DIRECTORY |
			O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned int number;
	char end;

	if (!dir && fd >= 0)
		close(fd);
	while (dir && (entry = readdir(dir)))
		if (sscanf(entry->d_name, "%u%c", &number, &end) == 1)
			tell(number, line);
	if (dir)
		closedir(dir);
}

/* A process inside may hold the terminal's own lock. */
void terminals_tell(const struct processes *of, const char *line)
{
	unsigned int numbers[TERMINALS];
	size_t n;

	if (monitor_child(NSC_MONITOR_DEVPTS) != 0)
		return;
	if (!of)
		tell_all(line);
	n = of ? terminals_collect(of, numbers) : 0;
	for (size_t i = 0; i < n; i++)
		tell(numbers[i], line);
	_exit(0);
}
