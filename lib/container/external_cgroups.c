/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "container/external.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/proc.h"
#include "cgroup/cgroup.h"
#include "cgroup/cgroup_tree.h"

/* A line of /proc/PID/cgroup, cgroups(7). */
struct line {
	char *controllers;	/* "": v2 */
	char *group;
};

/* Split the next line of *text in place; false at the end. */
static bool next(char **text, struct line *ret)
{
	char *line = strsep(text, "\n");
	char *id = line && *line ? strsep(&line, ":") : NULL;

	ret->controllers = id && line ? strsep(&line, ":") : NULL;
	ret->group = line;
	return ret->controllers && ret->group;
}

/* True if nsinit is in this group: then a session need not enter it. */
static bool external_is_ours(const struct line *line, const char *own)
{
	_cleanup_free_ char *text = NULL;

	return asprintf(&text, ":%s:%s\n", line->controllers,
			line->group) >= 0 && strstr(own, text);
}

/* Write the names of the controllers; v2 has them in a file. */
static void put_controllers(FILE *out, const struct line *line,
			    const char *dir)
{
	_cleanup_fd_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char names[256] = "";

	fprintf(out, "e %s", *line->controllers ? line->controllers : "v2");
	if (*line->controllers || fd < 0 ||
	    nsc_file_read_text(fd, "cgroup.controllers", names,
			    sizeof(names)) < 0)
		return;
	names[strcspn(names, "\n")] = '\0';
	for (char *rest = names, *name; (name = strsep(&rest, " "));)
		if (*name)
			fprintf(out, ",%s", name);
}

/* Returns 1 if it wrote a line, 0 if sessions need not enter the group. */
static int external_put(FILE *out, const struct line *line, const char *mounts,
			const char *own, struct nsc_error *err)
{
	_cleanup_free_ char *mount = nsc_cgroup_mount(mounts,
						      line->controllers);
	const char *name = *line->controllers ? line->controllers : "v2";
	bool root = !strcmp(line->group, "/");
	char dir[PATH_MAX], file[PATH_MAX + 16];

	if (!mount && (root || external_is_ours(line, own)))
		return 0;
	if (!mount)
		return nsc_error_set(err, ENOENT, "its control group '%s' (%s) "
				     "is in a hierarchy that is not mounted: "
				     "a session would be outside its limits",
				     line->group, name);
	snprintf(dir, sizeof(dir), "%.2000s%.2000s", mount, line->group);
	snprintf(file, sizeof(file), "%s/cgroup.procs", dir);
	/* The root group has no limits, so sessions need not enter it. */
	if (!root && (!strncmp(line->group, "/..", 3) ||
		      faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) < 0))
		return nsc_error_set(err, EROFS, "its control group '%s' (%s) "
				     "cannot be entered: a session would be "
				     "outside its limits", dir, name);
	put_controllers(out, line, dir);
	fprintf(out, " %s\n", mount);
	return 1;
}

static int make_record(pid_t pid, FILE *out, struct nsc_error *err)
{
	_cleanup_free_ char *groups = NULL;
	_cleanup_free_ char *mounts = NULL;
	_cleanup_free_ char *own = NULL;
	struct line line;
	char path[64], *text;
	int n = 0, ret;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	ret = nsc_proc_read(path, &groups, err);
	if (ret == 0)
		ret = nsc_proc_read("/proc/self/mountinfo", &mounts, err);
	if (ret == 0)
		ret = nsc_proc_read("/proc/self/cgroup", &own, err);
	if (!groups || !mounts || !own)
		return ret;
	text = groups;
	while (next(&text, &line)) {
		ret = external_put(out, &line, mounts, own, err);
		if (ret < 0)
			return ret;
		n += ret;
	}
	return n;
}

int nsc_external_groups(int rundir, pid_t pid, struct nsc_error *err)
{
	_cleanup_free_ char *record = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&record, &size);
	int n = out ? make_record(pid, out, err) :
		      nsc_error_sys(err, ENOMEM, "control groups");
	int ret;

	if (out && fclose(out) != 0)
		return nsc_error_sys(err, ENOMEM, "control groups");
	if (n <= 0 || rundir < 0)
		return n;
	ret = nsc_cgroup_tree_save(rundir, record, err);
	return ret < 0 ? ret : n;
}
