/* SPDX-License-Identifier: Apache-2.0 */
/* The destinations that networks[].allow and networks[].deny name. */
#ifndef NSC_CONFIG_DESTINATION_H
#define NSC_CONFIG_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>

#include "util/address.h"

#define NSC_DESTINATIONS_MAX 256	/* in one list */

struct nsc_destination {
	struct nsc_address net;		/* family 0: each address, or: */
	char *name;			/* see nsc_dns_matches(); or NULL */
	unsigned int protocol;		/* IPPROTO_*; 0: each one */
	unsigned int first, last;	/* ports; 0: each one */
};

struct nsc_destinations {
	bool given;			/* an empty list is one as well */
	struct nsc_destination *list;
	size_t n;
};

/*
 * "HOST[:PORT[-PORT]][/PROTOCOL]".  HOST is an address, a network, a name as in
 * nsc_dns_matches(), or "*" for each address; one of IPv6 is in brackets before
 * a port.  A port without a protocol is one of TCP, and "icmp" is ICMPv6 as
 * well.  Returns 0, -EINVAL for any other text, or -ENOMEM.
 */
int nsc_destination_parse(const char *text, struct nsc_destination *ret);

void nsc_destinations_free(struct nsc_destinations *all);

#endif
