/* SPDX-License-Identifier: Apache-2.0 */
/* The key networks of container.json. */
#ifndef NSC_CONFIG_NETWORK_KEYS_H
#define NSC_CONFIG_NETWORK_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

extern const struct nsc_field nsc_network_fields[];

nsc_element_read nsc_read_network;	/* struct nsc_config, at 0 */

/*
 * Check each entry against the others and the namespaces.  If the container
 * uses the host's network, remove CLONE_NEWNET from config->namespaces.
 * Returns 0 or a negative errno with reader->err set.
 */
int nsc_networks_check(struct nsc_reader *reader, struct nsc_config *config);

/* The name of a type in container.json, such as "veth". */
const char *nsc_network_type_name(enum nsc_network_type type);

void nsc_networks_free(struct nsc_config *config);

#endif
