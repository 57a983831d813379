/* SPDX-License-Identifier: Apache-2.0 */
/* The places of a container's groups, before any is made. */
#ifndef NSC_CGROUP_CGROUP_LAYOUT_H
#define NSC_CGROUP_CGROUP_LAYOUT_H

#include <limits.h>

#include "cgroup/cgroup.h"
#include "cgroup/cgroup_request.h"

#define NSC_CGROUP_TOP "nscontainer"
#define NSC_CGROUP_CHECK ":check"	/* and a pid: of a dry run */
#define NSC_CGROUP_SCOPE_C "container" /* below a systemd scope */
#define NSC_CGROUP_SCOPE_M "monitor"
#define NSC_CGROUP_LAYOUT_ID 80
#define NSC_CGROUP_NAMES (NSC_CGROUP_PARENTS_MAX + 3)

struct nsc_cgroup_layout {
	const struct nsc_cgroup_request *request;
	char id[NSC_CGROUP_LAYOUT_ID];	/* marks this container's groups */
	char name[NAME_MAX + 1];	/* own name without cgroups.name */
	char *names[NSC_CGROUP_NAMES];	/* components, from the hierarchy */
	size_t n;
	size_t shared;			/* the host's parent; 0: none */
	unsigned int needed;		/* controllers, as bits */
	bool devices;			/* apply device rules */
	bool devices_needed;		/* a failure of that is an error */
	const char *scope;		/* systemd: its path in v2, or NULL */
};

int nsc_cgroup_layout_init(const struct nsc_cgroup_request *request,
			   struct nsc_cgroup_layout *ret,
			   struct nsc_error *err);
void nsc_cgroup_layout_free(struct nsc_cgroup_layout *layout);

/* Get the mark of the container whose instance directory is rundir. */
int nsc_cgroup_layout_id(int rundir, char id[NSC_CGROUP_LAYOUT_ID]);

/*
 * Is each needed controller available?  Returns 0, or an error that says why
 * not.
 */
int nsc_cgroup_layout_possible(const struct nsc_cgroup_layout *layout,
			       const struct nsc_cgroup_host *host,
			       struct nsc_error *err);

/* Is one of the needed controllers in this hierarchy? */
bool nsc_cgroup_layout_requires(const struct nsc_cgroup_layout *layout,
				const struct nsc_cgroup_host *host,
				const struct nsc_cgroup_hierarchy *h);

/* Get the path of the first n names in a hierarchy. */
int nsc_cgroup_layout_path(const struct nsc_cgroup_layout *layout,
			   const struct nsc_cgroup_hierarchy *h, size_t n,
			   char path[PATH_MAX]);

/* The record of cgroup_tree.h in new memory; NULL without memory. */
char *nsc_cgroup_layout_record(const struct nsc_cgroup_layout *layout,
			       const struct nsc_cgroup_host *host);

/* The slice for systemd; by default user-UID.slice. */
int nsc_cgroup_layout_slice(const struct nsc_cgroup_layout *layout, char *buf,
			    size_t size, struct nsc_error *err);

#endif
