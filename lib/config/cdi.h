/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of the Container Device Interface: "devices" of container.json, by
 * the files that vendors install in /etc/cdi, and write to /run/cdi.
 */
#ifndef NSC_CONFIG_CDI_H
#define NSC_CONFIG_CDI_H

#include "config/container_config.h"
#include "config/field.h"
#include "util/error.h"

#define NSC_CDI_STATIC "/etc/cdi"
#define NSC_CDI_DYNAMIC "/run/cdi"	/* where /var/run leads */

extern const struct nsc_field nsc_cdi_fields[];

/* Appends to cdi of the struct nsc_config at to. */
nsc_element_read nsc_read_cdi_device;

/*
 * Find the devices of config, and make the edits that they ask for: add their
 * nodes, mounts, variables, hooks and groups to config.  A file that is wrong
 * is left out, and named if a device is missing.  Returns 0 or a negative errno
 * with err set.  Runs in: nsinit and login-start, root of the host.
 */
int nsc_cdi_apply(struct nsc_config *config, struct nsc_error *err);

#endif
