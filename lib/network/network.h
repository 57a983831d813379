/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's network: networks[] in the order of the file.
 *
 * The host's side runs in nsinit and the builder, root of the host in the
 * host's network namespace; the inside in the worker, which is root of the
 * host as well, in the container's network namespace.
 */
#ifndef NSC_NETWORK_NETWORK_H
#define NSC_NETWORK_NETWORK_H

#include <net/if.h>
#include <sys/types.h>

#include "util/error.h"
#include "policy/conf.h"
#include "config/plan.h"

/* What was made, and is undone when a later step fails. */
struct nsc_network_made {
	char host[NSC_NETWORKS_MAX][IFNAMSIZ];	/* ends of veths */
	struct nsc_address pasta[2];	/* what it chose */
	int helper;	/* pasta's pid in the container's pid namespace, 0 */
};

/* Take what "auto" stands for from the pool, into plan->automatic. */
int nsc_network_plan(struct nsc_plan *plan, const struct nsc_conf *conf,
		     struct nsc_error *err);

/* Is there on the host what networks[] names?  Changes nothing. */
int nsc_network_check(const struct nsc_config *config, struct nsc_error *err);

/* Does the container join a network namespace that exists? */
bool nsc_network_joins(const struct nsc_config *config);

/* Open that namespace, verified to be one of root's. */
int nsc_network_open(const struct nsc_config *config, struct nsc_error *err);

/* Make the interfaces that PID 1's namespace gets from the host. */
int nsc_network_make(const struct nsc_plan *plan, pid_t pid,
		     struct nsc_network_made *made, struct nsc_error *err);
void nsc_network_undo(const struct nsc_network_made *made);

/* The worker, still in the host's network: what runs beside the container. */
int nsc_network_start_helper(const struct nsc_plan *plan, pid_t pid,
			     struct nsc_network_made *made,
			     struct nsc_error *err);

/* The worker, inside: addresses, routes, everything up. */
int nsc_network_configure(const struct nsc_plan *plan,
			  struct nsc_network_made *made,
			  struct nsc_error *err);

/*
 * One string for each interface, words of KEY=VALUE: type, interface,
 * host_interface, bridge, addresses, gateway, mtu, and last path, which may
 * have spaces.  made is NULL before there is anything.  In a new
 * NULL-terminated vector; NULL without memory.
 */
char **nsc_network_describe(const struct nsc_plan *plan,
			    const struct nsc_network_made *made);

#endif
