/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of others that keep a container from its network.  Runs in: nsinit and
 * login-start, root of the host in the host's network namespace.
 */
#ifndef NSC_NETWORK_FIREWALL_H
#define NSC_NETWORK_FIREWALL_H

#include <stddef.h>

#include "config/container_config.h"

/*
 * Append a sentence for each chain of nftables that drops what the host
 * forwards, and does not name the container's bridge.
 */
void nsc_firewall_find(const struct nsc_config *config, char ***list,
		       size_t *n);

#endif
