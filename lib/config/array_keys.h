/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays of container.json: devices, mappings, capabilities. */
#ifndef NSC_CONFIG_ARRAY_KEYS_H
#define NSC_CONFIG_ARRAY_KEYS_H

#include "config/field.h"

extern const struct nsc_field nsc_device_fields[];
extern const struct nsc_field nsc_mapping_fields[];

/* Each stores into the struct nsc_config at to (field->at is 0). */
nsc_field_read nsc_read_device_nodes;
nsc_field_read nsc_read_uid_mappings;
nsc_field_read nsc_read_gid_mappings;

/* For nsc_field_array: adds the capability's bit to the uint64_t at to. */
int nsc_read_capability(struct nsc_reader *reader, const json_t *element,
			void *to);

nsc_field_read nsc_read_permissions;	/* unsigned int, NSC_DEVICE_* */

struct nsc_config;
void nsc_config_devices_free(struct nsc_config *config);

/* Is path below /dev, without a component that leads elsewhere? */
bool nsc_device_path_valid(const char *path);

nsc_field_read nsc_read_devices;	/* struct nsc_config_devices */
nsc_field_read nsc_read_environment;	/* char **, "KEY=VALUE" */

#endif
