/* SPDX-License-Identifier: Apache-2.0 */
/* Hierarchies and groups, both versions.  Runs in: nsinit, root of the host. */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/proc.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static const char *const names[NSC_CGROUP_CONTROLLERS] = {
	[NSC_CGROUP_CPU] = "cpu", [NSC_CGROUP_CPUACCT] = "cpuacct",
	[NSC_CGROUP_CPUSET] = "cpuset", [NSC_CGROUP_MEMORY] = "memory",
	[NSC_CGROUP_DEVICES] = "devices", [NSC_CGROUP_FREEZER] = "freezer",
	[NSC_CGROUP_IO] = "blkio", [NSC_CGROUP_PIDS] = "pids",
	[NSC_CGROUP_HUGETLB] = "hugetlb", [NSC_CGROUP_RDMA] = "rdma",
};

const char *nsc_cgroup_controller_name(enum nsc_cgroup_controller controller,
				       bool v2)
{
	if (controller == NSC_CGROUP_UNIFIED)
		return "v2";
	return v2 && controller == NSC_CGROUP_IO ? "io" : names[controller];
}

unsigned int nsc_cgroup_controllers(const char *list, const char *separators)
{
	unsigned int bits = 0;

	while (*list) {
		size_t len = strcspn(list, separators);

		for (int i = 0; i < NSC_CGROUP_CONTROLLERS; i++)
			if (strlen(names[i]) == len &&
			    !strncmp(list, names[i], len))
				bits |= NSC_CGROUP_BIT(i);
		if (len == 2 && !strncmp(list, "io", 2))
			bits |= NSC_CGROUP_BIT(NSC_CGROUP_IO);
		list += len;
		list += *list != '\0';
	}
	return bits;
}

static bool cgroup_is_v2(const struct nsc_proc_mount *m)
{
	return !strcmp(m->type, "cgroup2");
}

static int add_mount(struct nsc_cgroup_host *host,
		     const struct nsc_proc_mount *m)
{
	bool v2 = cgroup_is_v2(m), readonly = nsc_proc_mount_has(m, "ro");
	unsigned int bits = v2 ? 0 : nsc_cgroup_controllers(m->super, ",");
	struct nsc_cgroup_hierarchy *h = host->list;

	/*
	 * Skip systemd's own v1 hierarchy, and controllers that are not used
	 * here.
	 */
	if (!v2 && !bits)
		return 0;
	while (h < host->list + host->n &&
	       (h->v2 != v2 || h->controllers != bits))
		h++;
	/* If it is mounted twice, prefer the writable mount. */
	if (h < host->list + host->n && (readonly || !h->readonly))
		return 0;
	if (h == host->list + NSC_CGROUP_HIERARCHIES)
		return 0;
	host->n += h == host->list + host->n;
	free(h->path);
	*h = (struct nsc_cgroup_hierarchy){
		.v2 = v2, .readonly = readonly, .controllers = bits,
		.path = strdup(m->point),
	};
	return h->path ? 0 : -ENOMEM;
}

/* Get the next mount of a cgroup hierarchy. */
static bool next_mount(char **text, struct nsc_proc_mount *ret)
{
	while (nsc_proc_mount_next(text, ret))
		/* A path with a newline would break the record file. */
		if ((cgroup_is_v2(ret) || !strcmp(ret->type, "cgroup")) &&
		    !strchr(ret->point, '\n'))
			return true;
	return false;
}

char *nsc_cgroup_mount(const char *mountinfo, const char *controllers)
{
	_cleanup_free_ char *first = strndup(controllers,
					     strcspn(controllers, ","));
	_cleanup_free_ char *copy = strdup(mountinfo);
	struct nsc_proc_mount m;
	char *rest = copy, *found = NULL;
	bool writable = false;

	while (first && copy && !writable && next_mount(&rest, &m)) {
		if (*first ? cgroup_is_v2(&m) ||
				     !nsc_proc_mount_has(&m, first) :
			     !cgroup_is_v2(&m))
			continue;
		writable = !nsc_proc_mount_has(&m, "ro");
		if (found && !writable)
			continue;
		free(found);
		found = strdup(m.point);
	}
	return found;
}

/* Our own group, from v2 or from systemd's hierarchy. */
static int parse_own(struct nsc_cgroup_host *host, const char *text)
{
	const char *own = nsc_proc_cgroup(text, "");

	if (!own)
		own = nsc_proc_cgroup(text, "name=systemd");
	if (!own)
		return 0;
	host->own = strndup(own, strcspn(own, "\n"));
	return host->own ? 0 : -ENOMEM;
}

int nsc_cgroup_host_parse(const char *mountinfo, const char *cgroup,
			  struct nsc_cgroup_host *host)
{
	_cleanup_free_ char *copy = strdup(mountinfo);
	int ret = copy ? 0 : -ENOMEM;
	struct nsc_proc_mount m;
	char *rest = copy;

	*host = (struct nsc_cgroup_host){ .n = 0 };
	while (ret == 0 && next_mount(&rest, &m))
		ret = add_mount(host, &m);
	return ret < 0 ? ret : parse_own(host, cgroup);
}

static void read_controllers(struct nsc_cgroup_hierarchy *h)
{
	_cleanup_fd_ int dir = open(h->path, DIR_FLAGS);
	char text[256];

	if (dir >= 0 && nsc_file_read_text(dir, "cgroup.controllers", text,
					sizeof(text)) >= 0)
		h->controllers = nsc_cgroup_controllers(text, " \n");
}

int nsc_cgroup_host_load(struct nsc_cgroup_host *host, struct nsc_error *err)
{
	_cleanup_free_ char *mountinfo = NULL;
	_cleanup_free_ char *cgroup = NULL;
	int ret = nsc_proc_read("/proc/self/mountinfo", &mountinfo, err);

	*host = (struct nsc_cgroup_host){ .n = 0 };
	if (ret == 0)
		ret = nsc_proc_read("/proc/self/cgroup", &cgroup, err);
	if (ret < 0)
		return ret;
	ret = nsc_cgroup_host_parse(mountinfo, cgroup, host);
	if (ret < 0) {
		nsc_cgroup_host_free(host);
		return nsc_error_sys(err, -ret, "control groups");
	}
	for (size_t i = 0; i < host->n; i++)
		if (host->list[i].v2)
			read_controllers(&host->list[i]);
	return 0;
}

void nsc_cgroup_host_free(struct nsc_cgroup_host *host)
{
	for (size_t i = 0; i < host->n; i++)
		free(host->list[i].path);
	free(host->own);
	*host = (struct nsc_cgroup_host){ .n = 0 };
}

int nsc_cgroup_root(void)
{
	_cleanup_free_ char *mountinfo = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int dir = -1;

	if (nsc_proc_read("/proc/self/mountinfo", &mountinfo, NSC_IGNORE) == 0)
		path = nsc_cgroup_mount(mountinfo, "");
	dir = path ? open(path, DIR_FLAGS) : -1;
	/*
	 * The root of a cgroup namespace is an ordinary group: with a process
	 * in it, it could not enable controllers for the container's group.
	 */
	if (dir >= 0 && faccessat(dir, "cgroup.events", F_OK, 0) == 0)
		return -1;
	return NSC_TAKE_FD(dir);
}

/* In each v1 hierarchy, even those without limits that are used here. */
void nsc_cgroup_leave(void)
{
	_cleanup_free_ char *mountinfo = NULL;
	struct nsc_proc_mount m;
	char *rest;

	if (nsc_proc_read("/proc/self/mountinfo", &mountinfo, NSC_IGNORE) < 0)
		return;
	rest = mountinfo;
	while (next_mount(&rest, &m)) {
		_cleanup_fd_ int dir =
			cgroup_is_v2(&m) ? -1 : open(m.point, DIR_FLAGS);

		/* The thread moves itself, because moving a pid would wait. */
		if (dir >= 0)
			(void)!nsc_cgroup_write(dir, "tasks", "0");
	}
}

static bool has_controller(const struct nsc_cgroup_hierarchy *h,
			   enum nsc_cgroup_controller controller)
{
	/* v2 itself provides freezing and programs for devices. */
	if (h->v2 && (controller == NSC_CGROUP_UNIFIED ||
		      controller == NSC_CGROUP_FREEZER ||
		      controller == NSC_CGROUP_DEVICES))
		return true;
	return controller < NSC_CGROUP_CONTROLLERS &&
	       h->controllers & NSC_CGROUP_BIT(controller);
}

const struct nsc_cgroup_hierarchy *
nsc_cgroup_find(const struct nsc_cgroup_host *host,
		enum nsc_cgroup_controller controller)
{
	const struct nsc_cgroup_hierarchy *found = NULL;

	/*
	 * A controller in v1 is not in v2: prefer v1 over the parts of v2
	 * itself.
	 */
	for (size_t i = 0; i < host->n; i++)
		if (has_controller(&host->list[i], controller) &&
		    (!found || !host->list[i].v2))
			found = &host->list[i];
	return found;
}

/* A group without cpus or mems accepts no process, cpusets(7). */
static int fill_cpuset(int parent, int dir)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char text[4096] = "";

	for (size_t i = 0; i < NSC_ARRAY_SIZE(files); i++) {
		int ret = nsc_file_read_text(dir, files[i], text, sizeof(text));

		if (ret >= 0 && text[0] > ' ')
			continue;
		if (ret >= 0)
			ret = nsc_file_read_text(parent, files[i], text,
					      sizeof(text));
		if (ret >= 0)
			ret = nsc_cgroup_write(dir, files[i], text);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int nsc_cgroup_make(int dir, const char *name, bool cpuset, bool *ret_made)
{
	_cleanup_fd_ int fd = -1;
	bool made = mkdirat(dir, name, 0755) == 0;
	int ret;

	if (!made && errno != EEXIST)
		return -errno;
	fd = openat(dir, name, DIR_FLAGS);
	if (fd < 0)
		return -errno;
	/* Set the mode despite the umask. */
	if (made && fchmod(fd, 0755) < 0)
		return -errno;
	ret = cpuset ? fill_cpuset(dir, fd) : 0;
	if (ret < 0)
		return ret;
	*ret_made = made;
	return NSC_TAKE_FD(fd);
}

int nsc_cgroup_add(int dir, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	return nsc_cgroup_write(dir, "cgroup.procs", text);
}

int nsc_cgroup_delegate(int dir, uid_t uid, gid_t gid, struct nsc_error *err)
{
	static const char *const files[] = {
		"cgroup.procs", "cgroup.threads", "cgroup.subtree_control",
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(files); i++)
		if (fchownat(dir, files[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return nsc_error_sys(err, errno, "delegate the "
					     "container's group: own '%s'",
					     files[i]);
	if (fchown(dir, uid, gid) < 0)
		return nsc_error_sys(err, errno, "delegate the container's "
				     "group");
	return 0;
}
