/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/port_keys.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/address.h"
#include "util/fd.h"

/* Read a number from 1 to 65535 at *text, and go beyond it. */
static bool parse_port(const char **text, unsigned int *ret)
{
	size_t digits = strspn(*text, "0123456789");

	if (!digits || digits > 5 || **text == '0')
		return false;
	*ret = (unsigned int)strtoul(*text, NULL, 10);
	*text += digits;
	return *ret <= 65535;
}

/* Go beyond the sign if it is at *text. */
static bool skip_sign(const char **text, char sign)
{
	bool found = **text == sign;

	*text += found;
	return found;
}

/* Read "FIRST" or "FIRST-LAST". */
static bool parse_range(const char **text, unsigned int *ret,
			unsigned int *ret_count)
{
	unsigned int last;

	if (!parse_port(text, ret))
		return false;
	last = *ret;
	if (skip_sign(text, '-') && !parse_port(text, &last))
		return false;
	*ret_count = last - *ret + 1;
	return last >= *ret;
}

/* The address before the numbers, such as "[::1]:" or "10.0.0.1:". */
static bool parse_host(const char **text, struct nsc_address *ret)
{
	bool bracket = **text == '[';
	const char *begin = *text + bracket, *end;
	char copy[NSC_ADDRESS_SIZE];

	end = begin + strcspn(begin, bracket ? "]" : ":");
	if (bracket && strncmp(end, "]:", 2) != 0)
		return false;
	if (!bracket && (!*end || !memchr(begin, '.', (size_t)(end - begin))))
		return true;		/* it is the first number */
	snprintf(copy, sizeof(copy), "%.*s", (int)(end - begin), begin);
	*text = end + 1 + bracket;
	return nsc_address_parse(copy, false, ret) == 0 &&
	       (ret->family == AF_INET6) == bracket;
}

/* "[ADDRESS:]HOST[:CONTAINER][/PROTOCOL]"; *inside is the second count. */
static bool parse_forward(const char *text, struct nsc_port *ret,
			  unsigned int *inside)
{
	if (!parse_host(&text, &ret->address) ||
	    !parse_range(&text, &ret->host, &ret->count))
		return false;
	ret->inside = ret->host;
	*inside = ret->count;
	if (skip_sign(&text, ':') && !parse_range(&text, &ret->inside, inside))
		return false;
	ret->udp = !strcmp(text, "/udp");
	return ret->udp || !*text || !strcmp(text, "/tcp");
}

int nsc_read_port(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_config_network *n = to;
	_cleanup_free_ char *text = NULL;
	struct nsc_port port = { .udp = false };
	unsigned int inside;
	char unequal[80];
	int ret = nsc_read_template(r, element, NULL, &text);

	if (ret < 0)
		return ret;
	if (!parse_forward(text, &port, &inside))
		return nsc_field_wrong(r, element, "a port of the host and one "
				       "of the container such as \"8080:80\", "
				       "\"127.0.0.1:8080:80\", "
				       "\"5353:53/udp\" or "
				       "\"8000-8010:8000-8010\"");
	snprintf(unequal, sizeof(unequal), "has %u of the host's ports, but "
		 "%u of the container's", port.count, inside);
	if (port.count != inside)
		return nsc_field_refuse(r, unequal);
	if (n->n_ports == NSC_PORTS_MAX)
		return nsc_field_refuse(r, "more than 32 ports");
	return nsc_field_add(r, &n->ports, &n->n_ports, &port, sizeof(port));
}

const char *nsc_ports_print_range(unsigned int first, unsigned int count,
				  char buf[NSC_PORTS_RANGE])
{
	unsigned int last = first + count - 1;

	snprintf(buf, NSC_PORTS_RANGE, count > 1 ? "%hu-%hu" : "%hu",
		 (unsigned short)first, (unsigned short)last);
	return buf;
}

/* Does one of them stand for the address of the other? */
static bool addresses_meet(const struct nsc_address *a,
			   const struct nsc_address *b)
{
	return !a->family || !b->family || nsc_address_equal(a, b) ||
	       (a->family == b->family &&
		(nsc_address_is_any(a) || nsc_address_is_any(b)));
}

unsigned int nsc_ports_meet(const struct nsc_port *a, const struct nsc_port *b)
{
	if (a->udp != b->udp || !addresses_meet(&a->address, &b->address) ||
	    a->host + a->count <= b->host || b->host + b->count <= a->host)
		return 0;
	return a->host > b->host ? a->host : b->host;
}

static int check_port(struct nsc_reader *r, const struct nsc_config *config,
		      size_t i, size_t k)
{
	const struct nsc_port *port = &config->networks[i].ports[k];
	char where[32], text[80];

	for (size_t j = 0; j <= i; j++) {
		const struct nsc_config_network *n = &config->networks[j];

		for (size_t l = 0; l < (j < i ? n->n_ports : k); l++) {
			unsigned int both = nsc_ports_meet(port, &n->ports[l]);

			if (!both)
				continue;
			snprintf(where, sizeof(where), "ports[%zu]", k);
			snprintf(text, sizeof(text), "has the port %u/%s, as "
				 "networks[%zu].ports[%zu] does", both,
				 port->udp ? "udp" : "tcp", j, l);
			return nsc_field_refuse_at(r, "networks", i, where,
						   text);
		}
	}
	return 0;
}

int nsc_ports_check(struct nsc_reader *r, const struct nsc_config *config,
		    size_t i)
{
	int ret = 0;

	for (size_t k = 0; ret == 0 && k < config->networks[i].n_ports; k++)
		ret = check_port(r, config, i, k);
	return ret;
}
