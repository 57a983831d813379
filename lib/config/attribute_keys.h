/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of container.json with the attributes of processes: scheduler,
 * io_priority, cpu_affinity, personality; and time_offsets.
 */
#ifndef NSC_CONFIG_ATTRIBUTE_KEYS_H
#define NSC_CONFIG_ATTRIBUTE_KEYS_H

#include "config/field.h"

/* Each stores into the struct nsc_config at to (field->at is 0). */
nsc_field_read nsc_read_scheduler;
nsc_field_read nsc_read_io_priority;
nsc_field_read nsc_read_personality;
nsc_field_read nsc_read_affinity;

/* The offsets count from struct nsc_config. */
extern const struct nsc_field nsc_time_fields[];
extern const struct nsc_field nsc_scheduler_fields[];
extern const struct nsc_field nsc_io_priority_fields[];

#endif
