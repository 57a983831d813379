/* SPDX-License-Identifier: Apache-2.0 */
/* The destinations that networks[].allow and networks[].deny name. */
#ifndef NSC_CONFIG_DESTINATION_H
#define NSC_CONFIG_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>

#include "util/address.h"

#define NSC_DESTINATIONS_MAX 256	/* in one list */

struct nsc_destination {
	struct nsc_address net;		/* family 0: each address */
	unsigned int protocol;		/* IPPROTO_*; 0: each one */
	unsigned int first, last;	/* ports; 0: each one */
};

struct nsc_destinations {
	bool given;			/* an empty list is one as well */
	struct nsc_destination *list;
	size_t n;
};

/*
 * "HOST[:PORT[-PORT]][/PROTOCOL]".  HOST is an address, a network, or "*" for
 * each address; one of IPv6 is in brackets before a port.  A port without a
 * protocol is one of TCP, and "icmp" is ICMPv6 as well.
 */
bool nsc_destination_parse(const char *text, struct nsc_destination *ret);

#endif
