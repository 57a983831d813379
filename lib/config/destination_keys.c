/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/destination_keys.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/rate_keys.h"
#include "util/fd.h"

static const char expected[] =
	"an address, a network, a name or \"*\", perhaps with ports and a "
	"protocol, such as \"10.0.0.0/8\", \"*.example.org:443\", "
	"\"[2001:db8::1]:22\", \"*:53/udp\" or \"10.0.0.1/icmp\"";

static int read_destination(struct nsc_reader *r, const json_t *element,
			    void *to)
{
	struct nsc_destinations *all = to;
	_cleanup_free_ char *text = NULL;
	struct nsc_destination one;
	int ret = nsc_read_template(r, element, NULL, &text);

	if (ret < 0)
		return ret;
	ret = nsc_destination_parse(text, &one);
	if (ret == -ENOMEM)
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	if (ret < 0)
		return nsc_field_wrong(r, element, expected);
	ret = all->n == NSC_DESTINATIONS_MAX ?
		nsc_field_refuse(r, "more than 256 destinations") :
		nsc_field_add(r, &all->list, &all->n, &one, sizeof(one));
	if (ret < 0)
		free(one.name);
	return ret;
}

int nsc_read_destinations(struct nsc_reader *r, const json_t *value,
			  const struct nsc_field *f, void *to)
{
	struct nsc_destinations *all = to;

	(void)f;
	all->given = true;
	return nsc_field_array(r, value, read_destination, all);
}

/*
 * Without a user namespace, these capabilities would hold for the host's
 * networks as well, or go round the rules.
 */
static const struct {
	const char *name;
	unsigned int number;
} dangers[] = {
	{ "NET_ADMIN", CAP_NET_ADMIN },
	{ "NET_RAW", CAP_NET_RAW },
	{ "SYS_ADMIN", CAP_SYS_ADMIN },
	{ "SYS_MODULE", CAP_SYS_MODULE },
	{ "SYS_PTRACE", CAP_SYS_PTRACE },
};

static bool has_name(const struct nsc_destinations *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].name)
			return true;
	return false;
}

bool nsc_destinations_given(const struct nsc_config_network *n)
{
	return n->allow.given || n->deny.given;
}

/* The container has one name server, and one account of what was refused. */
static int check_modes(struct nsc_reader *r, const struct nsc_config *config,
		       size_t i)
{
	const struct nsc_config_network *n = &config->networks[i];

	if (!nsc_destinations_given(n))
		return n->enforce && !n->log ? 0 :
			nsc_field_refuse_at(r, "networks", i, n->log ? "log" :
					    "enforce", "needs allow or deny");
	for (size_t k = 0; k < i; k++)
		if (nsc_destinations_given(&config->networks[k]) &&
		    config->networks[k].enforce != n->enforce)
			return nsc_field_refuse_at(r, "networks", i, "enforce",
					"differs from that of another list "
					"of the container");
	return 0;
}

int nsc_destinations_check(struct nsc_reader *r,
			   const struct nsc_config *config, size_t i)
{
	const struct nsc_config_network *n = &config->networks[i];
	char text[128];
	int ret = check_modes(r, config, i);

	if (ret < 0)
		return ret;
	if (has_name(&n->deny))
		return nsc_field_refuse_at(r, "networks", i, "deny", "has a "
				"name: a name may have any address, so only "
				"allow has names");
	if (has_name(&n->allow) && !(config->namespaces & CLONE_NEWUSER))
		return nsc_field_refuse_at(r, "networks", i, "allow", "has a "
				"name, which needs namespaces.NEWUSER, or "
				"name-resolver would have to keep privileges "
				"of the host's root");
	if (config->namespaces & CLONE_NEWUSER ||
	    (!nsc_destinations_given(n) && !nsc_rate_given(&n->rate)))
		return 0;
	for (size_t k = 0; k < NSC_ARRAY_SIZE(dangers); k++) {
		if (!(config->process.capabilities &
		      UINT64_C(1) << dangers[k].number))
			continue;
		snprintf(text, sizeof(text), "needs namespaces.NEWUSER, or "
			 "capabilities without %s, which is above such a %s",
			 dangers[k].name,
			 nsc_destinations_given(n) ? "list" : "rate");
		return nsc_field_refuse_at(r, "networks", i,
					   n->allow.given ? "allow" :
					   n->deny.given ? "deny" : "rate",
					   text);
	}
	return 0;
}
