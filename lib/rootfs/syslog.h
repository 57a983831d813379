/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's socket of syslog, in the container's /dev.  Runs in: see rootfs.h.
 *
 * A placed login program goes on to log: sshd opens /dev/log for each line.
 * The kernel tells the host's syslog the sender's ids as the host sees them.  A
 * container with an init of its own has a syslog of its own.
 */
#ifndef NSC_ROOTFS_SYSLOG_H
#define NSC_ROOTFS_SYSLOG_H

#include "rootfs/rootfs.h"

int nsc_syslog_put(struct nsc_rootfs *rootfs, struct nsc_error *err);

#endif
