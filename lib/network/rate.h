/* SPDX-License-Identifier: Apache-2.0 */
/*
 * networks[].rate: rules beside those of the lists, see lists.h and
 * docs/design/0098-a-rate-is-a-rule-beside-the-lists.md
 */
#ifndef NSC_NETWORK_RATE_H
#define NSC_NETWORK_RATE_H

#include <stdio.h>

#include "config/container_config.h"

/*
 * Print a chain and a counter for each rate, of the table of the lists.  Where
 * there is none, no packet meets a chain of it.
 */
void nsc_rate_rules(FILE *out, const struct nsc_config *config);

#endif
