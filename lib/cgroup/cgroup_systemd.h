/* SPDX-License-Identifier: Apache-2.0 */
/* Groups where systemd manages them: a transient scope, systemd.scope(5). */
#ifndef NSC_CGROUP_CGROUP_SYSTEMD_H
#define NSC_CGROUP_CGROUP_SYSTEMD_H

#include <stdbool.h>

#include "util/error.h"
#include "cgroup/cgroup.h"

/* Does systemd run this host?  As sd_booted(3). */
bool nsc_systemd_is_there(void);

struct nsc_systemd_scope {
	const char *name;	/* nscontainer-NAME.scope */
	const char *slice;
	const char *shared;	/* a slice of ours with limits, or NULL */
	const struct nsc_cgroup_limits *limits;	/* of that */
};

/* Have systemd move the calling process into a new scope that is delegated. */
int nsc_systemd_start_scope(const struct nsc_systemd_scope *scope,
			    struct nsc_error *err);

#endif
