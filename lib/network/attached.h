/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The containers for which the host has rules of ours: those on the bridge that
 * we make, and those with ports.  They are in a file of the run directory, from
 * which bridge and rules are made again at each change.
 *
 * Runs in: nsinit, the builder and network-end, root of the host in the host's
 * network namespace.
 */
#ifndef NSC_NETWORK_ATTACHED_H
#define NSC_NETWORK_ATTACHED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "config/plan.h"

struct nl_sock;

/* One end of a veth. */
struct nsc_attached {
	char *name;		/* user or directory, for people */
	char *port;		/* the host's interface */
	char *bridge;
	unsigned int pid;	/* of PID 1 */
	uint64_t start;		/* of that process */
	char *address[2];	/* IPv4, IPv6, such as "10.0.0.2/24"; or NULL */
	char **ports;		/* as nsc_port_print() writes them */
};

/* Is it on the bridge that we make? */
bool nsc_attached_on_bridge(const struct nsc_config_network *network);

/* Does the host need rules of ours for this entry? */
bool nsc_attached_is(const struct nsc_config_network *network);

/*
 * Check that a start could claim what plan asks for.  Changes nothing.  Returns
 * 0 or a negative errno, like the functions below.
 */
int nsc_attached_check(const struct nsc_plan *plan, struct nsc_error *err);

struct nsc_claim {
	const struct nsc_plan *plan;
	size_t network;		/* the index of the entry */
	const char *port;	/* a name that no interface has */
	pid_t pid;		/* of PID 1 */
};

/*
 * Make the bridge, and rules for an interface that is made after them.  *lock
 * is held until the caller has made it, and closes the descriptor.
 */
int nsc_attached_claim(const struct nsc_claim *claim, int *lock,
		       struct nsc_error *err);

/*
 * Forget the containers whose PID 1 has ended, and remove what they had: with
 * the last one, all of ours.  always: write the rules even if there is nothing
 * to forget, so that rules that others have removed are there again.
 */
int nsc_attached_sweep(bool always, struct nsc_error *err);

#endif
