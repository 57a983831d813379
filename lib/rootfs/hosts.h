/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's /etc/hosts.  Runs in: see rootfs.h.
 *
 * What the rootfs's file lacks of localhost and the container's own name is
 * added: in the file if root inside may change it and it belongs to the
 * container alone, else in a copy that is mounted over it.
 */
#ifndef NSC_ROOTFS_HOSTS_H
#define NSC_ROOTFS_HOSTS_H

#include <stdbool.h>
#include <stdio.h>

#include "rootfs/rootfs.h"

int nsc_hosts_put(struct nsc_rootfs *rootfs, struct nsc_error *err);

#endif
