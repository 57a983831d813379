/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's file systems, and their parts that are hidden or read-only.
 * Runs in: see rootfs.h.
 */
#include "rootfs/rootfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/file.h"
#include "rootfs/root.h"
#include "linux/mount.h"

#define SAFEST (NSC_MOUNT_SAFE | MOUNT_ATTR_NOEXEC)

/* "/proc" and "/sys" stand for every place where one is mounted. */
static const char *const masked_paths[] = {
	"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore",
	"/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
	"/proc/scsi", "/proc/sysrq-trigger", "/proc/timer_list",
	"/proc/timer_stats", "/sys/firmware", "/sys/fs/bpf",
	"/sys/kernel/debug", "/sys/kernel/security", "/sys/kernel/tracing",
	"/sys/devices/virtual/powercap", "/sys/dev/block", "/sys/fs/selinux",
	NULL,
};

static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", NULL,
};

/*
 * All covers use one file system, since the kernel visits every file system
 * when it removes a memory group.
 */
static int open_empty(const struct nsc_rootfs *rootfs, bool directory,
		      struct nsc_error *err)
{
	int fd;

	if (directory)
		return nsc_rootfs_scratch_dir(rootfs, "empty.d", err);
	fd = openat(rootfs->scratch, "empty",
		    O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0444);
	return fd < 0 ? nsc_error_sys(err, errno, "empty file") : fd;
}

int nsc_rootfs_cover(const struct nsc_rootfs *rootfs, int target,
		     struct nsc_error *err)
{
	_cleanup_fd_ int source = -1;
	_cleanup_fd_ int mount = -1;
	int directory = nsc_mount_is_directory(target, err);

	if (directory < 0)
		return directory;
	source = open_empty(rootfs, directory, err);
	if (source < 0)
		return source;
	mount = nsc_mount_clone(source, false, err);
	if (mount < 0 || nsc_mount_restrict(mount, SAFEST | MOUNT_ATTR_RDONLY,
					    false, err) < 0)
		return -err->code;
	return nsc_mount_attach(mount, target, err);
}

static int protect(const struct nsc_rootfs *rootfs, int target,
		   struct nsc_error *err)
{
	_cleanup_fd_ int mount = nsc_mount_clone(target, true, err);

	(void)rootfs;
	if (mount < 0 || nsc_mount_restrict(mount, MOUNT_ATTR_RDONLY, true,
					    err) < 0)
		return -err->code;
	return nsc_mount_attach(mount, target, err);
}

typedef int protection(const struct nsc_rootfs *rootfs, int target,
		       struct nsc_error *err);

/* A path that does not exist (fd is an error) needs no protection. */
static int change_found(const struct nsc_rootfs *rootfs, int fd,
			const char *path, protection *change,
			struct nsc_error *err)
{
	if (fd == -ENOENT || fd == -ENOTDIR)
		return nsc_error_clear(err);
	if (fd < 0 || change(rootfs, fd, err) < 0)
		return nsc_error_context(err, "protect '%s'", path);
	return 0;
}

static int change_path(const struct nsc_rootfs *rootfs, const char *path,
		       protection *change, struct nsc_error *err)
{
	_cleanup_fd_ int fd =
		nsc_rootfs_target(rootfs, path, NSC_TARGET_ANY, err);

	return change_found(rootfs, fd, path, change, err);
}

/*
 * Change the paths of list that are below from ("/proc"), relative to the root
 * of mount: wherever that is attached, and even if a directory above it is
 * moved meanwhile.
 */
static int change_below(const struct nsc_rootfs *rootfs,
			const char *const *list, const char *from, int mount,
			protection *change, struct nsc_error *err)
{
	const struct nsc_tree tree = { mount, 0, -1, NULL };
	size_t len = strlen(from);
	int ret = 0;

	for (; ret == 0 && *list; list++) {
		_cleanup_fd_ int fd = -1;

		if (strncmp(*list, from, len) != 0 || (*list)[len] != '/')
			continue;
		fd = nsc_target_open(&tree, *list + len, NSC_TARGET_ANY, err);
		ret = change_found(rootfs, fd, *list, change, err);
	}
	return ret;
}

/*
 * The temperature history of a processor shows what others compute, as powercap
 * does (GHSA-6fw5-f8r9-fgfm).  sysfs is its root directory.
 */
int nsc_rootfs_cover_processors(const struct nsc_rootfs *rootfs, int sysfs,
				struct nsc_error *err)
{
	_cleanup_fd_ int fd = openat(sysfs, "devices/system/cpu", O_PATH |
				     O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *entry;
	int ret = 0, error = 0;
	DIR *dir;

	if (fd < 0 && errno == ENOENT)
		return 0;
	dir = fd < 0 ? NULL : nsc_file_list(fd);
	if (!dir)
		return nsc_error_sys(err, errno, "list the processors of "
				     "sysfs");
	while (ret == 0 && (entry = nsc_file_next(dir, &error))) {
		_cleanup_fd_ int throttle = -1;
		char path[sizeof(entry->d_name) + 32];

		if (strncmp(entry->d_name, "cpu", 3) != 0 ||
		    !isdigit((unsigned char)entry->d_name[3]))
			continue;
		snprintf(path, sizeof(path), "%s/thermal_throttle",
			 entry->d_name);
		throttle = openat(fd, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		ret = change_found(rootfs, throttle < 0 ? -errno : throttle,
				   path, nsc_rootfs_cover, err);
	}
	closedir(dir);
	return error < 0 ? nsc_error_sys(err, -error, "list the processors of "
					 "sysfs") : ret;
}

/* Attach at path itself, where the inside expects procfs or sysfs. */
static int kernelfs_put(const struct nsc_rootfs *rootfs, int mount,
			const char *path, struct nsc_error *err)
{
	return nsc_rootfs_attach(rootfs, mount, path,
				 NSC_TARGET_DIR | NSC_TARGET_NO_LINK, err);
}

static int new_mount(const char *type, const char *path, bool writable,
		     struct nsc_error *err)
{
	uint64_t attributes = SAFEST | (writable ? 0 : MOUNT_ATTR_RDONLY);
	int mount = nsc_mount_new(type, NULL, attributes, err);

	return mount < 0 ? nsc_error_context(err, "mount point '%s'", path) :
			   mount;
}

int nsc_rootfs_put_proc(const struct nsc_rootfs *rootfs, const char *path,
			bool writable, bool masked, struct nsc_error *err)
{
	_cleanup_fd_ int mount = new_mount("proc", path, writable, err);
	int ret = mount < 0 ? mount : kernelfs_put(rootfs, mount, path, err);

	if (!masked)
		return ret;
	if (ret == 0)
		ret = change_below(rootfs, masked_paths, "/proc", mount,
				   nsc_rootfs_cover, err);
	if (ret == 0)
		ret = change_below(rootfs, readonly_paths, "/proc", mount,
				   protect, err);
	return ret;
}

int nsc_rootfs_put_sysfs(const struct nsc_rootfs *rootfs, const char *path,
			 bool writable, bool masked, struct nsc_error *err)
{
	_cleanup_fd_ int mount = new_mount("sysfs", path, writable, err);
	int ret = mount < 0 ? mount : kernelfs_put(rootfs, mount, path, err);

	if (!masked)
		return ret;
	if (ret == 0)
		ret = change_below(rootfs, masked_paths, "/sys", mount,
				   nsc_rootfs_cover, err);
	return ret < 0 ? ret : nsc_rootfs_cover_processors(rootfs, mount, err);
}

int nsc_rootfs_put_mqueue(const struct nsc_rootfs *rootfs, const char *path,
			  struct nsc_error *err)
{
	_cleanup_fd_ int mount = new_mount("mqueue", path, true, err);

	return mount < 0 ? mount :
			   nsc_rootfs_attach(rootfs, mount, path,
					     NSC_TARGET_DIR, err);
}

int nsc_rootfs_put_paths(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	char *const *masked = rootfs->plan->config->masked_paths;
	char *const *readonly = rootfs->plan->config->readonly_paths;
	int ret = 0;

	for (; ret == 0 && readonly && *readonly; readonly++)
		ret = change_path(rootfs, *readonly, protect, err);
	for (; ret == 0 && masked && *masked; masked++)
		ret = change_path(rootfs, *masked, nsc_rootfs_cover, err);
	return ret;
}

/*
 * controllers is from a line of /proc/PID/cgroup: ID:CONTROLLERS:PATH,
 * cgroups(7).
 */
static int put_hierarchy(const struct nsc_rootfs *rootfs, char *controllers,
			 const char *path, struct nsc_error *err)
{
	uint64_t attributes = SAFEST | MOUNT_ATTR_RDONLY;
	struct nsc_mount_option options[16] = { { NULL, NULL } };
	bool unified = !*controllers;
	_cleanup_fd_ int mount = -1;
	char full[PATH_MAX];
	char *save = NULL;
	size_t n = 0;

	snprintf(full, sizeof(full), "%s/%.60s", path,
		 unified ? "unified" : controllers);
	if (!strncmp(controllers, "name=", 5)) {
		snprintf(full, sizeof(full), "%s/%.60s", path,
			 controllers + 5);
		options[n++] = (struct nsc_mount_option){ "none", NULL };
		options[n++] = (struct nsc_mount_option){ "name",
							  controllers + 5 };
	} else {
		for (char *c = strtok_r(controllers, ",", &save); c && n < 15;
		     c = strtok_r(NULL, ",", &save))
			options[n++] = (struct nsc_mount_option){ c, NULL };
	}
	mount = nsc_mount_new(unified ? "cgroup2" : "cgroup", options,
			      attributes, err);
	if (mount < 0)
		return nsc_error_context(err, "mount point '%s'", full);
	return nsc_rootfs_attach(rootfs, mount, full, NSC_TARGET_DIR, err);
}

/* A tmpfs with a directory for each hierarchy, read-only. */
static int put_hierarchies(const struct nsc_rootfs *rootfs, char *text,
			   const char *path, struct nsc_error *err)
{
	static const struct nsc_tmpfs top = { .mode = 0755, .size = "64k" };
	_cleanup_fd_ int base = nsc_mount_tmpfs(&top, err);
	char *save = NULL;
	int ret = base < 0 ? base :
			     nsc_rootfs_attach(rootfs, base, path,
					       NSC_TARGET_DIR, err);

	for (char *line = strtok_r(text, "\n", &save); ret == 0 && line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *controllers = strchr(line, ':');
		char *end = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!end)
			continue;
		*end = '\0';
		ret = put_hierarchy(rootfs, controllers + 1, path, err);
	}
	return ret < 0 ? ret : nsc_mount_restrict(base, SAFEST |
						  MOUNT_ATTR_RDONLY, false,
						  err);
}

static int put_unified(const struct nsc_rootfs *rootfs, const char *path,
		       bool writable, struct nsc_error *err)
{
	_cleanup_fd_ int mount = new_mount("cgroup2", path, writable, err);

	return mount < 0 ? mount :
			   nsc_rootfs_attach(rootfs, mount, path,
					     NSC_TARGET_DIR, err);
}

int nsc_rootfs_put_cgroup(const struct nsc_rootfs *rootfs, const char *path,
			  bool writable, struct nsc_error *err)
{
	static const char file[] = "/proc/self/cgroup";
	_cleanup_fd_ int fd = open(file, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	int ret;

	if (fd < 0)
		return nsc_error_sys(err, errno, "%s", file);
	ret = nsc_file_read(fd, file, NSC_FILE_MAX, &text, NULL, err);
	if (ret < 0)
		return ret;
	if (writable && rootfs->userns < 0)
		return nsc_error_set(err, ENOTSUP, "type \"cgroup\" can be "
				     "writable only with namespaces.NEWUSER: "
				     "without it, the container's root could "
				     "lift its own limits");
	/* One line, of hierarchy 0, is version 2 alone. */
	if (!strncmp(text, "0::", 3))
		return put_unified(rootfs, path, writable, err);
	if (writable)
		return nsc_error_set(err, ENOTSUP, "type \"cgroup\" can be "
				     "writable only if the host has only "
				     "cgroup version 2: remove writable");
	return put_hierarchies(rootfs, text, path, err);
}
