/* SPDX-License-Identifier: Apache-2.0 */
/* networks[] of container.json. */
#ifndef NSC_CONFIG_NETWORK_KEYS_H
#define NSC_CONFIG_NETWORK_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

extern const struct nsc_field nsc_network_fields[];

nsc_field_read nsc_read_networks;	/* struct nsc_config, at 0 */

/*
 * What one entry alone cannot show.  Takes NEWNET away where the network is
 * the host's.
 */
int nsc_networks_check(struct nsc_reader *reader, struct nsc_config *config);

/* "veth" and so on. */
const char *nsc_network_type_name(enum nsc_network_type type);

void nsc_networks_free(struct nsc_config *config);

#endif
