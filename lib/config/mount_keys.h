/* SPDX-License-Identifier: Apache-2.0 */
/* The key mounts of container.json. */
#ifndef NSC_CONFIG_MOUNT_KEYS_H
#define NSC_CONFIG_MOUNT_KEYS_H

#include "config/field.h"

extern const struct nsc_field nsc_mount_fields[];

struct nsc_config_mount;

/*
 * The attributes of a mount option that asks for nothing else; false for any
 * other name.
 */
bool nsc_mount_option(const char *name, uint64_t *attributes);

void nsc_config_mount_free(struct nsc_config_mount *mount);
void nsc_config_mounts_free(struct nsc_config_mount *list, size_t n);

/* Appends to mounts of the struct nsc_config at to. */
nsc_element_read nsc_read_mount;

#endif
