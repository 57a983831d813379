/* SPDX-License-Identifier: Apache-2.0 */
/* Are the labels of container.json possible on this host? */
#ifndef NSC_CONTAINER_LABELS_H
#define NSC_CONTAINER_LABELS_H

#include "config/container_config.h"

/*
 * Refuses, by its key, a label whose security module is not active, that is
 * not known to it, or that this program was built without support for.
 */
int nsc_labels_check(const struct nsc_config *config, struct nsc_error *err);

#endif
