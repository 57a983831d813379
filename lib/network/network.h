/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's network: networks[] in the order of the file.
 *
 * The host side runs in nsinit and the builder, as root of the host in the
 * host's network namespace; the inside runs in the worker, also as root of the
 * host, in the container's network namespace.
 */
#ifndef NSC_NETWORK_NETWORK_H
#define NSC_NETWORK_NETWORK_H

#include <net/if.h>
#include <sys/types.h>

#include "util/error.h"
#include "policy/conf.h"
#include "config/plan.h"

/* The interfaces and helpers that were made; a later failure undoes them. */
struct nsc_network_made {
	char host[NSC_NETWORKS_MAX][IFNAMSIZ];	/* ends of veths */
	struct nsc_address pasta[2];	/* the addresses that pasta chose */
	int helper;	/* pasta's pid in the container's pid namespace, or 0 */
};

/*
 * Take the addresses for "auto" from the pool into plan->automatic.  Returns 0
 * or a negative errno with err set, like the functions below.
 */
int nsc_network_plan(struct nsc_plan *plan, const struct nsc_conf *conf,
		     struct nsc_error *err);

/* Check that the host has all that networks[] names.  Changes nothing. */
int nsc_network_check(const struct nsc_config *config, struct nsc_error *err);

/* Does the container join an existing network namespace? */
bool nsc_network_joins(const struct nsc_config *config);

/*
 * Open the network namespace that PID 1 is to be born in: an existing one that
 * is verified to be owned by root, and left alone by a dry run, or a new one
 * with rules, see lists.h.  *ret is a descriptor that the caller closes; it
 * stays as it is if PID 1 gets a namespace of its own.  Returns 0 or a negative
 * errno with err set.
 */
int nsc_network_open(const struct nsc_plan *plan, int *ret,
		     struct nsc_error *err);

/* Make the interfaces that the namespace of pid, PID 1, gets from the host. */
int nsc_network_make(const struct nsc_plan *plan, pid_t pid,
		     struct nsc_network_made *made, struct nsc_error *err);
void nsc_network_undo(const struct nsc_network_made *made);

/*
 * Start the network's helper (pasta) beside the container.  Runs in the worker,
 * still in the host's network.
 */
int nsc_network_start_helper(const struct nsc_plan *plan, pid_t pid,
			     struct nsc_network_made *made,
			     struct nsc_error *err);

/*
 * Set addresses and routes, and bring all interfaces up.  Runs in the worker,
 * inside.
 */
int nsc_network_configure(const struct nsc_plan *plan,
			  struct nsc_network_made *made,
			  struct nsc_error *err);

/*
 * Describe each interface as words of KEY=VALUE: type, interface,
 * host_interface, bridge, addresses, gateway, mtu, lists, rate_up, rate_down,
 * and last path, which may have spaces.  made is NULL before anything is made.
 * Returns a new NULL-terminated vector with a string for each interface; NULL
 * without memory.
 */
char **nsc_network_describe(const struct nsc_plan *plan,
			    const struct nsc_network_made *made);

/* The same descriptions with the lists and rates of this configuration. */
char **nsc_network_describe_lists(const struct nsc_config *config,
				  char *const *networks);

#endif
