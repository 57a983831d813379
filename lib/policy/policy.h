/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy: is this login contained, and by which container.json?  Decided from
 * the existence of root's files alone; nothing is parsed but
 * nscontainer.conf, and that only for users that have a container.json.
 */
#ifndef NSC_POLICY_POLICY_H
#define NSC_POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"
#include "policy/conf.h"
#include "policy/user.h"

struct nsc_policy {
	bool contained;
	const char *reason;	/* why not: a constant phrase */
	char *dir;		/* directory of the container.json, or NULL */
	uint64_t content;	/* nsc_hash_file() of that file */
	struct nsc_conf *conf;	/* NULL where the user has no container.json */
};

/*
 * conf_path is the path of nscontainer.conf; users/, groups/ and default/
 * are looked for beside it.  service is the PAM service or NULL.
 *
 * The order: uid 0 without users/root/ is not contained whatever else is
 * there.  users/<user>/container.json, else groups/<group>/ for each group
 * in the order of user->groups, else default/.  None: not contained, and
 * nscontainer.conf is not read.  Otherwise nscontainer.conf decides on
 * exempt users, groups and services.
 *
 * Only a confirmed "does not exist" means "not there": any other failure, a
 * file or directory that is not root's included, is a negative errno.
 */
int nsc_policy_decide(const char *conf_path, const struct nsc_user *user,
		      const char *service, struct nsc_policy **ret,
		      struct nsc_error *err);

void nsc_policy_free(struct nsc_policy *policy);
static inline void nsc_policy_cleanup(struct nsc_policy **policy)
{
	nsc_policy_free(*policy);
	*policy = NULL;
}
#define _cleanup_policy_ __attribute__((cleanup(nsc_policy_cleanup)))

#endif
