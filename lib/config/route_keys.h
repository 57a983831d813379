/* SPDX-License-Identifier: Apache-2.0 */
/* The key routes of container.json. */
#ifndef NSC_CONFIG_ROUTE_KEYS_H
#define NSC_CONFIG_ROUTE_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

extern const struct nsc_field nsc_route_fields[];
nsc_element_read nsc_read_route;	/* struct nsc_config: routes */

/* Check the routes beside the networks, and drop those that they make. */
int nsc_routes_check(struct nsc_reader *reader, struct nsc_config *config);

#endif
