/* SPDX-License-Identifier: Apache-2.0 */
/* The decisions and lookups that a start completes before it makes anything. */
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
	struct nsc_seccomp session;	/* for sessions: as configured */
	/*
	 * For PID 1, a program of nscontainer: the built-in profile, so that a
	 * profile for users' programs cannot break PID 1.
	 */
	struct nsc_seccomp init;
};

/* The input of the building of a container. */
struct nsc_plan {
	const struct nsc_config *config;
	const struct nsc_user *user;
	char **group_names;	/* of user->groups; NULL: has no name */
	bool login;		/* for logins, not for nsinit exec */
	bool dry;		/* a check: nothing of it stays on the host */
	bool image;		/* the rootfs is a file */
	const char *stop;	/* how the monitor ends it, see state.h */
	struct nsc_lifecycle lifecycle;	/* the other limits for the monitor */
	struct nsc_recording recording;
	bool refuse_nested;	/* a login inside a container is an error */
	struct nsc_filters filters;
	const char *conf_path;	/* of nscontainer.conf; "": none */
	char digest[NSC_DIGEST_SIZE];
	char files[NSC_DIGEST_PART];
	const char *name;	/* of the control groups */
	unsigned int generation;	/* the number of the instance */
	bool beside;		/* an earlier instance still drains */
	int rundir;		/* of the instance */
	char bundle[128];	/* its path; "": not known */
	int leader;		/* pidfd; the process to end with, or -1 */
	int dir;		/* with leader: holds the links pid, start */
	int console;		/* socket that receives a terminal, or -1 */
	int64_t deadline;	/* of the building, as nsc_process_now() */
	/* With a user namespace; otherwise all are the identity. */
	struct nsc_id_mapping uid_map[NSC_MAPPINGS_MAX];
	size_t n_uid_map;
	struct nsc_id_mapping gid_map[NSC_MAPPINGS_MAX];
	size_t n_gid_map;
	char *home_missing;	/* why the home is not inside, or NULL */
	char **accepted;	/* dangers that the config accepts; NULL */
	size_t n_accepted;
	size_t unmapped_groups;	/* for which the map has no room */
	const struct nsc_cgroup_parent *cgroup_parent;	/* or NULL */
	uid_t root_uid;		/* the container's root, as the host sees it */
	gid_t root_gid;
	uid_t user_uid;		/* the user inside, as the host sees it */
	gid_t user_gid;
	gid_t tty_gid;		/* the group tty inside, as the host sees it */
	struct {		/* the address "auto": IPv4, IPv6 */
		struct nsc_address address, gateway;
		struct nsc_address router;	/* the host, on our bridge */
	} automatic[2];
};

/*
 * Fill lifecycle, recording, and stop if it is NULL, from config and conf.
 */
void nsc_plan_merge(struct nsc_plan *plan, const struct nsc_conf *conf);

/*
 * The owner of a device node, as the host sees it.  An id that the container
 * does not have is an error.
 */
int nsc_plan_owner(const struct nsc_plan *plan,
		   const struct nsc_device_node *node, uid_t *ret_uid,
		   gid_t *ret_gid, struct nsc_error *err);

/* A group as the host sees it; (gid_t)-1: the container does not have it. */
gid_t nsc_plan_gid(const struct nsc_plan *plan, gid_t gid);

/* The plan's request for control groups; it points into the plan. */
struct nsc_cgroup_request nsc_plan_cgroups(const struct nsc_plan *plan);

#endif
