/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "cgroup_parents" in nscontainer.conf: limits that several users share.
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
	struct nsc_cgroup_limits limits;	/* only numbers */
};

struct nsc_cgroup_parents {
	struct nsc_cgroup_parent *list;
	size_t n;
};

/*
 * Append the parents of a setting to those of earlier files; an empty list
 * removes these.  Returns 0 or a negative errno; errors name file, line and
 * key, like those of conf.h.
 */
int nsc_parents_read(const char *file, const config_setting_t *setting,
		     struct nsc_cgroup_parents *ret, struct nsc_error *err);

/*
 * Find the first parent whose users or groups include this user; *ret is NULL
 * if there is none.  A group that cannot be looked up is an error, so that
 * limits are not skipped.  Returns 0 or a negative errno.
 */
int nsc_parents_find(const struct nsc_cgroup_parents *parents,
		     const struct nsc_user *user,
		     const struct nsc_cgroup_parent **ret,
		     struct nsc_error *err);

void nsc_parents_free(struct nsc_cgroup_parents *parents);

#endif
