/* SPDX-License-Identifier: Apache-2.0 */
#include "network/host_ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "util/fd.h"

void nsc_port_print(const struct nsc_port *port, char text[NSC_PORT_TEXT])
{
	char on[NSC_ADDRESS_SIZE];

	nsc_address_print(&port->address, false, on);
	snprintf(text, NSC_PORT_TEXT, "%s %u %u%s%s", port->udp ? "udp" : "tcp",
		 port->host, port->inside, on[0] ? " " : "", on);
}

bool nsc_port_parse(const char *text, struct nsc_port *ret)
{
	char protocol[4], on[NSC_ADDRESS_SIZE] = "";
	int n;

	_Static_assert(NSC_ADDRESS_SIZE == 50, "the width below");
	*ret = (struct nsc_port){ .udp = false };
	n = sscanf(text, "%3s %5u %5u %49s", protocol, &ret->host,
		   &ret->inside, on);
	ret->udp = !strcmp(protocol, "udp");
	return n == 3 ||
	       (n == 4 && nsc_address_parse(on, false, &ret->address) == 0);
}

/* A port without an address is one of every address. */
static bool ports_meet(const struct nsc_port *a, const struct nsc_port *b)
{
	return a->udp == b->udp && a->host == b->host &&
	       (!a->address.family || !b->address.family ||
		nsc_address_equal(&a->address, &b->address));
}

int nsc_host_ports_differ(char *const *ports, const char *other,
			  const char *owner, struct nsc_error *err)
{
	struct nsc_port mine, theirs;

	for (; nsc_port_parse(other, &theirs) && *ports; ports++)
		if (nsc_port_parse(*ports, &mine) && ports_meet(&mine, &theirs))
			return nsc_error_set(err, EADDRINUSE, "ports: %u/%s is "
					     "a port of the container of '%s'",
					     mine.host, mine.udp ? "udp" :
					     "tcp", owner);
	return 0;
}

/*
 * A new connection to the port would go to the container, and no longer to the
 * process that listens there: see whether the port can be had.
 */
static int try_port(const struct nsc_port *port, int family)
{
	_cleanup_fd_ int fd = socket(family, (port->udp ? SOCK_DGRAM :
					      SOCK_STREAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port->host) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons((uint16_t)port->host) };
	const int on = 1;
	int ret;

	/* Connections that have ended are no obstacle. */
	if (fd >= 0 && !port->udp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd >= 0 && family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	memcpy(&v4.sin_addr, port->address.bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, port->address.bytes, sizeof(v6.sin6_addr));
	ret = family == AF_INET ? bind(fd, (struct sockaddr *)&v4, sizeof(v4)) :
				  bind(fd, (struct sockaddr *)&v6, sizeof(v6));
	return ret < 0 ? -errno : 0;
}

static int check_port(const struct nsc_port *port, int family,
		      struct nsc_error *err)
{
	int ret = !port->address.family || port->address.family == family ?
			  try_port(port, family) : 0;

	if (ret == -EADDRINUSE)
		return nsc_error_set(err, EADDRINUSE, "ports: a process of the "
				     "host listens on %u/%s: 'ss -lntup' shows "
				     "it", port->host,
				     port->udp ? "udp" : "tcp");
	if (ret == -EADDRNOTAVAIL)
		return nsc_error_set(err, EADDRNOTAVAIL, "ports: the address "
				     "of %u is none of the host's",
				     port->host);
	return 0;
}

int nsc_host_ports_free(char *const *ports, struct nsc_error *err)
{
	struct nsc_port port;
	int ret = 0;

	for (; ret == 0 && *ports && nsc_port_parse(*ports, &port); ports++) {
		ret = check_port(&port, AF_INET, err);
		if (ret == 0)
			ret = check_port(&port, AF_INET6, err);
	}
	return ret;
}
