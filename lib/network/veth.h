/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces of containers on a bridge of the host.  Runs in: nsinit and the
 * builder, root of the host in the host's network namespace.
 */
#ifndef NSC_NETWORK_VETH_H
#define NSC_NETWORK_VETH_H

#include "util/error.h"
#include "config/plan.h"
#include "linux/netlink.h"

/* Check that the host has what it needs.  Returns 0 or a negative errno. */
int nsc_veth_check(struct nl_sock *sock, const struct nsc_config_network *n,
		   struct nsc_error *err);

/*
 * Make the veth of networks[i] by request, and name the host's end in host: one
 * request makes and claims a name, so try until one is free.  After an error,
 * the name is "".  Returns 0 or a negative errno.
 */
int nsc_veth_make(struct nl_sock *sock, const struct nsc_plan *plan, size_t i,
		  struct nsc_link_request *request, char host[IFNAMSIZ],
		  struct nsc_error *err);

#endif
