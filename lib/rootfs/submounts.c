/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit and the worker, root of the host.
 *
 * A server that a user runs, or that is elsewhere, may be dead, silent, or
 * closed to root.  Its mount is cloned without a question to it; but no path
 * may lead through it, and what is mounted behind it stays outside.
 */
#include "rootfs/submounts.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rootfs/home_paths.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/proc.h"
#include "util/text.h"

const struct nsc_hidden nsc_rootfs_hidden[] = {
	{ "/tmp", 01777, "10%" },
	{ "/var/tmp", 01777, "10%" },
	{ "/run", 0755, "64m" },
	{ "/home", 0755, "1m" },
	{ "/root", 0700, "1m" },
	{ "/mnt", 0755, "1m" },
	{ "/media", 0755, "1m" },
	{ NSC_STATEDIR, 0755, "1m" },
	{ NULL, 0, NULL },
};

static const char *const managed[] = { "/dev", "/proc", "/sys", NULL };

/* Kernel file systems that a container never gets from the host. */
static const char *const kernel_types[] = {
	"autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs",
	"debugfs", "devpts", "devtmpfs", "efivarfs", "fusectl", "hugetlbfs",
	"mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs",
	"sysfs", "tracefs", NULL,
};

/* File systems with a server; also all that begin with "fuse". */
static const char *const served_types[] = {
	"9p", "afs", "autofs", "beegfs", "ceph", "cifs", "coda", "davfs",
	"gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2",
	"orangefs", "prl_fs", "pvfs2", "smb3", "smbfs", "vboxsf", "virtiofs",
	"vmhgfs", NULL,
};

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(text, *list))
			return true;
	return false;
}

bool nsc_rootfs_is_kernels(const char *type)
{
	return is_one_of(type, kernel_types);
}

bool nsc_rootfs_is_hidden(const char *path)
{
	for (const struct nsc_hidden *h = nsc_rootfs_hidden; h->path; h++)
		if (nsc_text_is_below(path, h->path))
			return true;
	for (const char *const *m = managed; *m; m++)
		if (nsc_text_is_below(path, *m))
			return true;
	return false;
}

static bool is_served(const char *type)
{
	return (!strncmp(type, "fuse", 4) && strcmp(type, "fusectl") != 0) ||
	       is_one_of(type, served_types);
}

/* Without allow_other, a FUSE server has one client: who mounted it. */
static bool is_private(const struct nsc_submount *m)
{
	return !strncmp(m->type, "fuse", 4) && m->served &&
	       !strstr(m->super, "allow_other");
}

static bool are_beside(const char *a, const char *b)
{
	size_t parent = nsc_home_paths_parent(a);

	return *b && parent == nsc_home_paths_parent(b) &&
	       !strncmp(a, b, parent);
}

static int is_home_below(void *point, const char *home, uid_t uid)
{
	(void)uid;
	return nsc_text_is_below(home, point);
}

/*
 * Does the mount have homes of others, and not the user's own?  They would have
 * to be looked at to be hidden, see homes.c.
 */
static bool has_others_homes(const struct nsc_plan *plan,
			     const struct nsc_submounts *mounts,
			     const char *point)
{
	const char *own = plan->login ? plan->user->home : "";
	char real[PATH_MAX] = "";

	if (*own)
		nsc_home_paths_follow(mounts, own, real);
	if (nsc_text_is_below(own, point) || nsc_text_is_below(real, point))
		return false;
	/* An account of a directory service, which passwd lacks. */
	if (are_beside(point, own) || are_beside(point, real))
		return true;
	return nsc_home_paths_each(mounts, *own ? own : NULL, is_home_below,
				   (void *)(uintptr_t)point) > 0;
}

/* Find a mount with a server that the way to the mount i leads through. */
static const struct nsc_submount *
behind(const struct nsc_submounts *mounts, size_t i, const char *top)
{
	const char *point = mounts->list[i].point;

	for (size_t k = 0; k < mounts->n; k++) {
		const struct nsc_submount *m = &mounts->list[k];
		bool above = strlen(m->point) < strlen(point) ||
			     (k < i && !strcmp(m->point, point));

		if (above && m->served &&
		    nsc_text_is_below(point, m->point) &&
		    nsc_text_is_below(m->point, top) &&
		    strcmp(m->point, top) != 0)
			return m;
	}
	return NULL;
}

static int leave_out(struct nsc_submount *m, const char *why, const char *arg)
{
	if (asprintf(&m->left_out, "'%s' (%s) is left out: %s%s%s", m->point,
		     m->type, why, *arg ? " " : "", arg) >= 0)
		return 0;
	m->left_out = NULL;
	return -ENOMEM;
}

static bool is_wanted(const char *top, const struct nsc_submount *m)
{
	return nsc_text_is_below(m->point, top) &&
	       strcmp(m->point, top) != 0 &&
	       !nsc_rootfs_is_kernels(m->type) &&
	       (strcmp(top, "/") != 0 || !nsc_rootfs_is_hidden(m->point));
}

static int submounts_judge(const struct nsc_plan *plan,
			   const struct nsc_submounts *mounts, size_t i)
{
	const char *top = plan->config->rootfs;
	struct nsc_submount *m = &mounts->list[i];
	const struct nsc_submount *b;

	m->wanted = is_wanted(top, m);
	if (!m->wanted)
		return 0;
	b = behind(mounts, i, top);
	if (b)
		return leave_out(m, "the way there leads through a file "
				 "system whose server might not answer:",
				 b->point);
	if (is_private(m))
		return leave_out(m, "only the user who mounted it may look "
				 "into it: mount it with allow_other", "");
	if (!strcmp(top, "/") && m->served &&
	    has_others_homes(plan, mounts, m->point))
		return leave_out(m, "homes of other users are there, on a "
				 "server that might not answer", "");
	return 0;
}

static int submounts_add(struct nsc_submounts *mounts,
			 const struct nsc_proc_mount *line)
{
	struct nsc_submount *list = reallocarray(mounts->list, mounts->n + 1,
						 sizeof(*list));

	if (!list)
		return -ENOMEM;
	mounts->list = list;
	list[mounts->n++] = (struct nsc_submount){
		.point = line->point, .type = line->type,
		.super = line->super, .served = is_served(line->type),
	};
	return 0;
}

int nsc_submounts_find(const struct nsc_plan *plan, struct nsc_submounts *ret,
		       struct nsc_error *err)
{
	struct nsc_proc_mount line;
	char *at;
	int error;

	*ret = (struct nsc_submounts)NSC_SUBMOUNTS_INIT;
	error = nsc_proc_read("/proc/self/mountinfo", &ret->mountinfo, err);
	if (error < 0)
		return error;
	at = ret->mountinfo;
	while (error == 0 && nsc_proc_mount_next(&at, &line))
		error = submounts_add(ret, &line);
	for (size_t i = 0; error == 0 && i < ret->n; i++)
		error = submounts_judge(plan, ret, i);
	return error < 0 ? nsc_error_sys(err, -error, "read the mounts") : 0;
}

void nsc_submounts_free(struct nsc_submounts *mounts)
{
	for (size_t i = 0; i < mounts->n; i++)
		free(mounts->list[i].left_out);
	free(mounts->list);
	free(mounts->mountinfo);
	*mounts = (struct nsc_submounts)NSC_SUBMOUNTS_INIT;
}
