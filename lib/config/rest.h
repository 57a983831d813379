/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a configuration that only a new container can have. */
#ifndef NSC_CONFIG_REST_H
#define NSC_CONFIG_REST_H

#include <jansson.h>
#include <stdint.h>

/*
 * Hash the keys of container.json without those that "nsinit update
 * --from-file" puts into force in a running container: devices, limits,
 * lifecycle, and lists and rates of networks.  0 without memory.
 */
uint64_t nsc_config_rest(const json_t *root);

#endif
