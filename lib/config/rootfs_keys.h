/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs, its hash, and the sizes of what is kept above it. */
#ifndef NSC_CONFIG_ROOTFS_KEYS_H
#define NSC_CONFIG_ROOTFS_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

nsc_field_read nsc_read_rootfs;		/* char *: absolute, expanded */
nsc_field_read nsc_read_hash;		/* char *: hexadecimal digits */
nsc_field_read nsc_read_data_size;	/* uint64_t: bytes */

/* Check that each size has something of that size. */
int nsc_rootfs_keys_check(struct nsc_reader *reader,
			  const struct nsc_config *config);

#endif
