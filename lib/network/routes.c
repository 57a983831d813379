/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the worker. */
#include "network/routes.h"

#include "linux/netlink.h"

int nsc_routes_add_default(struct nl_sock *sock, const char *name,
			   const struct nsc_address *gateway,
			   struct nsc_error *err)
{
	const struct nsc_route route = {
		.interface = name, .gateway = *gateway,
		.destination = { .family = gateway->family },
	};

	return nsc_netlink_add_route(sock, &route, err);
}

int nsc_routes_add_named(struct nl_sock *sock, const struct nsc_config *config,
			 struct nsc_error *err)
{
	for (size_t i = 0; i < config->n_routes; i++) {
		const struct nsc_config_route *r = &config->routes[i];
		const struct nsc_route route = {
			r->interface, r->destination, r->gateway, r->source,
		};

		if (nsc_netlink_add_route(sock, &route, err) < 0)
			return nsc_error_context(err, "%s: routes[%zu]",
						 config->file, i);
	}
	return 0;
}
