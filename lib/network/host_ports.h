/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports of the host that lead to containers, as "PROTOCOL HOST[-LAST] INSIDE
 * [ADDRESS]".  Runs in: nsinit and the builder, in the host's network.
 */
#ifndef NSC_NETWORK_HOST_PORTS_H
#define NSC_NETWORK_HOST_PORTS_H

#include <sys/types.h>

#include "util/error.h"
#include "config/container_config.h"

#define NSC_PORTS_NOBODY ((uid_t)-1)

/* In a vector; ports is what nsc_port_parse() reads. */
#define NSC_PORT_TEXT (NSC_ADDRESS_SIZE + 24)
void nsc_port_print(const struct nsc_port *port, char text[NSC_PORT_TEXT]);

/* False if it is not such a text. */
bool nsc_port_parse(const char *text, struct nsc_port *ret);

/* -EADDRINUSE if one of the ports is also 'other', which 'owner' has. */
int nsc_host_ports_differ(char *const *ports, const char *other,
			  const char *owner, struct nsc_error *err);

/* The use that is made of the ports. */
struct nsc_ports_for {
	bool binds;	/* pasta; false: rules of nftables */
	uid_t except;	/* pasta of this user's container may have them now */
};

/*
 * -EADDRINUSE if a process of the host listens on one of the ports, or if a
 * port would be bound and the host has a connection from it; processes of
 * 'except' do not count.
 */
int nsc_host_ports_free(char *const *ports, const struct nsc_ports_for *who,
			struct nsc_error *err);

/* -EACCES if pasta, which has no capability on the host, cannot have one. */
int nsc_host_ports_allowed(char *const *ports, struct nsc_error *err);

#endif
