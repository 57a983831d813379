/* SPDX-License-Identifier: Apache-2.0 */
/* The names in networks[].allow, for the rules and for name-resolver. */
#ifndef NSC_NETWORK_LISTS_NAMES_H
#define NSC_NETWORK_LISTS_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config/container_config.h"

/*
 * Do the lists have names, or are the names of interest that are outside of
 * them?  Then the container's name server is name-resolver,
 * at NSC_NAMES_ADDRESS.
 */
bool nsc_lists_have_names(const struct nsc_config *config);

/*
 * The number in the names of a destination's sets, and the mark of connections
 * to it: the same for the same destination, whatever else is in the lists, and
 * never 0.
 */
uint32_t nsc_lists_number(const struct nsc_destination *to);

/* Call use for each destination with a name, but once for equal ones. */
void nsc_lists_each_name(FILE *out, const struct nsc_config *config,
			 void (*use)(FILE *out,
				     const struct nsc_destination *to));

/*
 * The content of NSC_FILE_NAMES in new memory, with servers if a name-resolver
 * asks them; NULL without memory.
 */
char *nsc_lists_names(const struct nsc_config *config, bool servers);

#endif
