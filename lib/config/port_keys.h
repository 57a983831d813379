/* SPDX-License-Identifier: Apache-2.0 */
/* The key networks[].ports of container.json. */
#ifndef NSC_CONFIG_PORT_KEYS_H
#define NSC_CONFIG_PORT_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

nsc_element_read nsc_read_port;		/* struct nsc_config_network, at 0 */

/* "8080" or "8000-8010"; returns buf. */
#define NSC_PORTS_RANGE 12
const char *nsc_ports_print_range(unsigned int first, unsigned int count,
				  char buf[NSC_PORTS_RANGE]);

/* The first port of the host that both have, or 0. */
unsigned int nsc_ports_meet(const struct nsc_port *a, const struct nsc_port *b);

/* Check that no port of networks[i] is in the list before. */
int nsc_ports_check(struct nsc_reader *r, const struct nsc_config *config,
		    size_t i);

#endif
