/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subordinate ranges: the host ids that a user's container uses.  They come
 * from /etc/subuid and /etc/subgid if the user has a range of 65536 ids there,
 * or through libsubid if nsswitch.conf names a module for subid; otherwise
 * from the pool in nscontainer.conf, recorded in /var/lib/nscontainer/ids.
 */
#ifndef NSC_CONTAINER_SUBID_H
#define NSC_CONTAINER_SUBID_H

#include <stdint.h>

#include "config/plan.h"
#include "util/error.h"
#include "policy/conf.h"
#include "policy/user.h"

/*
 * Find the first id of the user's range of NSC_IDMAP_RANGE user ids, and the
 * same for group ids.  A range that overlaps another user's is an error.
 */
int nsc_subid_find(const struct nsc_user *user, const struct nsc_conf *conf,
		   uint32_t *ret_uid, uint32_t *ret_gid,
		   struct nsc_error *err);

/*
 * Check the ids that nsc_subid_find() has not chosen: those of configured maps,
 * and, for a login, the user's own.  -EPERM: a map has the host's root;
 * -EEXIST: an id is another user's, as one of the account, of its subordinate
 * range, or of the pool.
 */
int nsc_subid_check(const struct nsc_plan *plan, const struct nsc_conf *conf,
		    struct nsc_error *err);

#endif
