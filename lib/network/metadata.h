/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses where clouds answer everybody who asks with the machine's own
 * secrets: docs/design/0097-what-lists-refuse-is-recorded.md
 */
#ifndef NSC_NETWORK_METADATA_H
#define NSC_NETWORK_METADATA_H

#include <stdio.h>

#include "util/address.h"

/* Is it one of them, also as an IPv4 address in one of IPv6? */
bool nsc_metadata_is(const struct nsc_address *address);

/* Print rules that send packets for them to the chain "refuse". */
void nsc_metadata_rules(FILE *out);

#endif
