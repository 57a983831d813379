/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "cgroup_parents" of nscontainer.conf: limits that several users share.
 *
 *     cgroup_parents = ( { name = "students"; groups = [ "students" ];
 *                          memory = 1073741824L; pids = 500; } );
 */
#ifndef NSC_POLICY_CGROUP_PARENTS_H
#define NSC_POLICY_CGROUP_PARENTS_H

#include <libconfig.h>

#include "util/error.h"
#include "policy/user.h"
#include "linux/cgroup_limits.h"

struct nsc_cgroup_parent {
	char *name;
	char **users;		/* NULL-terminated or NULL */
	char **groups;
	struct nsc_cgroup_limits limits;	/* numbers alone */
};

struct nsc_cgroup_parents {
	struct nsc_cgroup_parent *list;
	size_t n;
};

/* Errors name file, line and key, as those of conf.h do. */
int nsc_parents_read(const char *file, const config_setting_t *setting,
		     struct nsc_cgroup_parents *ret, struct nsc_error *err);

/*
 * The first whose users or groups have this user; *ret is NULL where none
 * has.  A group that cannot be looked up is an error: limits are not skipped.
 */
int nsc_parents_find(const struct nsc_cgroup_parents *parents,
		     const struct nsc_user *user,
		     const struct nsc_cgroup_parent **ret,
		     struct nsc_error *err);

void nsc_parents_free(struct nsc_cgroup_parents *parents);

#endif
