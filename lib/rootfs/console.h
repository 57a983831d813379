/* SPDX-License-Identifier: Apache-2.0 */
/* /dev/console: the terminal of the command that starts a container. */
#ifndef NSC_ROOTFS_CONSOLE_H
#define NSC_ROOTFS_CONSOLE_H

#include "rootfs/rootfs.h"

/*
 * If the plan asks for a terminal, open a pair of devpts, the root of the
 * container's mounted devpts, and bind the slave on /dev/console by descriptor.
 * Returns 0 or a negative errno with err set.
 */
int nsc_console_make(struct nsc_rootfs *rootfs, int devpts,
		     struct nsc_error *err);

/*
 * Give the slave to uid (inside), and send the pair to the process that started
 * the container.
 */
int nsc_console_hand_out(struct nsc_rootfs *rootfs, uid_t uid,
			 struct nsc_error *err);

#endif
