/* SPDX-License-Identifier: Apache-2.0 */
/* The keys allow and deny of networks[]. */
#ifndef NSC_CONFIG_DESTINATION_KEYS_H
#define NSC_CONFIG_DESTINATION_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

nsc_field_read nsc_read_destinations;	/* struct nsc_destinations */

bool nsc_destinations_given(const struct nsc_config_network *n);

/*
 * Refuse the lists of networks[i] if the container has a capability that is
 * above them.  Returns 0 or a negative errno with reader->err set.
 */
int nsc_destinations_check(struct nsc_reader *reader,
			   const struct nsc_config *config, size_t i);

#endif
