/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit alone. */
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

/* The address before the last two numbers, such as "[::1]:" or "10.0.0.1:". */
static bool parse_host(const char **text, struct nsc_address *ret)
{
	bool bracket = **text == '[';
	const char *begin = *text + bracket, *end;
	char copy[NSC_ADDRESS_SIZE];

	end = begin + strcspn(begin, bracket ? "]" : ":");
	if (bracket ? strncmp(end, "]:", 2) != 0 : *end != ':')
		return false;
	if (!bracket && !memchr(begin, '.', (size_t)(end - begin)))
		return true;		/* it is the first number */
	snprintf(copy, sizeof(copy), "%.*s", (int)(end - begin), begin);
	*text = end + 1 + bracket;
	return nsc_address_parse(copy, false, ret) == 0 &&
	       (ret->family == AF_INET6) == bracket;
}

/* "[ADDRESS:]HOST:CONTAINER[/PROTOCOL]" */
static bool parse_forward(const char *text, struct nsc_port *ret)
{
	if (!parse_host(&text, &ret->address) ||
	    !parse_port(&text, &ret->host) || *text++ != ':' ||
	    !parse_port(&text, &ret->inside))
		return false;
	ret->udp = !strcmp(text, "/udp");
	return ret->udp || !*text || !strcmp(text, "/tcp");
}

int nsc_read_port(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_config_network *n = to;
	_cleanup_free_ char *text = NULL;
	struct nsc_port port = { .udp = false };
	int ret = nsc_read_template(r, element, NULL, &text);

	if (ret < 0)
		return ret;
	if (!parse_forward(text, &port))
		return nsc_field_wrong(r, element, "a port of the host and one "
				       "of the container such as \"8080:80\", "
				       "\"127.0.0.1:8080:80\" or "
				       "\"5353:53/udp\"");
	if (n->n_ports == NSC_PORTS_MAX)
		return nsc_field_refuse(r, "more than 32 ports");
	return nsc_field_add(r, &n->ports, &n->n_ports, &port, sizeof(port));
}
