/* SPDX-License-Identifier: Apache-2.0 */
/* The key rate of networks[]. */
#ifndef NSC_CONFIG_RATE_KEYS_H
#define NSC_CONFIG_RATE_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

/* Up to 64 KiB are one packet, which never fits into a smaller burst. */
#define NSC_RATE_BURST_MIN (128 << 10)
#define NSC_RATE_BURST_MAX (1 << 30)

extern const struct nsc_field nsc_rate_fields[];
nsc_field_read nsc_read_rate;		/* struct nsc_config_network */

bool nsc_rate_given(const struct nsc_rate *rate);

/* "10Mbit", for as many bytes a second. */
#define NSC_RATE_SIZE 32
const char *nsc_rate_print(uint64_t bytes, char buf[NSC_RATE_SIZE]);

#endif
