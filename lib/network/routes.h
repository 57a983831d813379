/* SPDX-License-Identifier: Apache-2.0 */
/* Routes in the container's own network, when its interfaces are up. */
#ifndef NSC_NETWORK_ROUTES_H
#define NSC_NETWORK_ROUTES_H

#include "util/address.h"
#include "util/error.h"
#include "config/container_config.h"

struct nl_sock;

/* Each returns 0 or a negative errno. */
int nsc_routes_add_default(struct nl_sock *sock, const char *name,
			   const struct nsc_address *gateway,
			   struct nsc_error *err);

/* The routes of container.json. */
int nsc_routes_add_named(struct nl_sock *sock, const struct nsc_config *config,
			 struct nsc_error *err);

#endif
