/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: container-monitor and nsinit, root of the host. */
#include "cgroup/cgroup_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/proc.h"
#include "cgroup/cgroup_processes.h"
#include "cgroup/cgroup_tasks.h"

#define STEP_MS 16		/* maximum; the first step is 1 */
#define KILL_MS 5000		/* for the kernel to end killed processes */
#define SESSION NSC_CGROUP_SESSION

static int read_file(const char *dir, const char *file, char *buf, size_t size)
{
	char path[PATH_MAX];
	int n;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	n = nsc_file_read_text(AT_FDCWD, path, buf, size);
	return n < 0 ? n : 0;
}

static int tree_write_file(const char *dir, const char *file, const char *text)
{
	char path[PATH_MAX];
	_cleanup_fd_ int fd = -1;

	if (snprintf(path, sizeof(path), "%s/%s", dir, file) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

static int tree_parse(struct nsc_cgroup_tree *tree)
{
	char *save = NULL;

	for (char *line = strtok_r(tree->text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *path = line[1] == ' ' ? strchr(line + 2, ' ') : NULL;

		if (!path || path[1] != '/' || tree->n == NSC_CGROUP_ENTRIES)
			return -EINVAL;
		*path++ = '\0';
		tree->list[tree->n++] = (struct nsc_cgroup_entry){
			line[0], line + 2, path,
		};
	}
	return 0;
}

static struct nsc_cgroup_tree *tree_new(void)
{
	struct nsc_cgroup_tree *tree = malloc(sizeof(*tree));

	if (tree)
		tree->n = 0;
	return tree;
}

int nsc_cgroup_tree_save(int rundir, const char *text, struct nsc_error *err)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = tree_new();
	size_t len = strlen(text);

	if (!tree)
		return nsc_error_sys(err, ENOMEM, "control groups");
	if (len < sizeof(tree->text))
		memcpy(tree->text, text, len + 1);
	if (len >= sizeof(tree->text) || tree_parse(tree) < 0)
		return nsc_error_set(err, E2BIG, "control groups: their "
				     "names need %zu bytes, but the limit is "
				     "%d, in %d lines: shorten cgroups.parent",
				     len, NSC_CGROUP_RECORD_MAX - 1,
				     NSC_CGROUP_ENTRIES);
	return nsc_file_write_at(rundir, NSC_FILE_CGROUP, text, len, 0600,
				 err);
}

static bool tree_is_v2(const struct nsc_cgroup_entry *e)
{
	return !strncmp(e->controllers, "v2", 2) &&
	       (!e->controllers[2] || e->controllers[2] == ',');
}

/* Read /proc/PID/cgroup of the container's PID 1. */
static int read_groups(int rundir, char *buf, size_t size)
{
	char text[16], dir[32];
	int n = nsc_file_read_text(rundir, NSC_FILE_PID, text, sizeof(text));

	if (n < 0)
		return n;
	snprintf(dir, sizeof(dir), "/proc/%d", atoi(text));
	return read_file(dir, "cgroup", buf, size);
}

static void tree_follow(int rundir, struct nsc_cgroup_tree *tree, size_t at)
{
	char groups[8192] = "";

	for (size_t i = 0; i < tree->n; i++) {
		struct nsc_cgroup_entry *e = &tree->list[i];
		size_t left = sizeof(tree->text) - at;
		const char *group;
		int n;

		if (e->kind != 'e')
			continue;
		if (!groups[0] &&
		    read_groups(rundir, groups, sizeof(groups)) < 0)
			groups[0] = '\0';
		group = nsc_proc_cgroup(groups,
					tree_is_v2(e) ? "" : e->controllers);
		n = group ? (int)strcspn(group, "\n") : 0;
		if (n == 1)
			e->kind = '-';
		n = n > 0 && strncmp(group, "/..", 3) != 0 ?
			    snprintf(tree->text + at, left, "%s%.*s", e->path,
				     n, group) : -1;
		if (n < 0 || (size_t)n >= left) {
			e->kind = '?';
			continue;
		}
		e->path = tree->text + at;
		at += (size_t)n + 1;
	}
}

static int tree_load(int rundir, struct nsc_cgroup_tree *tree)
{
	_cleanup_fd_ int fd = openat(rundir, NSC_FILE_CGROUP, O_RDONLY |
				     O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;
	char more;
	int ret;

	if (fd < 0)
		return -errno;
	n = read(fd, tree->text, sizeof(tree->text) - 1);
	if (n < 0)
		return -errno;
	/* nsc_cgroup_tree_save() never writes more. */
	if (n == (ssize_t)sizeof(tree->text) - 1 && read(fd, &more, 1) != 0)
		return -EFBIG;
	tree->text[n] = '\0';
	ret = tree_parse(tree);
	if (ret == 0)
		tree_follow(rundir, tree, (size_t)n + 1);
	return ret;
}

int nsc_cgroup_tree_load(int rundir, struct nsc_cgroup_tree **ret)
{
	int error;

	*ret = tree_new();
	error = *ret ? tree_load(rundir, *ret) : -ENOMEM;
	if (*ret && error < 0)
		(*ret)->n = 0;
	return error;
}

bool nsc_cgroup_entry_is_own(const struct nsc_cgroup_entry *e)
{
	return e->kind == 's' || e->kind == 'g';
}

static bool is_group(const struct nsc_cgroup_entry *e)
{
	return nsc_cgroup_entry_is_own(e) || e->kind == 'e';
}

/* The group in e's hierarchy, up to a newline; NULL: none. */
static const char *group_in(const struct nsc_cgroup_entry *e, const char *text)
{
	size_t len = strcspn(e->controllers, ",");

	if (tree_is_v2(e))
		return nsc_proc_cgroup(text, "");
	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *name;
		size_t n;

		line += *line == '\n';
		name = line + strcspn(line, ":\n");
		do {
			name += *name != '\n' && *name;
			n = strcspn(name, ",:\n");
			if (len && n == len &&
			    !strncmp(name, e->controllers, n))
				return name + strcspn(name, ":\n") + 1;
			name += n;
		} while (*name == ',');
	}
	return NULL;
}

static bool is_kept(const struct nsc_cgroup_tree *tree, const char *group)
{
	for (size_t i = 0; i < tree->n; i++) {
		const char *path = tree->list[i].path;
		size_t len = strlen(path);

		if (tree->list[i].kind == 'k' && !strncmp(group, path, len) &&
		    (group[len] == '/' || group[len] == '\n'))
			return true;
	}
	return false;
}

void nsc_cgroup_tree_stay(struct nsc_cgroup_tree *tree, const char *groups)
{
	for (size_t i = 0; i < tree->n; i++) {
		struct nsc_cgroup_entry *e = &tree->list[i];
		const char *group = nsc_cgroup_entry_is_own(e) ?
					    group_in(e, groups) : NULL;

		if (group && is_kept(tree, group))
			e->kind = '-';
	}
}

const struct nsc_cgroup_entry *
nsc_cgroup_tree_find(const struct nsc_cgroup_tree *tree, const char *controller)
{
	const struct nsc_cgroup_entry *unified = NULL;
	size_t len = strlen(controller);

	for (size_t i = 0; i < tree->n; i++) {
		const struct nsc_cgroup_entry *e = &tree->list[i];
		const char *p = e->controllers;

		if (!is_group(e))
			continue;
		if (tree_is_v2(e))
			unified = e;
		for (; p; p = strchr(p, ',')) {
			p += *p == ',';
			if (!strncmp(p, controller, len) &&
			    (!p[len] || p[len] == ','))
				return e;
		}
	}
	return strcmp(controller, "freezer") ? NULL : unified;
}

int nsc_cgroup_tree_session(const struct nsc_cgroup_tree *tree, pid_t pid,
			    char *path, size_t size)
{
	int ret = -ENOENT;

	/* The session may stay elsewhere in some. */
	for (size_t i = 0; i < tree->n; i++) {
		const struct nsc_cgroup_entry *e = &tree->list[i];
		char own[PATH_MAX];

		if (e->kind != 's' || (ret == 0 && !tree_is_v2(e)))
			continue;
		if (snprintf(own, sizeof(own), "%s/" SESSION "%d", e->path,
			     (int)pid) >= (int)sizeof(own) ||
		    strlen(own) >= size)
			return -ENAMETOOLONG;
		if (access(own, F_OK) < 0)
			continue;
		strcpy(path, own);
		ret = 0;
	}
	return ret;
}

bool nsc_cgroup_tree_paused(const struct nsc_cgroup_tree *tree)
{
	const struct nsc_cgroup_entry *e = nsc_cgroup_tree_find(tree,
								"freezer");
	char text[256] = "";

	if (!e)
		return false;
	if (!tree_is_v2(e))
		return read_file(e->path, "freezer.state", text,
				 sizeof(text)) == 0 && text[0] == 'F';
	if (read_file(e->path, "cgroup.freeze", text, sizeof(text)) == 0 &&
	    text[0] == '1')
		return true;
	return nsc_cgroup_tree_frozen(tree);
}

bool nsc_cgroup_tree_frozen(const struct nsc_cgroup_tree *tree)
{
	const struct nsc_cgroup_entry *e = nsc_cgroup_tree_find(tree,
								"freezer");
	char text[256] = "";

	if (!e)
		return false;
	if (tree_is_v2(e))
		return read_file(e->path, "cgroup.events", text,
				 sizeof(text)) == 0 && strstr(text, "frozen 1");
	return read_file(e->path, "freezer.state", text, sizeof(text)) == 0 &&
	       !strncmp(text, "FROZEN", 6);
}

int nsc_cgroup_tree_freeze(const struct nsc_cgroup_tree *tree, bool freeze)
{
	const struct nsc_cgroup_entry *e = nsc_cgroup_tree_find(tree,
								"freezer");

	if (!e)
		return -EOPNOTSUPP;
	if (tree_is_v2(e))
		return tree_write_file(e->path, "cgroup.freeze",
				       freeze ? "1" : "0");
	return tree_write_file(e->path, "freezer.state",
			       freeze ? "FROZEN" : "THAWED");
}

/* Use only d_type, because a group has about 60 files. */
void nsc_cgroup_each(const char *path, int depth,
		     void (*act)(const char *path, void *arg), void *arg)
{
	DIR *dir = depth ? opendir(path) : NULL;
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char below[PATH_MAX];

		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    snprintf(below, sizeof(below), "%s/%s", path,
			     entry->d_name) < (int)sizeof(below))
			nsc_cgroup_each(below, depth - 1, act, arg);
	}
	if (dir)
		closedir(dir);
	act(path, arg);
}

static void remove_one(const char *path, void *unused)
{
	(void)unused;
	rmdir(path);
}

int nsc_cgroup_tree_remove(const char *path)
{
	struct stat st;

	if (rmdir(path) == 0 || errno == ENOENT)
		return 0;
	/* Remove from the bottom up; a failure shows at the top. */
	nsc_cgroup_each(path, NSC_CGROUP_DEPTH, remove_one, NULL);
	return lstat(path, &st) < 0 && errno == ENOENT ? 0 : -EBUSY;
}

int nsc_cgroup_tree_leave(const struct nsc_cgroup_tree *tree, pid_t pid)
{
	char path[PATH_MAX];
	int ret = 0;

	for (size_t i = 0; i < tree->n; i++)
		if (tree->list[i].kind == 's' &&
		    snprintf(path, sizeof(path), "%s/" SESSION "%d",
			     tree->list[i].path, (int)pid) <
		    (int)sizeof(path) && nsc_cgroup_tree_remove(path) < 0)
			ret = -EBUSY;
	return ret;
}

static int remove_all(const struct nsc_cgroup_tree *tree)
{
	int ret = 0;

	for (size_t i = 0; i < tree->n; i++)
		if (nsc_cgroup_entry_is_own(&tree->list[i]) &&
		    nsc_cgroup_tree_remove(tree->list[i].path) < 0)
			ret = -EBUSY;
	/*
	 * Containers share the groups above, which stay until they are empty.
	 */
	for (size_t i = 0; i < tree->n; i++)
		if (tree->list[i].kind == 'p')
			rmdir(tree->list[i].path);
	return ret;
}

static void kill_one(const char *group, pid_t pid, void *unused)
{
	(void)unused;
	nsc_cgroup_signal(group, pid, SIGKILL);
}

static void kill_all(const struct nsc_cgroup_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++) {
		const struct nsc_cgroup_entry *e = &tree->list[i];

		if (!nsc_cgroup_entry_is_own(e))
			continue;
		if (tree_is_v2(e) &&
		    tree_write_file(e->path, "cgroup.kill", "1") == 0)
			continue;
		nsc_cgroup_each_process(e->path, kill_one, NULL);
	}
}

static int remove_within(const struct nsc_cgroup_tree *tree, int ms, bool kill)
{
	int step = 1, ret;

	/* The next round kills processes that were forked meanwhile. */
	for (;; ms -= step, step = step < STEP_MS ? 2 * step : step) {
		const struct timespec moment = { 0, step * 1000000L };

		if (kill)
			kill_all(tree);
		ret = remove_all(tree);
		if (ret == 0 || ms <= 0)
			return ret;
		nanosleep(&moment, NULL);
	}
}

int nsc_cgroup_tree_end(const struct nsc_cgroup_tree *tree, int grace_ms)
{
	const struct nsc_cgroup_entry *e = nsc_cgroup_tree_find(tree,
								"freezer");

	/* In v1, a frozen process cannot even die. */
	if (e && nsc_cgroup_entry_is_own(e))
		nsc_cgroup_tree_freeze(tree, false);
	if (remove_within(tree, grace_ms, false) == 0)
		return 0;
	return remove_within(tree, KILL_MS, true);
}

/* The first hierarchy with session groups lists the sessions. */
void nsc_cgroup_tree_remove_dead(const struct nsc_cgroup_tree *tree)
{
	const struct dirent *entry;
	DIR *dir = NULL;

	for (size_t i = 0; i < tree->n && !dir; i++)
		if (tree->list[i].kind == 's')
			dir = opendir(tree->list[i].path);
	while (dir && (entry = readdir(dir))) {
		int pid = atoi(entry->d_name + sizeof(SESSION) - 1);

		if (strncmp(entry->d_name, SESSION, sizeof(SESSION) - 1) !=
			    0 ||
		    pid <= 0 || kill(pid, 0) == 0 || errno != ESRCH)
			continue;
		/* The group stays if processes were left behind. */
		nsc_cgroup_tree_leave(tree, pid);
	}
	if (dir)
		closedir(dir);
}

void nsc_cgroup_entry_path(const struct nsc_cgroup_entry *e, pid_t pid,
			   char *path)
{
	if (e->kind == 's')
		snprintf(path, PATH_MAX, "%.4000s/" SESSION "%d", e->path,
			 (int)pid);
	else
		snprintf(path, PATH_MAX, "%.4000s", e->path);
}

bool nsc_cgroup_entry_is_v1(const struct nsc_cgroup_entry *e)
{
	return is_group(e) && !tree_is_v2(e);
}

static int move(const char *path, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return tree_write_file(path, "cgroup.procs", text);
}

/* Returns 1: it is in the group; 0: it enters by itself; or an error. */
static int enter_one(const struct nsc_cgroup_entry *e, pid_t pid,
		     struct nsc_error *err)
{
	char path[PATH_MAX];
	int ret;

	if (e->kind == '?')
		return nsc_error_set(err, ESRCH, "the group of PID 1 below "
				     "'%s' cannot be found", e->path);
	nsc_cgroup_entry_path(e, pid, path);
	if (e->kind == 's' && mkdir(path, 0755) < 0 && errno != EEXIST)
		return nsc_error_sys(err, errno, "make the session's group "
				     "'%s'", path);
	if (nsc_cgroup_entry_is_v1(e))
		return 0;
	ret = move(path, pid);
	return ret < 0 ? nsc_error_sys(err, -ret, "move process %d into group "
				       "'%s'", (int)pid, path) : 1;
}

int nsc_cgroup_tree_enter(const struct nsc_cgroup_tree *tree, pid_t pid,
			  struct nsc_cgroup_tasks *tasks,
			  struct nsc_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret >= 0 && i < tree->n; i++) {
		const struct nsc_cgroup_entry *e = &tree->list[i];

		if (e->kind != '?' && !is_group(e))
			continue;
		ret = enter_one(e, pid, err);
		tasks->entered = tasks->entered || ret > 0;
	}
	if (ret >= 0)
		ret = nsc_cgroup_tasks_open(tree, pid, tasks, err);
	if (ret < 0 && tasks->entered)
		err->code = ENOTRECOVERABLE;
	return ret < 0 && tasks->entered ? -ENOTRECOVERABLE : ret;
}
