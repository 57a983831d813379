/* SPDX-License-Identifier: Apache-2.0 */
/* Start a container from its configuration. */
#ifndef NSC_CONTAINER_START_CONTAINER_H
#define NSC_CONTAINER_START_CONTAINER_H

#include "util/error.h"
#include "policy/conf.h"
#include "config/container_config.h"
#include "policy/user.h"
#include "container/create.h"

/*
 * Read and check DIR/container.json, which root must own.  A pidfile in conf
 * can make it the configuration of another engine's container.
 */
int nsc_start_load(const char *dir, const struct nsc_user *user,
		   const struct nsc_conf *conf, struct nsc_config **ret,
		   struct nsc_error *err);

/*
 * Fill the id maps of plan, whose config and user are set.  With a pidfile,
 * only check the maps that the plan already has.
 */
int nsc_start_map_ids(struct nsc_plan *plan, const struct nsc_conf *conf,
		      struct nsc_error *err);

/*
 * Do all checks and computations of a start that precede the first change, for
 * a plan whose config, user, login and lifecycle are set.  The caller frees
 * the plan's memory by nsc_start_release(), also after a failure.
 */
int nsc_start_prepare(struct nsc_plan *plan, const struct nsc_conf *conf,
		      struct nsc_error *err);
void nsc_start_release(struct nsc_plan *plan);

/*
 * For a prepared plan, check what a start would otherwise find out by making
 * control groups: whether this host supports them, and which keys need them.
 * *ret (NULL: not wanted) gets their directories, which the caller frees by
 * nsc_text_free_vector(), or NULL if there are none.
 */
int nsc_start_check_groups(const struct nsc_plan *plan, char ***ret,
			   struct nsc_error *err);

struct nsc_start_request {
	const struct nsc_user *user;
	const struct nsc_config *config;
	const struct nsc_conf *conf;
	const char *conf_path;	/* file that conf was read from, or "" */
	bool replace;		/* stop a running container first */
	bool login;		/* for logins, not for nsinit exec */
	const char *stop;	/* policy that overrides the configured one, or
				 * NULL; "start": run until stopped */
	int leader;		/* or -1; see nsc_plan for all three */
	int dir;
	int console;
	const char *name;	/* name of the control groups */
	int rundir;
};

/*
 * Start the container in the newest instance, which becomes current when the
 * container runs.  If no instance is newer than the current one, the current
 * one has lost its monitor and gets a new one.  With replace, the running
 * container is stopped, but only after everything that can be checked has been
 * checked.  A failed start removes its instance.  The caller holds the lock of
 * the run directory.
 */
int nsc_start(const struct nsc_start_request *request, struct nsc_error *err);

#endif
