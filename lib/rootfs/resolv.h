/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's /etc/resolv.conf.  Runs in: see rootfs.h.
 *
 * A new file is mounted over that of the rootfs, if
 *   - context.dns names the servers, or
 *   - the rootfs is the host's own "/", or its own file has no servers.
 * The servers are those of the host that the container's network can reach.  If
 * the rootfs has no place for the mount, the container has no such file.
 */
#ifndef NSC_ROOTFS_RESOLV_H
#define NSC_ROOTFS_RESOLV_H

#include "util/error.h"
#include "config/container_config.h"

struct nsc_rootfs;

int nsc_resolv_put(struct nsc_rootfs *rootfs, struct nsc_error *err);

/* Make a mount of a read-only file with that text; name is for scratch. */
int nsc_resolv_file(const struct nsc_rootfs *rootfs, const char *name,
		    const char *text, struct nsc_error *err);

/*
 * The text of the file for config, in new memory.  host is the content of the
 * host's own file, upstream that of a resolver on the host; both are "" if they
 * do not exist.  NULL without memory.
 */
char *nsc_resolv_print(const struct nsc_config *config, const char *host,
		       const char *upstream);

#endif
