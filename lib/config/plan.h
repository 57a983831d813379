/* SPDX-License-Identifier: Apache-2.0 */
/* What a start has decided and looked up before it makes anything. */
#ifndef NSC_CONFIG_PLAN_H
#define NSC_CONFIG_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "config/container_config.h"
#include "linux/idmap.h"
#include "linux/seccomp.h"
#include "policy/cgroup_parents.h"
#include "policy/conf.h"
#include "policy/digest.h"
#include "policy/lifecycle.h"
#include "policy/user.h"
#include "util/address.h"

/* The system-call filters of a container, see seccomp/filter.h. */
struct nsc_filters {
	struct nsc_seccomp session;	/* of whoever enters: as configured */
	/*
	 * Of PID 1, which is a program of ours: the built-in profile, so that
	 * one made for users' programs cannot break it.
	 */
	struct nsc_seccomp init;
};

/* Everything that the building needs, decided and looked up before. */
struct nsc_plan {
	const struct nsc_config *config;
	const struct nsc_user *user;
	char **group_names;	/* of user->groups; NULL where one has none */
	bool login;		/* for logins, not for nsinit exec */
	const char *stop;	/* how its monitor ends it, see state.h */
	struct nsc_lifecycle lifecycle;	/* the rest of that */
	bool refuse_nested;	/* a login inside a container is an error */
	struct nsc_filters filters;
	const char *conf_path;	/* of nscontainer.conf; "": none */
	char digest[NSC_DIGEST_SIZE];
	char files[NSC_DIGEST_SIZE];
	const char *name;	/* of its control groups */
	unsigned int generation;	/* the number of its instance */
	bool beside;		/* one before it still drains */
	int rundir;		/* the instance */
	int leader;		/* pidfd; the container ends with it, or -1 */
	int dir;		/* with it: where pid and start are linked */
	int console;		/* socket that takes a terminal, or -1 */
	int64_t deadline;	/* of the building, nsc_process_now */
	/* with a user namespace; otherwise all are the identity */
	struct nsc_id_mapping uid_map[NSC_MAPPINGS_MAX];
	size_t n_uid_map;
	struct nsc_id_mapping gid_map[NSC_MAPPINGS_MAX];
	size_t n_gid_map;
	size_t unmapped_groups;	/* for which the map has no room */
	const struct nsc_cgroup_parent *cgroup_parent;	/* or NULL */
	uid_t root_uid;		/* the container's root, as the host sees it */
	gid_t root_gid;
	uid_t user_uid;		/* the user inside, as the host sees it */
	gid_t user_gid;
	gid_t tty_gid;		/* its tty group, as the host sees it */
	struct {		/* what address "auto" is: IPv4, IPv6 */
		struct nsc_address address, gateway;
	} automatic[2];
};

/* Fill lifecycle, and stop where it is NULL, as config and conf say. */
void nsc_plan_lifecycle(struct nsc_plan *plan, const struct nsc_conf *conf);

/* What the plan asks of control groups; it points into the plan. */
struct nsc_cgroup_request nsc_plan_cgroups(const struct nsc_plan *plan);

#endif
