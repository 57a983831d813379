/* SPDX-License-Identifier: Apache-2.0 */
/* "cgroups" of container.json.  Runs in: nsinit alone. */
#ifndef NSC_CONFIG_CGROUP_KEYS_H
#define NSC_CONFIG_CGROUP_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

/* Offsets from struct nsc_config. */
extern const struct nsc_field nsc_cgroup_fields[];

/* What one key alone cannot show; after all keys were read. */
int nsc_config_cgroups_finish(struct nsc_reader *reader,
			      struct nsc_config *config);

void nsc_config_cgroups_free(struct nsc_config_cgroups *cgroups);

#endif
