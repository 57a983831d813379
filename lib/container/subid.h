/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subordinate ranges: which ids of the host a user's container has.  Of
 * /etc/subuid and /etc/subgid where the user has a range of 65536 there (or,
 * where nsswitch.conf names a module for subid, of that, through libsubid),
 * else of the pool in nscontainer.conf, kept in /var/lib/nscontainer/ids.
 */
#ifndef NSC_CONTAINER_SUBID_H
#define NSC_CONTAINER_SUBID_H

#include <stdint.h>

#include "util/error.h"
#include "policy/conf.h"
#include "policy/user.h"

/*
 * The first id of the user's range (of NSC_IDMAP_RANGE) for user and group
 * ids.  A range that another user has as well is an error.
 */
int nsc_subid_find(const struct nsc_user *user, const struct nsc_conf *conf,
		   uint32_t *ret_uid, uint32_t *ret_gid,
		   struct nsc_error *err);

#endif
