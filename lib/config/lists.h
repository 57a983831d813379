/* The arrays of container.json: mounts, devices, mappings. */
#ifndef NSC_CONFIG_LISTS_H
#define NSC_CONFIG_LISTS_H

#include "config/field.h"

extern const struct nsc_field nsc_mount_fields[];
extern const struct nsc_field nsc_device_fields[];
extern const struct nsc_field nsc_mapping_fields[];

/* Each stores into the struct nsc_config at to (field->at is 0). */
nsc_field_read nsc_read_mounts;
nsc_field_read nsc_read_device_nodes;
nsc_field_read nsc_read_uid_mappings;
nsc_field_read nsc_read_gid_mappings;

nsc_field_read nsc_read_devices;	/* checks devices, stores nothing */
nsc_field_read nsc_read_environment;	/* char **, "KEY=VALUE" */

#endif
