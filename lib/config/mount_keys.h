/* SPDX-License-Identifier: Apache-2.0 */
/* The key mounts of container.json. */
#ifndef NSC_CONFIG_MOUNT_KEYS_H
#define NSC_CONFIG_MOUNT_KEYS_H

#include "config/field.h"

extern const struct nsc_field nsc_mount_fields[];

/* Appends to mounts of the struct nsc_config at to. */
nsc_element_read nsc_read_mount;

#endif
