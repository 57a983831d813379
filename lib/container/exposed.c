/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit, root of the host.  Changes nothing.
 *
 * Files in the rootfs have the host's ids, also with a user namespace, because
 * it is id-mapped, as mounts may be; without one, those in each bind and home
 * have them too.  A
 * set-user-ID program that the container's root leaves there runs with the
 * rights of the host's root, for everybody who reaches it on the host.
 */
#include "container/exposed.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/stat.h>

#include "rootfs/home_open.h"
#include "rootfs/root.h"
#include "rootfs/submounts.h"
#include "rundir/statedir.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/proc.h"
#include "util/text.h"

/* A directory or file of the host that is writable inside. */
struct exposed {
	const char *key;	/* of container.json */
	const char *path;
	bool readonly;		/* it is not, but mounts below it are */
	const char *remedy;
};

/* Can only root enter the directory?  Then nobody else gets further. */
static bool is_roots_alone(const char *dir)
{
	struct stat st;

	return lstat(dir, &st) == 0 && st.st_uid == 0 &&
	       !(st.st_mode & (S_IXGRP | S_IXOTH));
}

/*
 * Can others than root reach what is at this path without links?  The mode of
 * the object itself does not count: the container's root can change it.
 */
static bool is_reached(const char *path)
{
	char dir[PATH_MAX];

	for (const char *p = path; (p = strchr(p, '/')); p++) {
		snprintf(dir, sizeof(dir), "%.*s", p > path ? (int)(p - path) :
							      1, path);
		if (is_roots_alone(dir))
			return false;
	}
	return true;
}

static bool is_harmless(const struct nsc_plan *plan,
			const struct nsc_proc_mount *m)
{
	const struct nsc_config *config = plan->config;
	bool makes_devices =
		!(config->namespaces & CLONE_NEWUSER) &&
		config->process.capabilities & (UINT64_C(1) << CAP_MKNOD);

	if (nsc_proc_mount_has(m, "ro"))
		return true;
	return nsc_proc_mount_has(m, "nosuid") &&
	       (!makes_devices || nsc_proc_mount_has(m, "nodev"));
}

/*
 * Find a mount, at path or below it, on which programs of the container's root
 * would have their rights.  bad gets its path, "" if there is none.
 */
static int find_mount(const struct nsc_plan *plan, const char *path,
		      bool readonly, char bad[PATH_MAX], struct nsc_error *err)
{
	_cleanup_free_ char *mountinfo = NULL;
	int ret = nsc_proc_read("/proc/self/mountinfo", &mountinfo, err);
	char *rest = mountinfo;
	struct nsc_proc_mount m;
	size_t longest = 0;
	bool harmful = false;

	*bad = '\0';
	while (ret == 0 && nsc_proc_mount_next(&rest, &m)) {
		bool harmless = is_harmless(plan, &m);

		if (nsc_text_is_below(path, m.point) &&
		    strlen(m.point) >= longest) {
			longest = strlen(m.point);
			harmful = !harmless;
		} else if (nsc_text_is_below(m.point, path) && !harmless &&
			   !nsc_rootfs_is_kernels(m.type)) {
			snprintf(bad, PATH_MAX, "%s", m.point);
		}
	}
	if (ret == 0 && harmful && !readonly)
		snprintf(bad, PATH_MAX, "%s", path);
	return ret;
}

static int check_exposed(const struct nsc_plan *plan,
			 const struct exposed *exposed, struct nsc_error *err)
{
	char path[PATH_MAX], bad[PATH_MAX];
	int ret;

	/* Another check finds a path that does not exist. */
	if (!realpath(exposed->path, path) || !is_reached(path))
		return 0;
	ret = find_mount(plan, path, exposed->readonly, bad, err);
	if (ret < 0 || !*bad)
		return ret;
	return nsc_error_set(err, EPERM, "%s: %s: other users of the host can "
			     "reach '%.96s', and a set-user-ID program that "
			     "the container's root leaves there is root on "
			     "the host: put it below a directory of root with "
			     "mode 0700, mount it nosuid, %s, or write "
			     "\"accept\": [\"exposed-files\"]",
			     plan->config->file, exposed->key, bad,
			     exposed->remedy);
}

static int check_rootfs(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	const struct exposed rootfs = {
		"rootfs", config->rootfs, config->readonly_fs,
		"set overlay to \"tmpfs\" or \"persistent\"",
	};

	/*
	 * The host's "/", an image, and the directory below a layer are
	 * read-only.
	 */
	return plan->image || config->overlay != NSC_OVERLAY_NONE ||
	       !strcmp(config->rootfs, "/") ? 0 :
	       check_exposed(plan, &rootfs, err);
}

/* The files that belong to root there may be the container's own. */
static int check_file(const struct nsc_plan *plan, const char *key,
		      const char *file, struct nsc_error *err)
{
	char rootfs[PATH_MAX], path[PATH_MAX];

	if (!realpath(plan->config->rootfs, rootfs) || !realpath(file, path) ||
	    !nsc_text_is_below(path, rootfs))
		return 0;
	return nsc_error_set(err, EINVAL, "%s: %s: '%s' is in the rootfs, "
			     "whose root could replace it: move it elsewhere",
			     plan->config->file, key, file);
}

/* The host's root runs or trusts these. */
static int check_trusted(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	int ret = 0;

	if (config->overlay != NSC_OVERLAY_NONE || config->readonly_fs ||
	    !strcmp(config->rootfs, "/"))
		return 0;
	for (size_t i = 0; ret == 0 && i < config->n_hooks; i++)
		if (config->hooks[i].when != NSC_HOOK_START_CONTAINER)
			ret = check_file(plan, "hooks", config->hooks[i].path,
					 err);
	/* The other values are no absolute paths. */
	return ret < 0 || config->seccomp[0] != '/' ? ret :
	       check_file(plan, "seccomp", config->seccomp, err);
}

/* Without a user namespace: can a program inside be root? */
static bool has_root(const struct nsc_plan *plan)
{
	const struct nsc_config *config = plan->config;

	if (!plan->login || config->init)
		return true;
	/* A set-user-ID program of the host's "/" gains nothing inside. */
	return plan->user->uid != 0 && !config->process.no_new_privs &&
	       strcmp(config->rootfs, "/") != 0;
}

/* With a user namespace only an id-mapped bind has the ids of the host. */
static int check_mounts(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	bool userns = config->namespaces & CLONE_NEWUSER;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < config->n_mounts; i++) {
		const struct nsc_config_mount *m = &config->mounts[i];
		char key[48];
		const struct exposed bind = {
			key, m->source, false,
			userns ? "leave out idmap" : "set no_new_privs",
		};

		snprintf(key, sizeof(key), "mounts[%zu].source", i);
		if (m->type == NSC_MOUNT_BIND && m->writable &&
		    (m->idmap || !userns))
			ret = check_exposed(plan, &bind, err);
	}
	return ret;
}

static int check_home(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct exposed home = {
		"home", plan->user->home, false,
		"set home to \"private\", set no_new_privs",
	};

	char path[PATH_MAX];
	_cleanup_fd_ int fd = -1;

	/* Only the user's own directory is bound. */
	if (!plan->login || plan->config->home != NSC_HOME_BIND)
		return 0;
	fd = nsc_home_open(plan->user, path, NSC_IGNORE);
	return fd < 0 ? 0 : check_exposed(plan, &home, err);
}

/* Its directories are made with mode 0700; somebody may have changed that. */
static int check_kept(const struct nsc_plan *plan, const char *key,
		      const char *name, struct nsc_error *err)
{
	char dir[PATH_MAX], path[PATH_MAX];
	const struct exposed kept = { key, path, false, "chmod 0700 it" };
	const struct nsc_statedir whose = nsc_rootfs_kept(plan);

	nsc_statedir_path_of(&whose, dir);
	return snprintf(path, sizeof(path), "%s/%s", dir, name) >=
			       (int)sizeof(path) ?
		       0 :
		       check_exposed(plan, &kept, err);
}

int nsc_exposed_check(const struct nsc_plan *plan, struct nsc_error *err)
{
	int ret = check_trusted(plan, err);

	if (ret == 0)
		ret = check_rootfs(plan, err);
	if (ret == 0 && plan->config->namespaces & CLONE_NEWUSER)
		return check_mounts(plan, err);
	if (ret < 0 || !has_root(plan))
		return ret;
	ret = check_mounts(plan, err);
	if (ret == 0)
		ret = check_home(plan, err);
	if (ret == 0 && plan->config->home == NSC_HOME_PRIVATE)
		ret = check_kept(plan, "home", "home", err);
	if (ret == 0 && plan->config->overlay == NSC_OVERLAY_PERSISTENT)
		ret = check_kept(plan, "overlay", "overlay/upper", err);
	return ret;
}
