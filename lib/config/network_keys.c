/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/network_keys.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/destination_keys.h"
#include "util/address.h"
#include "util/fd.h"
#include "util/text.h"
#include "config/port_keys.h"
#include "config/rate_keys.h"

#define RANDOM_DIGITS 4		/* after the prefix of a veth's name */

static const char *const types[] = {
	"loopback", "veth", "netns", "host", "macvlan", "ipvlan", "pasta",
	NULL,
};
static const char *const macvlan_modes[] = { "bridge", "private", "vepa",
					     "passthru", NULL };
static const char *const ipvlan_modes[] = { "l2", "l3", "l3s", NULL };

const char *nsc_network_type_name(enum nsc_network_type type)
{
	return types[type];
}

bool nsc_network_is_made(const struct nsc_config_network *n)
{
	return n->type == NSC_NETWORK_VETH || n->type == NSC_NETWORK_MACVLAN ||
	       n->type == NSC_NETWORK_IPVLAN;
}

bool nsc_network_is_auto(const char *text)
{
	return !strcmp(text, NSC_NETWORK_AUTO);
}

bool nsc_network_has_auto(const struct nsc_config_network *n)
{
	for (char **t = n->address; t && *t; t++)
		if (nsc_network_is_auto(*t))
			return true;
	return false;
}

static bool is_named(const struct nsc_config_network *n)
{
	return nsc_network_is_made(n) || n->type == NSC_NETWORK_PASTA;
}

void nsc_network_interface(const struct nsc_config *config, size_t i,
			   char name[IFNAMSIZ])
{
	unsigned int number = 0;

	for (size_t j = 0; j < i; j++)
		number += is_named(&config->networks[j]);
	if (is_named(&config->networks[i]))
		snprintf(name, IFNAMSIZ, "eth%u", number);
	else
		strcpy(name, config->networks[i].type ==
		       NSC_NETWORK_LOOPBACK ? "lo" : "");
}

/* A string or an array of strings; check_network() checks their content. */
static int network_read_list(struct nsc_reader *r, const json_t *value,
			     const struct nsc_field *f, void *to)
{
	json_t *array = NULL;
	int ret;

	if (json_is_array(value))
		return nsc_read_texts(r, value, f, to);
	if (!json_is_string(value))
		return nsc_field_wrong(r, value, "a string or an array of "
				       "strings");
	if (!nsc_field_text(r, value))
		return -EINVAL;
	array = json_array();
	if (!array || json_array_append(array, (json_t *)(uintptr_t)value) < 0)
		ret = nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	else
		ret = nsc_read_texts(r, array, f, to);
	json_decref(array);
	return ret;
}

/* 0 is the same as no mtu. */
static int read_mtu(struct nsc_reader *r, const json_t *value,
		    const struct nsc_field *f, void *to)
{
	if (json_is_integer(value) && !json_integer_value(value))
		return 0;
	return nsc_read_number(r, value, f, to);
}

static bool name_valid(const char *name, size_t max)
{
	size_t len = strlen(name);

	if (!len || len > max || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (!isgraph((unsigned char)*name) || strchr("/:%\"", *name))
			return false;
	return true;
}

static int read_interface(struct nsc_reader *r, const json_t *value,
			  const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);

	if (!text)
		return -EINVAL;
	if (!name_valid(text, IFNAMSIZ - 1))
		return nsc_field_wrong(r, value, "the name of an interface, "
				       "1 to 15 characters");
	return nsc_read_text(r, value, f, to);
}

static int read_prefix(struct nsc_reader *r, const json_t *value,
		       const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);

	if (!text)
		return -EINVAL;
	if (!name_valid(text, IFNAMSIZ - 1 - RANDOM_DIGITS))
		return nsc_field_wrong(r, value, "the beginning of an "
				       "interface's name, 1 to 11 characters");
	return nsc_read_text(r, value, f, to);
}

#define AT(member) offsetof(struct nsc_config_network, member)
static const struct nsc_field context_fields[] = {
	{ .name = "bridge", .read = read_interface, .at = AT(bridge) },
	{ .name = "prefix", .read = read_prefix, .at = AT(prefix) },
	{ .name = "nspath", .read = nsc_read_path, .at = AT(nspath) },
	{ .name = "parent", .read = read_interface, .at = AT(parent) },
	{ .name = "mode", .read = nsc_read_text, .at = AT(mode) },
	{ .name = "dns", .read = network_read_list, .at = AT(dns) },
	{ .name = NULL },
};

const struct nsc_field nsc_network_fields[] = {
	{ .name = "type",
	  .read = nsc_read_choice,
	  .at = AT(type),
	  .choices = types },
	{ .name = "context",
	  .read = nsc_read_members,
	  .members = context_fields },
	{ .name = "address", .read = network_read_list, .at = AT(address) },
	{ .name = "gateway", .read = network_read_list, .at = AT(gateway) },
	/* It stores into two members, and gets the whole entry. */
	{ .name = "ports", .read = nsc_read_array, .element = nsc_read_port },
	{ .name = "allow", .read = nsc_read_destinations, .at = AT(allow) },
	{ .name = "deny", .read = nsc_read_destinations, .at = AT(deny) },
	{ .name = "enforce", .read = nsc_read_bool, .at = AT(enforce) },
	{ .name = "log", .read = nsc_read_bool, .at = AT(log) },
	{ .name = "rate",
	  .read = nsc_read_rate,
	  .members = nsc_rate_fields },
	{ .name = "mtu",
	  .read = read_mtu,
	  .at = AT(mtu),
	  .min = 68,
	  .max = 65535 },
	{ .name = NULL },
};
#undef AT

#define ON(type) (1u << NSC_NETWORK_##type)
#define MADE (ON(VETH) | ON(MACVLAN) | ON(IPVLAN))

/* The types that allow and that need each key. */
static const struct {
	const char *key;
	bool context;
	unsigned int allowed, needed;
} rules[] = {
	/* A loopback ignores them: the sample file of 2014 has them. */
	{ "address", false, MADE | ON(PASTA) | ON(LOOPBACK), 0 },
	{ "gateway", false, MADE | ON(PASTA) | ON(LOOPBACK), 0 },
	{ "ports", false, ON(PASTA) | ON(VETH), 0 },
	{ "allow", false, MADE | ON(PASTA), 0 },
	{ "deny", false, MADE | ON(PASTA), 0 },
	{ "enforce", false, MADE | ON(PASTA), 0 },
	{ "log", false, MADE | ON(PASTA), 0 },
	{ "rate", false, MADE | ON(PASTA), 0 },
	{ "mtu", false, MADE | ON(PASTA) | ON(LOOPBACK), 0 },
	{ "bridge", true, ON(VETH), ON(VETH) },
	{ "prefix", true, ON(VETH), 0 },
	{ "nspath", true, ON(NETNS), ON(NETNS) },
	{ "parent", true, ON(MACVLAN) | ON(IPVLAN),
	  ON(MACVLAN) | ON(IPVLAN) },
	{ "mode", true, ON(MACVLAN) | ON(IPVLAN), 0 },
	{ "dns", true, MADE | ON(PASTA) | ON(NETNS) | ON(HOST), 0 },
};

static int check_keys(struct nsc_reader *r, const json_t *element,
		      const struct nsc_config_network *n)
{
	const json_t *context = json_object_get(element, "context");

	for (size_t i = 0; i < NSC_ARRAY_SIZE(rules); i++) {
		bool there = json_object_get(rules[i].context ? context :
					     element, rules[i].key);
		char key[32], text[64];

		snprintf(key, sizeof(key), "%s%s",
			 rules[i].context ? "context." : "", rules[i].key);
		snprintf(text, sizeof(text), "type \"%s\" has no such key",
			 types[n->type]);
		if (there && !(rules[i].allowed & 1u << n->type))
			return nsc_field_refuse_member(r, key, text);
		snprintf(text, sizeof(text), "is missing: type \"%s\" needs "
			 "it", types[n->type]);
		if (!there && rules[i].needed & 1u << n->type)
			return nsc_field_refuse_member(r, key, text);
	}
	return 0;
}

/* Report KEY, or KEY[i] if the file has an array. */
static int network_wrong(struct nsc_reader *r, const json_t *value,
			 const char *key, size_t i, const char *expected)
{
	const json_t *one = json_is_array(value) ? json_array_get(value, i) :
						   value;
	char where[48], text[256];

	snprintf(where, sizeof(where), json_is_array(value) ? "%s[%zu]" : "%s",
		 key, i);
	snprintf(text, sizeof(text), "expected %s, got \"%.64s\"", expected,
		 json_string_value(one));
	return nsc_field_refuse_member(r, where, text);
}

static int check_addresses(struct nsc_reader *r, const json_t *element,
			   const struct nsc_config_network *n)
{
	const json_t *value = json_object_get(element, "address");
	struct nsc_address a;
	bool v6 = false;

	for (size_t i = 0; n->address && n->address[i]; i++) {
		if (!strcmp(n->address[i], NSC_NETWORK_AUTO))
			continue;
		if (nsc_address_parse(n->address[i], true, &a) < 0)
			return network_wrong(
				r, value, "address", i,
				"an address with "
				"a prefix length such as \"10.0.0.2/24\", "
				"or \"auto\"");
		v6 |= a.family == AF_INET6;
	}
	if (v6 && n->mtu && n->mtu < 1280)
		return nsc_field_refuse_member(r, "mtu", "is less than the "
					       "1280 that IPv6 needs");
	return 0;
}

/* Can the gateway be reached through the addresses? */
static bool reachable(const struct nsc_config_network *n,
		      const struct nsc_address *gateway)
{
	struct nsc_address a;

	if (nsc_address_is_link_local(gateway))
		return true;
	for (size_t i = 0; n->address && n->address[i]; i++)
		if (!strcmp(n->address[i], NSC_NETWORK_AUTO) ||
		    (nsc_address_parse(n->address[i], true, &a) == 0 &&
		     nsc_address_covers(&a, gateway)))
			return true;
	return false;
}

static int network_check_gateways(struct nsc_reader *r, const json_t *element,
				  const struct nsc_config_network *n)
{
	const json_t *value = json_object_get(element, "gateway");
	struct nsc_address g;
	int before = 0;

	for (size_t i = 0; n->gateway && n->gateway[i]; i++) {
		if (nsc_address_parse(n->gateway[i], false, &g) < 0)
			return network_wrong(r, value, "gateway", i,
					     "an address such "
					     "as \"10.0.0.1\"");
		if (!reachable(n, &g))
			return network_wrong(
				r, value, "gateway", i,
				"an address in "
				"the network of one in \"address\"");
		if (g.family == before || i > 1)
			return network_wrong(r, value, "gateway", i,
					     "one gateway for "
					     "IPv4 and one for IPv6");
		before = g.family;
	}
	return 0;
}

static int check_dns(struct nsc_reader *r, const json_t *element,
		     const struct nsc_config_network *n)
{
	const json_t *value = json_object_get(json_object_get(element,
							      "context"),
					      "dns");
	struct nsc_address a;

	for (size_t i = 0; n->dns && n->dns[i]; i++)
		if (nsc_address_parse(n->dns[i], false, &a) < 0)
			return network_wrong(
				r, value, "context.dns", i,
				"the address "
				"of a name server such as \"10.0.0.1\"");
	return 0;
}

static int check_mode(struct nsc_reader *r, const json_t *element,
		      struct nsc_config_network *n)
{
	bool macvlan = n->type == NSC_NETWORK_MACVLAN;
	const char *const *modes = macvlan ? macvlan_modes : ipvlan_modes;

	if (n->type != NSC_NETWORK_MACVLAN && n->type != NSC_NETWORK_IPVLAN)
		return 0;
	if (!n->mode) {
		n->mode = strdup(modes[0]);
		return n->mode ? 0 : nsc_error_sys(r->err, ENOMEM, "%s",
						   r->file);
	}
	for (; *modes; modes++)
		if (!strcmp(*modes, n->mode))
			return 0;
	return network_wrong(
		r, json_object_get(json_object_get(element, "context"), "mode"),
		"context.mode", 0,
		macvlan ? "\"bridge\", \"private\", \"vepa\" or "
			  "\"passthru\"" :
			  "\"l2\", \"l3\" or \"l3s\"");
}

/* pasta has one address of each family, and no prefix length for IPv6. */
static int check_pasta(struct nsc_reader *r,
		       const struct nsc_config_network *n)
{
	struct nsc_address a;
	int before = 0;

	if (n->type != NSC_NETWORK_PASTA)
		return 0;
	for (size_t i = 0; n->address && n->address[i]; i++) {
		if (nsc_address_parse(n->address[i], true, &a) < 0)
			return nsc_field_refuse_member(r, "address", "type "
					"\"pasta\" does not accept \"auto\": "
					"its addresses are not visible "
					"outside");
		if (a.family == before || i > 1)
			return nsc_field_refuse_member(r, "address", "type "
					"\"pasta\" accepts one address for "
					"IPv4 and one for IPv6");
		before = a.family;
	}
	return 0;
}

/* The bridge that we make has its own addresses. */
static int check_own_bridge(struct nsc_reader *r, struct nsc_config_network *n)
{
	size_t length = 0;

	if (strcmp(n->bridge, NSC_NETWORK_AUTO) != 0)
		return n->prefix ? 0 :
			nsc_field_refuse_member(r, "context.prefix", "is "
						"missing: type \"veth\" "
						"needs it");
	if (n->gateway)
		return nsc_field_refuse_member(r, "gateway", "is the host with "
					       "\"bridge\": \"auto\"");
	if (n->address && (!n->address[0] || n->address[1] ||
			   strcmp(n->address[0], NSC_NETWORK_AUTO) != 0))
		return nsc_field_refuse_member(r, "address", "is \"auto\" "
					       "with \"bridge\": \"auto\"");
	if (!n->prefix)
		n->prefix = strdup("nsc-");
	if (!n->prefix ||
	    (!n->address &&
	     nsc_text_append(&n->address, &length, NSC_NETWORK_AUTO) < 0))
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	return 0;
}

/* The kernel sends what is addressed to its loopback nowhere else. */
static int check_veth(struct nsc_reader *r, struct nsc_config_network *n)
{
	if (n->type != NSC_NETWORK_VETH)
		return 0;
	for (size_t i = 0; i < n->n_ports; i++)
		if (nsc_address_is_loopback(&n->ports[i].address))
			return nsc_field_refuse_member(r, "ports", "type "
					"\"veth\" has none on the loopback "
					"of the host: type \"pasta\" does");
	return check_own_bridge(r, n);
}

static int check_network(struct nsc_reader *r, const json_t *element,
			 struct nsc_config_network *n)
{
	int ret;

	if (!json_object_get(element, "type"))
		return nsc_field_refuse_member(r, "type", "is missing");
	ret = check_keys(r, element, n);
	if (ret < 0 || n->type == NSC_NETWORK_LOOPBACK)
		return ret;
	ret = check_addresses(r, element, n);
	if (ret == 0)
		ret = check_pasta(r, n);
	if (ret == 0)
		ret = check_veth(r, n);
	if (ret == 0)
		ret = network_check_gateways(r, element, n);
	if (ret == 0)
		ret = check_dns(r, element, n);
	return ret < 0 ? ret : check_mode(r, element, n);
}

static void free_network(struct nsc_config_network *n)
{
	nsc_text_free_vector(n->address);
	nsc_text_free_vector(n->gateway);
	nsc_text_free_vector(n->dns);
	free(n->ports);
	nsc_destinations_free(&n->allow);
	nsc_destinations_free(&n->deny);
	free(n->bridge);
	free(n->prefix);
	free(n->nspath);
	free(n->parent);
	free(n->mode);
}

void nsc_networks_free(struct nsc_config *config)
{
	for (size_t i = 0; i < config->n_networks; i++)
		free_network(&config->networks[i]);
	free(config->networks);
}

int nsc_read_network(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_config_network network = {
		.type = NSC_NETWORK_LOOPBACK, .enforce = true,
	};
	struct nsc_config *config = to;
	int ret = nsc_field_object(r, element, nsc_network_fields, &network);

	if (ret == 0)
		ret = check_network(r, element, &network);
	if (ret == 0 && config->n_networks == NSC_NETWORKS_MAX)
		ret = nsc_field_refuse(r, "more than 16 networks");
	if (ret == 0)
		ret = nsc_field_add(r, &config->networks, &config->n_networks,
				    &network, sizeof(network));
	if (ret < 0)
		free_network(&network);
	return ret;
}

/* Check that this entry can be combined with the others. */
static int check_beside(struct nsc_reader *r, const struct nsc_config *config,
			size_t i)
{
	unsigned int type = config->networks[i].type;
	unsigned int alone = ON(HOST) | ON(NETNS);

	for (size_t j = 0; j < config->n_networks; j++) {
		unsigned int other = config->networks[j].type;

		if (j == i || type == NSC_NETWORK_LOOPBACK ||
		    other == NSC_NETWORK_LOOPBACK)
			continue;
		if (alone & (1u << type))
			return nsc_field_refuse_at(r, "networks", i, "type",
					"cannot be combined with others: that "
					"network already has interfaces");
		if (type == NSC_NETWORK_PASTA && other == type)
			return nsc_field_refuse_at(r, "networks", i > j ? i : j,
					"type",
					"\"pasta\" is allowed only once");
	}
	return 0;
}

static int check_namespace(struct nsc_reader *r, struct nsc_config *config,
			   size_t i)
{
	const struct nsc_config_network *n = &config->networks[i];

	if (n->type == NSC_NETWORK_HOST) {
		config->namespaces &= ~(unsigned int)CLONE_NEWNET;
		return 0;
	}
	if (n->type == NSC_NETWORK_PASTA &&
	    !(config->namespaces & CLONE_NEWUSER))
		return nsc_field_refuse_at(r, "networks", i, "type",
					   "\"pasta\" needs "
					   "namespaces.NEWUSER, or it would "
					   "have to keep privileges of the "
					   "host's root");
	if (config->namespaces & CLONE_NEWNET ||
	    (n->type == NSC_NETWORK_LOOPBACK && !n->mtu))
		return 0;
	return nsc_field_refuse_at(r, "networks", i, "type",
				   "needs namespaces.NEWNET, or it would "
				   "change the host's network");
}

struct seen {
	bool v4, v6, automatic;
};

/* Allow one default route for each family, and one address of the pool. */
static int check_once(struct nsc_reader *r, const struct nsc_config *config,
		      size_t i, struct seen *seen)
{
	const struct nsc_config_network *n = &config->networks[i];
	struct nsc_address g;

	if (n->type == NSC_NETWORK_LOOPBACK)
		return 0;
	for (size_t k = 0; n->address && n->address[k]; k++) {
		if (strcmp(n->address[k], NSC_NETWORK_AUTO) != 0)
			continue;
		if (seen->automatic)
			return nsc_field_refuse_at(r, "networks", i, "address",
					"\"auto\" is allowed only once");
		seen->automatic = true;
	}
	for (size_t k = 0; n->gateway && n->gateway[k]; k++) {
		bool *family;

		nsc_address_parse(n->gateway[k], false, &g);
		family = g.family == AF_INET ? &seen->v4 : &seen->v6;
		if (*family && n->type != NSC_NETWORK_PASTA)
			return nsc_field_refuse_at(r, "networks", i, "gateway",
					"another entry already sets a default "
					"route");
		*family = true;
	}
	return 0;
}

int nsc_networks_check(struct nsc_reader *r, struct nsc_config *config)
{
	struct seen seen = { false, false, false };
	int ret = 0;

	for (size_t i = 0; i < config->n_networks; i++)
		if (config->networks[i].type == NSC_NETWORK_PASTA)
			seen.v4 = seen.v6 = true;
	for (size_t i = 0; ret == 0 && i < config->n_networks; i++) {
		ret = check_beside(r, config, i);
		if (ret == 0)
			ret = check_namespace(r, config, i);
		if (ret == 0)
			ret = check_once(r, config, i, &seen);
		if (ret == 0)
			ret = nsc_ports_check(r, config, i);
		if (ret == 0)
			ret = nsc_destinations_check(r, config, i);
	}
	return ret;
}
