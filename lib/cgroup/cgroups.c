/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the builder, root of the host, before the container has processes.
 */
#include "cgroup/cgroups.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "cgroup/cgroup_device_policy.h"
#include "cgroup/cgroup_layout.h"
#include "util/paths.h"
#include "cgroup/cgroup_systemd.h"
#include "cgroup/cgroup_tree.h"

#define MARK "trusted.nscontainer"	/* the container that owns the group */
#define TRIES 50
/* v2 controllers, enabled for counting if the host has them. */
#define WANTED (NSC_CGROUP_BIT(NSC_CGROUP_CPU) | \
		NSC_CGROUP_BIT(NSC_CGROUP_MEMORY) | \
		NSC_CGROUP_BIT(NSC_CGROUP_IO) | \
		NSC_CGROUP_BIT(NSC_CGROUP_PIDS))

enum mark { MARK_NONE, MARK_OURS, MARK_OTHERS };

static enum mark mark_of(int dir, const char *id)
{
	char text[NSC_CGROUP_LAYOUT_ID];
	ssize_t n = fgetxattr(dir, MARK, text, sizeof(text));

	if (n < 0)
		return MARK_NONE;
	return (size_t)n == strlen(id) && !memcmp(text, id, (size_t)n) ?
		       MARK_OURS : MARK_OTHERS;
}

/* v1: PID 1 is in the group itself; v2 also counts the groups below. */
static bool populated(const struct nsc_cgroup_hierarchy *h, int dir)
{
	char text[128];

	if (h->v2)
		return nsc_file_read_text(dir, "cgroup.events", text,
				       sizeof(text)) < 0 ||
		       strstr(text, "populated 1");
	return nsc_file_read_text(dir, "cgroup.procs", text, sizeof(text)) != 0;
}

struct maker {
	struct nsc_cgroup_layout layout;
	struct nsc_cgroups *groups;
};

static int in_use(const struct maker *m, const char *path,
		  struct nsc_error *err)
{
	return nsc_error_set(err, EBUSY, "%s.name: the group '%s' is in use: "
			     "each container needs a name of its own, such as "
			     "\"%%u\"",
			     m->layout.request->own->limits.origin,
			     path);
}

/* Replace a group that an abrupt end left behind; fail if it is in use. */
static int cgroups_replace(const struct maker *m,
			   const struct nsc_cgroup_hierarchy *h, int parent,
			   int *dir, struct nsc_error *err)
{
	const char *name = h->v2 && m->layout.scope ?
				   NSC_CGROUP_SCOPE_C :
				   m->layout.names[m->layout.n - 1];
	char path[PATH_MAX];
	bool made = false;

	if (nsc_cgroup_layout_path(&m->layout, h, m->layout.n, path) < 0)
		return nsc_error_sys(err, ENAMETOOLONG, "group '%s'", name);
	if (populated(h, *dir) || nsc_cgroup_tree_remove(path) < 0)
		return in_use(m, path, err);
	nsc_fd_close(dir);
	*dir = nsc_cgroup_make(parent, name, h->controllers &
			       NSC_CGROUP_BIT(NSC_CGROUP_CPUSET), &made);
	if (*dir < 0)
		return nsc_error_sys(err, -*dir, "make group '%s'", path);
	return made ? 0 : in_use(m, path, err);
}

/* Apply the limits that cgroup_parents shares among several users. */
static int share(const struct maker *m, const struct nsc_cgroup_hierarchy *h,
		 int dir, struct nsc_error *err)
{
	return nsc_cgroup_apply(m->layout.request->shared, h, dir,
				err);
}

/* 0, -EAGAIN (a group above was removed meanwhile), or an error. */
static int cgroups_step(const struct maker *m,
			const struct nsc_cgroup_hierarchy *h, size_t i,
			int *dir, struct nsc_error *err)
{
	const struct nsc_cgroup_layout *l = &m->layout;
	bool cpuset = !h->v2 && h->controllers &
				NSC_CGROUP_BIT(NSC_CGROUP_CPUSET);
	bool last = i == l->n - 1, made = false;
	_cleanup_fd_ int child = -1;
	char path[PATH_MAX] = "";
	int ret = 0;

	if (h->v2)
		ret = nsc_cgroup_v2_enable(*dir, WANTED, l->needed &
					   h->controllers);
	if (ret == 0)
		child = nsc_cgroup_make(*dir, l->names[i], cpuset, &made);
	ret = ret < 0 ? ret : child < 0 ? child : 0;
	if (ret == -ENOENT || ret == -ENODEV)
		return i ? -EAGAIN : ret;
	nsc_cgroup_layout_path(l, h, i + 1, path);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "make group '%s'", path);
	if (last && !made)
		ret = cgroups_replace(m, h, *dir, &child, err);
	else if (!made && mark_of(child, l->id) != MARK_NONE)
		ret = nsc_error_set(err, EBUSY, "make group '%s': the "
				    "group belongs to a container: no "
				    "container can be below it", path);
	/* A check changes no limit of those who are in the group. */
	if (ret == 0 && l->shared == i && i && (made || !l->request->dry))
		ret = share(m, h, child, err);
	nsc_fd_close(dir);
	*dir = NSC_TAKE_FD(child);
	return ret;
}

static int cgroups_walk(const struct maker *m,
			const struct nsc_cgroup_hierarchy *h,
			struct nsc_error *err)
{
	_cleanup_fd_ int dir = open(h->path, O_RDONLY | O_DIRECTORY |
				    O_CLOEXEC);
	int ret = 0;

	if (dir < 0)
		return nsc_error_sys(err, errno, "open '%s'", h->path);
	for (size_t i = 0; ret == 0 && i < m->layout.n; i++)
		ret = cgroups_step(m, h, i, &dir, err);
	return ret < 0 ? ret : NSC_TAKE_FD(dir);
}

/* Divide the scope between the container and the monitor. */
static int walk_scope(const struct maker *m,
		      const struct nsc_cgroup_hierarchy *h,
		      struct nsc_error *err)
{
	_cleanup_fd_ int monitor = -1;
	_cleanup_fd_ int dir = -1;
	_cleanup_fd_ int scope = -1;
	char path[PATH_MAX];
	bool made = false;
	int ret;

	snprintf(path, sizeof(path), "%.2000s%.2000s", h->path,
		 m->layout.scope);
	scope = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (scope < 0)
		return nsc_error_sys(err, errno, "open the scope's group '%s'",
				     path);
	/*
	 * First leave the scope's group: a group with processes has no
	 * controllers.
	 */
	monitor = nsc_cgroup_make(scope, NSC_CGROUP_SCOPE_M, false, &made);
	ret = monitor < 0 ? monitor : nsc_cgroup_add(monitor, getpid());
	if (ret == 0)
		ret = nsc_cgroup_v2_enable(scope, WANTED, m->layout.needed &
					   h->controllers);
	if (ret == 0)
		dir = nsc_cgroup_make(scope, NSC_CGROUP_SCOPE_C, false, &made);
	if (ret < 0 || dir < 0)
		return nsc_error_sys(err, ret < 0 ? -ret : -dir, "divide the "
				     "scope's group '%s'", path);
	return NSC_TAKE_FD(dir);
}

static int make_in(const struct maker *m, const struct nsc_cgroup_hierarchy *h,
		   struct nsc_error *err)
{
	_cleanup_fd_ int dir = -EAGAIN;

	if (h->v2 && m->layout.scope)
		dir = walk_scope(m, h, err);
	/* The end of another container may remove empty groups above. */
	for (int i = 0; dir == -EAGAIN && i < TRIES; i++)
		dir = cgroups_walk(m, h, err);
	if (dir == -EAGAIN)
		return nsc_error_set(err, EAGAIN, "make groups in '%s': they "
				     "are removed again and again", h->path);
	if (dir < 0)
		return dir;
	/* Not all kernels store it: then only an empty group is replaced. */
	(void)!fsetxattr(dir, MARK, m->layout.id, strlen(m->layout.id), 0);
	return NSC_TAKE_FD(dir);
}

static bool not_for_us(int error)
{
	return error == -EROFS || error == -EACCES || error == -EPERM ||
	       error == -ENOENT;
}

static int make_all(struct maker *m, struct nsc_error *err)
{
	struct nsc_cgroups *g = m->groups;

	for (size_t i = 0; i < g->host.n; i++) {
		struct nsc_cgroup_hierarchy *h = &g->host.list[i];
		int dir;

		if (h->readonly)
			continue;
		dir = make_in(m, h, err);
		if (not_for_us(dir) &&
		    !nsc_cgroup_layout_requires(&m->layout, &g->host, h)) {
			h->readonly = true;
			continue;
		}
		if (dir < 0)
			return dir;
		g->list[g->n++] = (struct nsc_cgroup_dir){ h, dir, -1 };
	}
	return 0;
}

/* Open these here, as PID 1 has no privilege outside of its user namespace. */
static int open_tasks(struct maker *m, struct nsc_error *err)
{
	for (size_t i = 0; i < m->groups->n; i++) {
		struct nsc_cgroup_dir *g = &m->groups->list[i];

		if (g->hierarchy->v2)
			continue;
		g->tasks = openat(g->dir, "tasks", O_WRONLY | O_NOFOLLOW |
				  O_CLOEXEC);
		if (g->tasks < 0)
			return nsc_error_sys(err, errno, "open 'tasks' of the "
					     "group below '%s'",
					     g->hierarchy->path);
	}
	return 0;
}

static int apply_devices(struct maker *m, struct nsc_error *err)
{
	const struct nsc_cgroup_hierarchy *h =
		nsc_cgroup_find(&m->groups->host, NSC_CGROUP_DEVICES);
	_cleanup_device_policy_ struct nsc_device_policy policy = { NULL, 0 };
	int ret = nsc_device_policy_make(m->layout.request, &policy, err);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < m->groups->n; i++) {
		const struct nsc_cgroup_dir *g = &m->groups->list[i];

		if (g->hierarchy != h)
			continue;
		ret = h->v2 ? nsc_device_apply_v2(&policy, g->dir, err) :
			      nsc_device_apply_v1(&policy, g->dir, err);
		/* A user namespace protects devices without these rules. */
		if (ret < 0 && m->layout.devices_needed)
			return nsc_error_context(err, "%s.allowed_devices",
				m->layout.request->own->limits.origin);
		nsc_error_clear(err);
	}
	return 0;
}

static int apply_all(struct maker *m, struct nsc_error *err)
{
	const struct nsc_config_cgroups *c = m->layout.request->own;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < m->groups->n; i++)
		ret = nsc_cgroup_apply(&c->limits,
				       m->groups->list[i].hierarchy,
				       m->groups->list[i].dir, err);
	if (ret == 0 && m->layout.devices)
		ret = apply_devices(m, err);
	return ret;
}

/* If systemd manages the hierarchy, ask it to delegate a part. */
static int ask_systemd(struct maker *m, struct nsc_error *err)
{
	const struct nsc_cgroup_request *request = m->layout.request;
	struct nsc_systemd_scope scope = {
		.name = m->layout.name, .shared = request->shared_name,
		.limits = request->dry ? NULL : request->shared,
	};
	char slice[NAME_MAX + 1];
	int ret;

	if (!nsc_cgroup_find(&m->groups->host, NSC_CGROUP_UNIFIED) ||
	    !nsc_systemd_is_there())
		return 0;
	ret = nsc_cgroup_layout_slice(&m->layout, slice, sizeof(slice), err);
	if (ret < 0)
		return ret;
	scope.slice = slice;
	ret = nsc_systemd_start_scope(&scope, err);
	if (ret < 0)
		return nsc_error_context(err, "control groups");
	nsc_cgroup_host_free(&m->groups->host);
	ret = nsc_cgroup_host_load(&m->groups->host, err);
	if (ret < 0)
		return ret;
	m->groups->scope = NSC_TAKE_PTR(m->groups->host.own);
	m->layout.scope = m->groups->scope;
	return 0;
}

static int write_record(const struct maker *m, struct nsc_error *err)
{
	_cleanup_free_ char *record =
		nsc_cgroup_layout_record(&m->layout, &m->groups->host);

	if (!record)
		return nsc_error_sys(err, ENOMEM, "control groups");
	/*
	 * An empty record: the container has a user namespace and needs no
	 * groups.
	 */
	if (!*record) {
		unlinkat(m->layout.request->rundir, NSC_FILE_CGROUP, 0);
		return 0;
	}
	return nsc_cgroup_tree_save(m->layout.request->rundir, record, err);
}

static int cgroups_make(struct maker *m, struct nsc_error *err)
{
	int ret = nsc_cgroup_layout_possible(&m->layout, &m->groups->host, err);

	if (ret == 0)
		ret = ask_systemd(m, err);
	/* Write this before anything is made, so that it can be removed. */
	if (ret == 0)
		ret = write_record(m, err);
	if (ret == 0)
		ret = make_all(m, err);
	/* Write it again, without the groups that are not usable. */
	if (ret == 0)
		ret = write_record(m, err);
	if (ret == 0)
		ret = open_tasks(m, err);
	return ret < 0 ? ret : apply_all(m, err);
}

int nsc_cgroups_make(const struct nsc_cgroup_request *request,
		     struct nsc_cgroups *ret, struct nsc_error *err)
{
	struct maker m = { .groups = ret };
	int error = nsc_cgroup_layout_init(request, &m.layout, err);

	if (error == 0 &&
	    nsc_cgroup_layout_id(request->rundir, m.layout.id) < 0)
		error = nsc_error_sys(err, errno, "control groups");
	if (error == 0)
		error = nsc_cgroup_host_load(&ret->host, err);
	if (error == 0)
		error = cgroups_make(&m, err);
	nsc_cgroup_layout_free(&m.layout);
	return error;
}

void nsc_cgroups_leave_session(const struct nsc_cgroup_request *request)
{
	char slice[NAME_MAX + 1];
	struct nsc_cgroup_layout layout;

	if (!nsc_systemd_is_there() ||
	    nsc_cgroup_layout_init(request, &layout, NSC_IGNORE) < 0)
		return;
	if (nsc_cgroup_layout_slice(&layout, slice, sizeof(slice),
				    NSC_IGNORE) == 0) {
		const struct nsc_systemd_scope scope = {
			.name = layout.name, .slice = slice,
		};

		(void)!nsc_systemd_start_scope(&scope, NSC_IGNORE);
	}
	nsc_cgroup_layout_free(&layout);
}

int nsc_cgroups_unified(const struct nsc_cgroups *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		if (groups->list[i].hierarchy->v2)
			return groups->list[i].dir;
	return -1;
}

int nsc_cgroups_enter(const struct nsc_cgroups *groups, struct nsc_error *err)
{
	for (size_t i = 0; i < groups->n; i++) {
		const struct nsc_cgroup_dir *g = &groups->list[i];

		if (g->tasks >= 0 && write(g->tasks, "0", 1) != 1)
			return nsc_error_sys(err, errno, "enter the group "
					     "below '%s'", g->hierarchy->path);
	}
	return 0;
}

int nsc_cgroups_settle(const struct nsc_cgroups *groups, pid_t pid,
		       struct nsc_error *err)
{
	for (size_t i = 0; i < groups->n; i++) {
		_cleanup_fd_ int dir = -1;
		bool made;
		int ret;

		if (!groups->list[i].hierarchy->v2)
			continue;
		dir = nsc_cgroup_make(groups->list[i].dir, "init", false,
				      &made);
		ret = dir < 0 ? dir : nsc_cgroup_add(dir, pid);
		if (ret == 0)
			ret = nsc_cgroup_v2_enable(groups->list[i].dir, WANTED,
						   0);
		if (ret < 0)
			return nsc_error_sys(err, -ret, "move PID 1 into the "
					     "group 'init'");
	}
	return 0;
}

int nsc_cgroups_freeze(const struct nsc_cgroup_request *request,
		       struct nsc_error *err)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	int ret;

	if (request->own->freezer != NSC_FREEZER_FROZEN)
		return 0;
	ret = nsc_cgroup_tree_load(request->rundir, &tree);
	if (ret == 0)
		ret = nsc_cgroup_tree_freeze(tree, true);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "%s.freezer",
				     request->own->limits.origin);
	return 0;
}

int nsc_cgroups_delegate(const struct nsc_cgroups *groups, uid_t uid, gid_t gid,
			 struct nsc_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < groups->n; i++) {
		_cleanup_fd_ int init = -1;

		if (!groups->list[i].hierarchy->v2)
			continue;
		ret = nsc_cgroup_delegate(groups->list[i].dir, uid, gid, err);
		/* PID 1 is in this group, and makes its own groups there. */
		init = openat(groups->list[i].dir, "init", O_RDONLY |
			      O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (ret == 0 && init >= 0)
			ret = nsc_cgroup_delegate(init, uid, gid, err);
	}
	return ret;
}

void nsc_cgroups_thaw(int rundir)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;

	if (nsc_cgroup_tree_load(rundir, &tree) == 0)
		nsc_cgroup_tree_freeze(tree, false);
}

void nsc_cgroups_clean(int rundir)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	char id[NSC_CGROUP_LAYOUT_ID];

	if (nsc_cgroup_tree_load(rundir, &tree) < 0 ||
	    nsc_cgroup_layout_id(rundir, id) < 0)
		return;
	for (size_t i = 0; i < tree->n; i++) {
		_cleanup_fd_ int dir = open(tree->list[i].path, O_RDONLY |
					    O_DIRECTORY | O_CLOEXEC);

		/* By now it may belong to another container with this name. */
		if (tree->list[i].kind != 'p' && tree->list[i].kind != 'k' &&
		    dir >= 0 &&
		    mark_of(dir, id) == MARK_OTHERS)
			tree->list[i].kind = '-';
	}
	if (nsc_cgroup_tree_end(tree, 0) == 0)
		unlinkat(rundir, NSC_FILE_CGROUP, 0);
	unlinkat(rundir, NSC_FILE_ENTER, 0);
}

static int explain_one(const struct nsc_cgroup_layout *l,
		       const struct nsc_cgroup_hierarchy *h, bool systemd,
		       char path[PATH_MAX], struct nsc_error *err)
{
	char slice[NAME_MAX + 1];
	int ret;

	if (!h->v2 || !systemd)
		return nsc_cgroup_layout_path(l, h, l->n, path);
	ret = nsc_cgroup_layout_slice(l, slice, sizeof(slice), err);
	if (ret == 0)
		snprintf(path, PATH_MAX, "%s:%s:nscontainer-%s.scope", h->path,
			 l->request->shared ?
			 l->request->shared_name : slice, l->name);
	return ret;
}

int nsc_cgroups_explain(const struct nsc_cgroup_request *request, char ***ret,
			struct nsc_error *err)
{
	struct nsc_cgroup_host host = { .n = 0 };
	struct nsc_cgroup_layout layout;
	size_t n = 0;
	int error = nsc_cgroup_layout_init(request, &layout, err);

	if (error == 0)
		error = nsc_cgroup_host_load(&host, err);
	if (error == 0)
		error = nsc_cgroup_layout_possible(&layout, &host, err);
	for (size_t i = 0; error == 0 && i < host.n; i++) {
		char path[PATH_MAX];

		if (host.list[i].readonly)
			continue;
		error = explain_one(&layout, &host.list[i],
				    nsc_systemd_is_there(), path, err);
		if (error == 0 && nsc_text_append(ret, &n, path) < 0)
			error = nsc_error_sys(err, ENOMEM, "control groups");
	}
	nsc_cgroup_host_free(&host);
	nsc_cgroup_layout_free(&layout);
	return error;
}
