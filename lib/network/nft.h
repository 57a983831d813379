/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nftables(8), by libnftables.  Runs in: nsinit and the builder, root of the
 * host, in any network namespace, but where the files of /etc are the host's.
 */
#ifndef NSC_NETWORK_NFT_H
#define NSC_NETWORK_NFT_H

#include "util/error.h"

/*
 * Load the library, and check that the kernel has nftables.  A process that
 * calls nsc_library_stop() later calls this function first.
 */
int nsc_nft_load(struct nsc_error *err);

/*
 * Run the commands, in the syntax of nft -f, in the network namespace of the
 * caller.  The kernel takes all of them, or none.  *output is what they print,
 * to be freed; output may be NULL.  Returns 0 or a negative errno with err set:
 * -ENOENT if a table, chain or element to list or to delete does not exist.
 */
int nsc_nft_run(const char *commands, char **output, struct nsc_error *err);

#endif
