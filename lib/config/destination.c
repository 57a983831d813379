/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/destination.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "util/dns.h"
#include "util/fd.h"
#include "util/text.h"

static const struct {
	const char *name;
	unsigned int number;
	bool ports;
} protocols[] = {
	{ "/tcp", IPPROTO_TCP, true },
	{ "/udp", IPPROTO_UDP, true },
	{ "/icmp", IPPROTO_ICMP, false },
};

/* Take the protocol from the end of the text. */
static void parse_protocol(char *text, struct nsc_destination *to)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(protocols); i++)
		if (nsc_text_ends_with(text, protocols[i].name)) {
			text[strlen(text) - strlen(protocols[i].name)] = '\0';
			to->protocol = protocols[i].number;
			return;
		}
}

/* "443" or "8000-8080" */
static bool parse_ports(char *text, struct nsc_destination *to)
{
	char *dash = strchr(text, '-');
	long long first, last;

	if (dash)
		*dash++ = '\0';
	if (nsc_text_number(text, 1, 65535, &first) < 0)
		return false;
	last = first;
	if (dash && nsc_text_number(dash, first, 65535, &last) < 0)
		return false;
	to->first = (unsigned int)first;
	to->last = (unsigned int)last;
	if (!to->protocol)
		to->protocol = IPPROTO_TCP;
	return to->protocol != IPPROTO_ICMP;
}

/* Cut the text into the host and its ports, which are NULL without any. */
static bool split_ports(char **host, char **ports)
{
	char *colon = strchr(*host, ':');

	*ports = NULL;
	if (**host == '[') {
		char *end = strchr(++*host, ']');

		if (!end || (end[1] && end[1] != ':') || !colon || colon > end)
			return false;
		*end = '\0';
		colon = end[1] ? end + 1 : NULL;
	} else if (colon && strchr(colon + 1, ':')) {
		return true;		/* of IPv6, without ports */
	}
	if (!colon)
		return true;
	*colon = '\0';
	*ports = colon + 1;
	return true;
}

int nsc_destination_parse(const char *text, struct nsc_destination *ret)
{
	struct nsc_destination to = { .protocol = 0 };
	char copy[NSC_DNS_NAME_MAX + 32], *host = copy, *ports;
	const char *name = NULL;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	parse_protocol(copy, &to);
	if (!split_ports(&host, &ports) || (ports && !parse_ports(ports, &to)))
		return -EINVAL;
	if (nsc_address_parse(host, strchr(host, '/'), &to.net) == 0) {
		if (!nsc_address_is_network(&to.net))
			return -EINVAL;
	} else if (host == copy && nsc_dns_pattern_valid(host)) {
		name = host;
	} else if (strcmp(host, "*") != 0) {
		return -EINVAL;
	}
	*ret = to;
	if (name)
		ret->name = strdup(name);
	return !name || ret->name ? 0 : -ENOMEM;
}

void nsc_destinations_free(struct nsc_destinations *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->list[i].name);
	free(all->list);
}
