/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/console: the terminal of the command that a container is started for. */
#ifndef NSC_ROOTFS_CONSOLE_H
#define NSC_ROOTFS_CONSOLE_H

#include "rootfs/rootfs.h"

/*
 * Where the plan asks for it: a pair of devpts, the mounted root of the
 * container's, with the slave bound on /dev/console by descriptor.
 */
int nsc_console_make(struct nsc_rootfs *rootfs, int devpts,
		     struct nsc_error *err);

/* The slave becomes uid's (inside); the pair goes to who started us. */
int nsc_console_hand_out(struct nsc_rootfs *rootfs, uid_t uid,
			 struct nsc_error *err);

#endif
