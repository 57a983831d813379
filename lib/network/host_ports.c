/* SPDX-License-Identifier: Apache-2.0 */
#include "network/host_ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config/port_keys.h"
#include "util/fd.h"
#include "util/file.h"

void nsc_port_print(const struct nsc_port *port, char text[NSC_PORT_TEXT])
{
	char on[NSC_ADDRESS_SIZE], range[NSC_PORTS_RANGE];

	nsc_address_print(&port->address, false, on);
	snprintf(text, NSC_PORT_TEXT, "%s %s %u%s%s", port->udp ? "udp" : "tcp",
		 nsc_ports_print_range(port->host, port->count, range),
		 port->inside, on[0] ? " " : "", on);
}

bool nsc_port_parse(const char *text, struct nsc_port *ret)
{
	char protocol[4], range[NSC_PORTS_RANGE], on[NSC_ADDRESS_SIZE] = "";
	unsigned int last;
	int n;

	_Static_assert(NSC_ADDRESS_SIZE == 50, "the width below");
	*ret = (struct nsc_port){ .udp = false };
	n = sscanf(text, "%3s %11s %5u %49s", protocol, range, &ret->inside,
		   on);
	if (n < 3 ||
	    (n == 4 && nsc_address_parse(on, false, &ret->address) < 0))
		return false;
	n = sscanf(range, "%5u-%5u", &ret->host, &last);
	ret->count = n == 2 ? last - ret->host + 1 : 1;
	ret->udp = !strcmp(protocol, "udp");
	return n > 0;
}

int nsc_host_ports_differ(char *const *ports, const char *other,
			  const char *owner, struct nsc_error *err)
{
	struct nsc_port mine, theirs;
	unsigned int both;

	for (; nsc_port_parse(other, &theirs) && *ports; ports++) {
		both = nsc_port_parse(*ports, &mine) ?
			       nsc_ports_meet(&mine, &theirs) : 0;
		if (both)
			return nsc_error_set(err, EADDRINUSE, "ports: %u/%s is "
					     "a port of the container of '%s'",
					     both, mine.udp ? "udp" : "tcp",
					     owner);
	}
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

/* A bit for each port with a socket of the host; [1] is UDP. */
struct sockets {
	unsigned char listening[2][8192], of_user[2][8192];
	bool known;
};

static bool has_bit(const unsigned char *bits, unsigned int port)
{
	return bits[port / 8] & 1U << port % 8;
}

static void set_bit(unsigned char *bits, unsigned int port)
{
	bits[port / 8] |= (unsigned char)(1U << port % 8);
}

/* The file is one of proc_net(5). */
static bool read_sockets(struct sockets *s, const char *path, bool udp,
			 uid_t user)
{
	const unsigned int listens = udp ? TCP_CLOSE : TCP_LISTEN;
	_cleanup_file_ FILE *file = fopen(path, "re");
	unsigned int port, state, uid;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*d: %*[0-9A-F]:%4x %*s %x %*s %*s %*s %u",
			   &port, &state, &uid) != 3)
			continue;
		if (state == listens)
			set_bit(s->listening[udp], port);
		if (uid == user)
			set_bit(s->of_user[udp], port);
	}
	return file;
}

/* A host without IPv6 has two of the files. */
static void know(struct sockets *s, uid_t user)
{
	if (s->known)
		return;
	if (!read_sockets(s, "/proc/net/tcp", false, user) ||
	    !read_sockets(s, "/proc/net/udp", true, user))
		memset(s->listening, 0xff, sizeof(s->listening));
	(void)read_sockets(s, "/proc/net/tcp6", false, user);
	(void)read_sockets(s, "/proc/net/udp6", true, user);
	s->known = true;
}

/*
 * A rule of nftables leaves connections as they are that the host has from the
 * port; only what listens there would lose its own.
 */
static int check_busy(struct sockets *s, const struct nsc_port *port,
		      const struct nsc_ports_for *who, struct nsc_error *err)
{
	bool listens;

	know(s, who->except);
	listens = has_bit(s->listening[port->udp], port->host);
	if (has_bit(s->of_user[port->udp], port->host) ||
	    (!listens && !who->binds))
		return 0;
	return nsc_error_set(err, EADDRINUSE, "ports: a process of the host "
			     "%s %u/%s: 'ss -%sntup' shows it",
			     listens ? "listens on" : "uses", port->host,
			     port->udp ? "udp" : "tcp", listens ? "l" : "");
}

static int check_port(struct sockets *s, const struct nsc_port *port,
		      int family, const struct nsc_ports_for *who,
		      struct nsc_error *err)
{
	int ret = !port->address.family || port->address.family == family ?
			  try_port(port, family) : 0;

	if (ret == -EADDRINUSE)
		return check_busy(s, port, who, err);
	if (ret == -EADDRNOTAVAIL)
		return nsc_error_set(err, EADDRNOTAVAIL, "ports: the address "
				     "of %u is none of the host's",
				     port->host);
	return 0;
}

int nsc_host_ports_free(char *const *ports, const struct nsc_ports_for *who,
			struct nsc_error *err)
{
	struct sockets s = { .known = false };
	struct nsc_port port;
	int ret = 0;

	for (; ret == 0 && *ports && nsc_port_parse(*ports, &port); ports++)
		for (; ret == 0 && port.count; port.host++, port.count--) {
			ret = check_port(&s, &port, AF_INET, who, err);
			if (ret == 0)
				ret = check_port(&s, &port, AF_INET6, who, err);
		}
	return ret;
}

int nsc_host_ports_allowed(char *const *ports, struct nsc_error *err)
{
	static const char key[] = "net.ipv4.ip_unprivileged_port_start";
	char text[16] = "";
	struct nsc_port port;
	unsigned int first;

	nsc_file_read_text(AT_FDCWD,
			   "/proc/sys/net/ipv4/ip_unprivileged_port_start",
			   text, sizeof(text));
	first = (unsigned int)strtoul(text, NULL, 10);
	for (; *ports && nsc_port_parse(*ports, &port); ports++)
		if (port.host < first)
			return nsc_error_set(err, EACCES, "ports: pasta runs "
					     "as the user, who may not have "
					     "%u/%s: the sysctl %s is %u",
					     port.host,
					     port.udp ? "udp" : "tcp", key,
					     first);
	return 0;
}
