/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements of nftables' sets, without a library.
 */
#ifndef NSC_LINUX_NFT_ELEMENT_H
#define NSC_LINUX_NFT_ELEMENT_H

#include <stdint.h>

#include "util/address.h"

/* A socket for the network namespace of the caller, or a negative errno. */
int nsc_nft_element_open(void);

/*
 * Put the address into a set of the table of family inet, for that many
 * seconds, also if it is there.  The kernel looks at the rights of whoever
 * opened the socket and of the caller.  Returns 0 or a negative errno: -ENOENT
 * without such a set, -ENFILE if the set is full.
 */
int nsc_nft_element_add(int sock, const char *table, const char *set,
			const struct nsc_address *address, uint32_t seconds);

#endif
