/* SPDX-License-Identifier: Apache-2.0 */
/* Start containers: configuration in, running container out. */
#ifndef NSC_CONTAINER_START_CONTAINER_H
#define NSC_CONTAINER_START_CONTAINER_H

#include "util/error.h"
#include "policy/conf.h"
#include "config/container_config.h"
#include "policy/user.h"
#include "container/create.h"

/*
 * Read and check DIR/container.json, a file of root's; conf may make it one of
 * another engine's container.
 */
int nsc_start_load(const char *dir, const struct nsc_user *user,
		   const struct nsc_conf *conf, struct nsc_config **ret,
		   struct nsc_error *err);

/*
 * Fill the id maps of plan, whose config and user are set.  With a pidfile:
 * check those that it has.
 */
int nsc_start_map_ids(struct nsc_plan *plan, const struct nsc_conf *conf,
		      struct nsc_error *err);

/*
 * All that a start finds out before it makes anything, of plan, whose config,
 * user, login and lifecycle are set; what is allocated in it is freed by
 * nsc_start_release(), also after a failure.
 */
int nsc_start_prepare(struct nsc_plan *plan, const struct nsc_conf *conf,
		      struct nsc_error *err);
void nsc_start_release(struct nsc_plan *plan);

/*
 * What else a start finds out by making control groups, of a plan that is
 * prepared: can this host have them, and what needs them?  *ret (NULL: not
 * asked for) has their directories, for nsc_text_free_vector(); NULL where
 * there are none.
 */
int nsc_start_check_groups(const struct nsc_plan *plan, char ***ret,
			   struct nsc_error *err);

struct nsc_start_request {
	const struct nsc_user *user;
	const struct nsc_config *config;
	const struct nsc_conf *conf;
	const char *conf_path;	/* where it was read; "": nowhere */
	bool replace;		/* a running one is stopped first */
	bool login;		/* for logins, not for nsinit exec */
	const char *stop;	/* policy in place of the configured one, or
				 * NULL; "start": until it is stopped */
	int leader;		/* or -1; see nsc_plan for all three */
	int dir;
	int console;
	const char *name;	/* of its control groups */
	int rundir;
};

/*
 * Start the container in the newest instance, which becomes current when it
 * runs; where none is newer than the current one, give that one, which has
 * lost its monitor, a new one.  With replace the one that runs is stopped, but
 * not before all is checked that can be.  Where it fails, nothing of the
 * instance is left.  Runs with the lock of the run directory held.
 */
int nsc_start(const struct nsc_start_request *request, struct nsc_error *err);

#endif
