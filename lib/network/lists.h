/* SPDX-License-Identifier: Apache-2.0 */
/*
 * networks[].allow, deny and rate: rules of nftables in a network namespace
 * that the container uses but does not own:
 * docs/design/0089-a-network-with-lists-is-not-the-containers-own.md
 */
#ifndef NSC_NETWORK_LISTS_H
#define NSC_NETWORK_LISTS_H

#include <stdbool.h>

#include "config/plan.h"
#include "util/error.h"

/* Does an entry of networks[] have a list or a rate? */
bool nsc_lists_wanted(const struct nsc_config *config);

/* Do they only record, or write to the session log?  See container.json(5). */
bool nsc_lists_only_log(const struct nsc_config *config);
bool nsc_lists_log(const struct nsc_config *config);

/* Check that the host has what the lists need, and load it. */
int nsc_lists_check(const struct nsc_config *config, struct nsc_error *err);

/*
 * The commands of nft that put the rules into force, with replace in the place
 * of others, in new memory; NULL without memory.
 */
char *nsc_lists_print(const struct nsc_config *config, bool replace);

/*
 * Make the network namespace, with its rules in force.  Runs in: the builder.
 * *ret is a descriptor that the caller closes; it stays as it is if there are
 * no lists.  Returns 0 or a negative errno with err set.
 */
int nsc_lists_open(const struct nsc_plan *plan, int *ret,
		   struct nsc_error *err);

/*
 * Put the lists of config into force in a container that runs, of which pid is
 * PID 1: open connections that they no longer allow are cut.  Runs in: nsinit.
 * A container that owns its network gets none: -EOPNOTSUPP.
 */
int nsc_lists_update(const struct nsc_config *config, pid_t pid,
		     struct nsc_error *err);

#endif
