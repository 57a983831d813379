/* SPDX-License-Identifier: Apache-2.0 */
/* Check that this host supports the labels of container.json. */
#ifndef NSC_CONTAINER_LABELS_H
#define NSC_CONTAINER_LABELS_H

#include "config/container_config.h"

/*
 * Refuse a label if its security module is not active or does not know it, or
 * if this program was built without support for it; the error names the key.
 */
int nsc_labels_check(const struct nsc_config *config, struct nsc_error *err);

#endif
