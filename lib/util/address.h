/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4 and IPv6 addresses as configuration files write them. */
#ifndef NSC_UTIL_ADDRESS_H
#define NSC_UTIL_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define NSC_ADDRESS_SIZE (INET6_ADDRSTRLEN + 4)	/* with "/128" */

struct nsc_address {
	int family;		/* AF_INET, AF_INET6; 0: no address */
	unsigned char bytes[16];	/* network order; IPv4 uses 4 bytes */
	unsigned int length;	/* of the prefix; without one: all bits */
};

/*
 * Accepts "10.0.0.2/24", or "10.0.0.2" if length is false.  Everything else is
 * -EINVAL.
 */
int nsc_address_parse(const char *text, bool length, struct nsc_address *ret);

/* Write the address, with or without its prefix length; returns buf. */
const char *nsc_address_print(const struct nsc_address *address, bool length,
			      char buf[NSC_ADDRESS_SIZE]);

/* Is the address in the network that the prefix of net describes? */
bool nsc_address_covers(const struct nsc_address *net,
			const struct nsc_address *address);

/* Are all bits after the prefix 0? */
bool nsc_address_is_network(const struct nsc_address *net);

/* The address at this offset from net, with the same prefix length. */
struct nsc_address nsc_address_add(const struct nsc_address *net,
				   uint32_t offset);

bool nsc_address_equal(const struct nsc_address *a,
		       const struct nsc_address *b);

/* fe80::/10, which belongs to the network of every interface. */
bool nsc_address_is_link_local(const struct nsc_address *address);

/* 0.0.0.0 or ::, which stand for each address of their family. */
bool nsc_address_is_any(const struct nsc_address *address);

/* 127.0.0.0/8 or ::1 */
bool nsc_address_is_loopback(const struct nsc_address *address);

#endif
