/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/route_keys.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/network_keys.h"

static int read_network(struct nsc_reader *r, const json_t *value,
			const struct nsc_field *f, void *to)
{
	struct nsc_address *address = to;
	const char *text = json_string_value(value);

	(void)f;
	/* In the files of 2014, an empty text is one that is not there. */
	if (text && !*text)
		return 0;
	if (!text || nsc_address_parse(text, true, address) < 0 ||
	    !nsc_address_is_network(address))
		return nsc_field_wrong(r, value, "a network such as "
				       "\"10.1.0.0/16\", or \"0.0.0.0/0\" for "
				       "the default route");
	return 0;
}

static int read_host(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);

	(void)f;
	if (text && !*text)
		return 0;
	if (!text || nsc_address_parse(text, false, to) < 0)
		return nsc_field_wrong(r, value, "an address such as "
				       "\"10.0.0.1\"");
	return 0;
}

#define AT(member) offsetof(struct nsc_config_route, member)
const struct nsc_field nsc_route_fields[] = {
	{ .name = "destination", .read = read_network,
	  .at = AT(destination) },
	{ .name = "gateway", .read = read_host, .at = AT(gateway) },
	{ .name = "source", .read = read_host, .at = AT(source) },
	{ .name = "interface_name", .read = nsc_read_text,
	  .at = AT(interface) },
	{ .name = NULL },
};
#undef AT

/* In the files of 2014, a gateway alone is the default route. */
static int check_route(struct nsc_reader *r, struct nsc_config_route *n)
{
	int family;

	if (!n->destination.family)
		n->destination.family = n->gateway.family;
	family = n->destination.family;
	if (!family)
		return nsc_field_refuse_member(r, "destination", "is missing, "
					       "and so is gateway");
	if (!n->interface)
		return nsc_field_refuse_member(r, "interface_name",
					       "is missing");
	if (n->gateway.family && n->gateway.family != family)
		return nsc_field_refuse_member(r, "gateway", "is of another "
					       "family than destination");
	if (n->source.family && n->source.family != family)
		return nsc_field_refuse_member(r, "source", "is of another "
					       "family than destination");
	return 0;
}

int nsc_read_route(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_config_route route = { .interface = NULL };
	struct nsc_config *config = to;
	int ret = nsc_field_object(r, element, nsc_route_fields, &route);

	if (ret == 0)
		ret = check_route(r, &route);
	if (ret == 0 && config->n_routes == NSC_ROUTES_MAX)
		ret = nsc_field_refuse(r, "more than 64 routes");
	if (ret == 0)
		ret = nsc_field_add(r, &config->routes, &config->n_routes,
				    &route, sizeof(route));
	if (ret < 0)
		free(route.interface);
	return ret;
}

/* The network whose interface has this name inside. */
static const struct nsc_config_network *
find_interface(const struct nsc_config *config, const char *name)
{
	char own[IFNAMSIZ];

	for (size_t i = 0; i < config->n_networks; i++) {
		nsc_network_interface(config, i, own);
		if (!strncmp(own, "eth", 3) && !strcmp(own, name))
			return &config->networks[i];
	}
	return NULL;
}

/*
 * Does one of the addresses, of which some are known only at run time, equal
 * the address, or have it in its network?
 */
static bool is_near(const struct nsc_config_network *n,
		    const struct nsc_address *address, bool equal)
{
	struct nsc_address a;

	if (!n->address)
		return n->type == NSC_NETWORK_PASTA;
	for (char **t = n->address; *t; t++)
		if (!strcmp(*t, NSC_NETWORK_AUTO) ||
		    (nsc_address_parse(*t, true, &a) == 0 &&
		     a.family == address->family &&
		     (equal ? !memcmp(a.bytes, address->bytes,
				      sizeof(a.bytes)) :
			      nsc_address_covers(&a, address))))
			return true;
	return false;
}

/* Does the entry of networks make this route already? */
static bool is_made(const struct nsc_config_network *n,
		    const struct nsc_config_route *route)
{
	struct nsc_address gateway;

	if (!n || route->destination.length || route->source.family)
		return false;
	for (char **t = n->gateway; t && *t; t++)
		if (nsc_address_parse(*t, false, &gateway) == 0 &&
		    nsc_address_equal(&gateway, &route->gateway))
			return true;
	return false;
}

/* Files of 2014 have the default route in both places. */
static void drop_made(struct nsc_config *config)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_routes; i++) {
		struct nsc_config_route *route = &config->routes[i];

		if (is_made(find_interface(config, route->interface), route))
			free(route->interface);
		else
			config->routes[n++] = *route;
	}
	config->n_routes = n;
}

int nsc_routes_check(struct nsc_reader *r, struct nsc_config *config)
{
	for (size_t i = 0; i < config->n_routes; i++) {
		const struct nsc_config_route *route = &config->routes[i];
		const struct nsc_config_network *n =
			find_interface(config, route->interface);

		if (!(config->namespaces & CLONE_NEWNET))
			return nsc_field_refuse_at(r, "routes", i,
					"destination",
					"needs namespaces.NEWNET, or it would "
					"change the host's network");
		if (!n)
			return nsc_field_refuse_at(r, "routes", i,
					"interface_name",
					"expected eth0, eth1 and so on: the "
					"interfaces of networks, in their "
					"order");
		if (route->gateway.family &&
		    !nsc_address_is_link_local(&route->gateway) &&
		    !is_near(n, &route->gateway, false))
			return nsc_field_refuse_at(r, "routes", i, "gateway",
					"is not in the network of an address "
					"of that interface");
		if (route->source.family && !is_near(n, &route->source, true))
			return nsc_field_refuse_at(r, "routes", i, "source",
					"is not an address of that interface");
	}
	drop_made(config);
	return 0;
}
