/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of nftables for containers, as text: docs/design/0081. */
#ifndef NSC_NETWORK_RULES_H
#define NSC_NETWORK_RULES_H

#include <stddef.h>

#include "network/attached.h"

/* Commands that remove our tables, whether they exist or not. */
extern const char nsc_rules_remove[];

/* Commands that replace them, in new memory; NULL without memory. */
char *nsc_rules_print(const struct nsc_attached *list, size_t n);

#endif
