/* SPDX-License-Identifier: Apache-2.0 */
/* The key networks of container.json. */
#ifndef NSC_CONFIG_NETWORK_KEYS_H
#define NSC_CONFIG_NETWORK_KEYS_H

#include <net/if.h>
#include <stdbool.h>

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

/* Is it NSC_NETWORK_AUTO, or an entry with such an address? */
bool nsc_network_is_auto(const char *text);
bool nsc_network_has_auto(const struct nsc_config_network *n);

/* Is it an interface that nscontainer makes, named ethN inside? */
bool nsc_network_is_made(const struct nsc_config_network *network);

/*
 * The name inside of the interface of networks[i]: "lo", or "eth0" and so on in
 * the order of the array; "" if it has none of its own.
 */
void nsc_network_interface(const struct nsc_config *config, size_t i,
			   char name[IFNAMSIZ]);

void nsc_networks_free(struct nsc_config *config);

#endif
