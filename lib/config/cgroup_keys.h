/* SPDX-License-Identifier: Apache-2.0 */
/* The key "cgroups" of container.json.  Runs in: nsinit and login-start. */
#ifndef NSC_CONFIG_CGROUP_KEYS_H
#define NSC_CONFIG_CGROUP_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

/* The offsets count from struct nsc_config. */
extern const struct nsc_field nsc_cgroup_fields[];

/* char *: a list of processors or memory nodes; "": NULL. */
nsc_field_read nsc_read_processors;

/*
 * After all keys were read, check the keys that depend on each other, and set
 * the origin for messages.  Returns 0 or a negative errno with reader->err set.
 */
int nsc_config_cgroups_finish(struct nsc_reader *reader,
			      struct nsc_config *config);

void nsc_config_cgroups_free(struct nsc_config_cgroups *cgroups);

#endif
