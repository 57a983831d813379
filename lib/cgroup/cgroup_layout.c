/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and the builder, root of the host.  Changes nothing. */
#include "cgroup/cgroup_layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/fd.h"

/* Counted and limited for each session if the host supports it. */
#define PER_SESSION (NSC_CGROUP_BIT(NSC_CGROUP_CPU) | \
		     NSC_CGROUP_BIT(NSC_CGROUP_CPUACCT) | \
		     NSC_CGROUP_BIT(NSC_CGROUP_MEMORY) | \
		     NSC_CGROUP_BIT(NSC_CGROUP_IO) | \
		     NSC_CGROUP_BIT(NSC_CGROUP_PIDS))

int nsc_cgroup_layout_id(int rundir, char id[NSC_CGROUP_LAYOUT_ID])
{
	struct stat st, dir;

	if (fstat(rundir, &dir) < 0 || stat("/proc/self/ns/pid", &st) < 0)
		return -errno;
	/*
	 * Hosts that run in containers may share a hierarchy, but no processes.
	 */
	snprintf(id, NSC_CGROUP_LAYOUT_ID, "%lu:%lu:%lu",
		 (unsigned long)st.st_ino, (unsigned long)dir.st_dev,
		 (unsigned long)dir.st_ino);
	return 0;
}

static int layout_add(struct nsc_cgroup_layout *l, const char *name)
{
	l->names[l->n] = strdup(name);
	return l->names[l->n++] ? 0 : -ENOMEM;
}

static bool is_slice(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return len > 6 && !strcmp(text + len - 6, ".slice");
}

static int add_names(struct nsc_cgroup_layout *l)
{
	const struct nsc_config_cgroups *c = l->request->own;
	const char *own = c->name && *c->name && !l->request->dry ? c->name :
								   l->name;
	_cleanup_free_ char *copy = strdup(c->parent ? c->parent : "");
	char *save = NULL;
	int ret = copy ? layout_add(l, NSC_CGROUP_TOP) : -ENOMEM;

	if (ret == 0 && l->request->shared) {
		l->shared = l->n;
		ret = layout_add(l, l->request->shared_name);
	}
	for (char *name = ret < 0 ? NULL : strtok_r(copy, "/", &save);
	     ret == 0 && name; name = strtok_r(NULL, "/", &save))
		ret = layout_add(l, name);
	return ret < 0 ? ret : layout_add(l, own);
}

/* Could a file of the kernel's have this name in a directory of groups? */
static bool is_kernels(const char *name)
{
	static const char *const files[] = {
		"tasks", "notify_on_release", "release_agent", "cgroup.",
		"blkio.", "cpu.", "cpuacct.", "cpuset.", "devices.", "dmem.",
		"freezer.", "hugetlb.", "io.", "irq.", "memory.", "misc.",
		"net_cls.", "net_prio.", "perf_event.", "pids.", "rdma.",
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(files); i++) {
		size_t len = strlen(files[i]);

		if (!strncmp(name, files[i], len) &&
		    (files[i][len - 1] == '.' || !name[len]))
			return true;
	}
	return false;
}

int nsc_cgroup_layout_init(const struct nsc_cgroup_request *request,
			   struct nsc_cgroup_layout *ret, struct nsc_error *err)
{
	const struct nsc_config_cgroups *c = request->own;
	bool userns = request->userns;
	int error;

	*ret = (struct nsc_cgroup_layout){ .request = request };
	/* No user name contains a ':'. */
	snprintf(ret->name, sizeof(ret->name), "%s%s", request->name,
		 is_kernels(request->name) ? ":" : "");
	if (request->dry)
		snprintf(ret->name + strlen(ret->name), 32,
			 NSC_CGROUP_CHECK "%d", (int)getpid());
	else if (request->beside)
		snprintf(ret->name + strlen(ret->name), 16, ":%u",
			 request->generation);
	error = add_names(ret);
	if (error < 0) {
		nsc_cgroup_layout_free(ret);
		return nsc_error_sys(err, -error, "control groups");
	}
	ret->devices = !c->allow_all_devices;
	/* In a user namespace no process can make device nodes anyway. */
	ret->devices_needed = ret->devices && (!userns || c->devices.given);
	ret->needed = nsc_cgroup_needs(&c->limits);
	if (request->shared)
		ret->needed |= nsc_cgroup_needs(request->shared);
	if (ret->devices_needed)
		ret->needed |= NSC_CGROUP_BIT(NSC_CGROUP_DEVICES);
	if (c->freezer == NSC_FREEZER_FROZEN)
		ret->needed |= NSC_CGROUP_BIT(NSC_CGROUP_FREEZER);
	return 0;
}

void nsc_cgroup_layout_free(struct nsc_cgroup_layout *layout)
{
	for (size_t i = 0; i < layout->n; i++)
		free(layout->names[i]);
	layout->n = 0;
}

static int need(const struct nsc_cgroup_layout *l,
		const struct nsc_cgroup_host *host,
		enum nsc_cgroup_controller controller, const char *key,
		struct nsc_error *err)
{
	const struct nsc_cgroup_hierarchy *h = nsc_cgroup_find(host,
							       controller);
	const char *name = nsc_cgroup_controller_name(controller, false);

	if (!(l->needed & NSC_CGROUP_BIT(controller)) || (h && !h->readonly))
		return 0;
	return nsc_error_set(err, EOPNOTSUPP, "%s.%s: the %s controller is "
			     "not available: %s%s",
			     l->request->own->limits.origin, key, name,
			     h ? "its hierarchy is mounted read-only" :
			     "no mounted cgroup hierarchy of this host has it",
			     controller != NSC_CGROUP_DEVICES ? "" :
			     ": a container without a user namespace needs it, "
			     "unless allow_all_devices is true");
}

int nsc_cgroup_layout_possible(const struct nsc_cgroup_layout *l,
			       const struct nsc_cgroup_host *host,
			       struct nsc_error *err)
{
	const struct nsc_cgroup_request *request = l->request;
	int ret = 0;

	if (request->shared)
		ret = nsc_cgroup_limits_possible(request->shared,
						 host, err);
	if (ret == 0)
		ret = nsc_cgroup_limits_possible(&request->own->limits,
						 host, err);
	if (ret == 0)
		ret = need(l, host, NSC_CGROUP_DEVICES, "allowed_devices",
			   err);
	if (ret == 0)
		ret = need(l, host, NSC_CGROUP_FREEZER, "freezer", err);
	return ret;
}

bool nsc_cgroup_layout_requires(const struct nsc_cgroup_layout *layout,
				const struct nsc_cgroup_host *host,
				const struct nsc_cgroup_hierarchy *h)
{
	for (int i = 0; i <= NSC_CGROUP_UNIFIED; i++)
		if (layout->needed & NSC_CGROUP_BIT(i) &&
		    nsc_cgroup_find(host, i) == h)
			return true;
	return false;
}

int nsc_cgroup_layout_path(const struct nsc_cgroup_layout *l,
			   const struct nsc_cgroup_hierarchy *h, size_t n,
			   char path[PATH_MAX])
{
	bool scope = h->v2 && l->scope;
	int at = snprintf(path, PATH_MAX, "%s%s%s", h->path,
			  scope ? l->scope : "",
			  scope ? "/" NSC_CGROUP_SCOPE_C : "");

	for (size_t i = 0; !scope && i < n && at < PATH_MAX; i++)
		at += snprintf(path + at, PATH_MAX - (size_t)at, "/%s",
			       l->names[i]);
	return at < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static void print_controllers(FILE *out, const struct nsc_cgroup_hierarchy *h)
{
	const char *comma = h->v2 ? "," : "";

	fputs(h->v2 ? "v2" : "", out);
	for (int i = 0; i < NSC_CGROUP_CONTROLLERS; i++) {
		if (!(h->controllers & NSC_CGROUP_BIT(i)))
			continue;
		fprintf(out, "%s%s", comma,
			nsc_cgroup_controller_name(i, h->v2));
		comma = ",";
	}
}

static int print_hierarchy(FILE *out, const struct nsc_cgroup_layout *l,
			   const struct nsc_cgroup_hierarchy *h)
{
	bool scope = h->v2 && l->scope;
	char path[PATH_MAX];

	if (nsc_cgroup_layout_path(l, h, l->n, path) < 0)
		return -ENAMETOOLONG;
	fputs(h->v2 || h->controllers & PER_SESSION ? "s " : "g ", out);
	print_controllers(out, h);
	fprintf(out, " %s\n", path);
	if (scope)
		fprintf(out, "m - %s%s/" NSC_CGROUP_SCOPE_M "\n", h->path,
			l->scope);
	for (size_t n = scope ? 0 : l->n - 1; n; n--) {
		if (nsc_cgroup_layout_path(l, h, n, path) < 0)
			return -ENAMETOOLONG;
		fprintf(out, "p - %s\n", path);
	}
	return 0;
}

char *nsc_cgroup_layout_record(const struct nsc_cgroup_layout *l,
			       const struct nsc_cgroup_host *host)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int ret = 0;

	for (size_t i = 0; out && ret == 0 && i < host->n; i++)
		if (!host->list[i].readonly)
			ret = print_hierarchy(out, l, &host->list[i]);
	for (char **path = l->request->own->stay_below;
	     out && path && *path && ftell(out) > 0; path++)
		fprintf(out, "k - %s\n", *path);
	if (out && (fclose(out) != 0 || ret < 0)) {
		free(text);
		text = NULL;
	}
	return text;
}

int nsc_cgroup_layout_slice(const struct nsc_cgroup_layout *l, char *buf,
			    size_t size, struct nsc_error *err)
{
	const struct nsc_config_cgroups *c = l->request->own;
	const char *slice = c->slice && *c->slice ? c->slice :
			    is_slice(c->parent) ? c->parent : NULL;

	if (slice && l->request->shared)
		return nsc_error_set(err, EINVAL, "%s.slice: the user belongs "
				     "to '%s' of cgroup_parents, which is a "
				     "slice of its own here: remove one of "
				     "them", c->limits.origin,
				     l->request->shared_name);
	if (slice)
		snprintf(buf, size, "%s", slice);
	else
		snprintf(buf, size, "user-%u.slice", l->request->uid);
	return 0;
}
