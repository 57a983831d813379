/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root_paths of container.json: files of the host's "/" that programs accept
 * only as root's.  Runs in: see rootfs.h.
 */
#ifndef NSC_ROOTFS_ROOT_PATHS_H
#define NSC_ROOTFS_ROOT_PATHS_H

#include "rootfs/rootfs.h"

/*
 * A step of nsc_rootfs_build(): mount copies that root inside owns over them.
 * Not id-mapped mounts of them: these would also give away files that only root
 * may read, and not each file system can be id-mapped.
 */
int nsc_root_paths_put(struct nsc_rootfs *rootfs, struct nsc_error *err);

#endif
