/* SPDX-License-Identifier: Apache-2.0 */
/* The key networks[].ports of container.json. */
#ifndef NSC_CONFIG_PORT_KEYS_H
#define NSC_CONFIG_PORT_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

nsc_element_read nsc_read_port;		/* struct nsc_config_network, at 0 */

#endif
