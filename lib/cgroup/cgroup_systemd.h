/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that systemd manages: a transient scope, systemd.scope(5). */
#ifndef NSC_CGROUP_CGROUP_SYSTEMD_H
#define NSC_CGROUP_CGROUP_SYSTEMD_H

#include <stdbool.h>

#include "util/error.h"
#include "cgroup/cgroup.h"

/* Does systemd run this host?  The test is that of sd_booted(3). */
bool nsc_systemd_is_there(void);

struct nsc_systemd_scope {
	const char *name;	/* nscontainer-NAME.scope */
	const char *slice;
	const char *shared;	/* our slice with limits, or NULL */
	const struct nsc_cgroup_limits *limits;	/* of this slice */
};

/*
 * Have systemd move the calling process into a new, delegated scope.  Returns 0
 * or a negative errno.
 */
int nsc_systemd_start_scope(const struct nsc_systemd_scope *scope,
			    struct nsc_error *err);

#endif
