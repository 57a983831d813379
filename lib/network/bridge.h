/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bridge of "bridge": "auto", and the network on it.  Runs in: nsinit and
 * the builder, root of the host in the host's network namespace.
 */
#ifndef NSC_NETWORK_BRIDGE_H
#define NSC_NETWORK_BRIDGE_H

#include "util/error.h"
#include "policy/conf.h"
#include "network/pool.h"
#include "linux/netlink.h"

#define NSC_BRIDGE "nsc0"

/*
 * The networks (IPv4, IPv6) of the bridge, with the host's addresses as
 * gateways: those of the bridge that exists, or else of nscontainer.conf, or
 * the first of ours that no route of the host meets.
 */
int nsc_bridge_ranges(const struct nsc_conf *conf,
		      struct nsc_pool_range ranges[2], struct nsc_error *err);

/* Make the bridge if it does not exist, with these addresses of the host. */
int nsc_bridge_make(struct nl_sock *sock, const struct nsc_address address[2],
		    struct nsc_error *err);

/* Remove it if it exists. */
int nsc_bridge_remove(struct nl_sock *sock, struct nsc_error *err);

/* The hardware address that belongs to an IPv4 address on the bridge. */
void nsc_bridge_mac(const struct nsc_address *address,
		    unsigned char mac[NSC_MAC_SIZE]);

#endif
