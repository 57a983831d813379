/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /etc/resolv.conf of the container.  Runs in: see rootfs.h.
 *
 * A file is made for it, and mounted over the one of the rootfs, where
 *   - context.dns names the servers, or
 *   - the rootfs is the host's own "/", or has no servers in its own file.
 * The servers are those of the host that the container's network can reach.
 * A rootfs that cannot be mounted on at that place goes without.
 */
#ifndef NSC_ROOTFS_RESOLV_H
#define NSC_ROOTFS_RESOLV_H

#include "util/error.h"
#include "config/container_config.h"

struct nsc_rootfs;

int nsc_resolv_put(struct nsc_rootfs *rootfs, struct nsc_error *err);

/*
 * The text of the file for config, in new memory.  host is what the host's
 * own has, upstream that of a resolver on the host, both "" where there is
 * none.  NULL without memory.
 */
char *nsc_resolv_print(const struct nsc_config *config, const char *host,
		       const char *upstream);

#endif
