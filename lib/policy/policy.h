/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy: is this login contained, and by which container.json?  This depends
 * only on the existence of root's files; only nscontainer.conf is parsed, and
 * only for users who have a container.json.
 */
#ifndef NSC_POLICY_POLICY_H
#define NSC_POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"
#include "policy/conf.h"
#include "policy/user.h"

/* The directory of a nscontainer.conf, for questions about many users. */
struct nsc_policy_base {
	char *path;
	const char *conf;	/* name of the file in it */
	int fd;
	int users, groups;		/* below it; -ENOENT, or -1: not yet */
	struct nsc_conf *loaded;	/* NULL: no question needed it */
	struct nsc_group {
		gid_t gid;
		char *name;
	} *names;		/* of groups that were asked for */
	size_t n_names;
	char *fallback;		/* path of default/, once it was read */
	uint64_t content;	/* of its files */
};
#define NSC_POLICY_BASE_INIT { .fd = -1, .users = -1, .groups = -1 }

struct nsc_policy {
	bool contained;
	const char *reason;	/* if not contained: a constant phrase */
	char *dir;		/* directory of the container.json, or NULL */
	uint64_t content;	/* of its files: see dropins.h */
	struct nsc_conf *conf;	/* NULL if the user has no container.json */
	const struct nsc_policy_base *base;	/* owner of conf, or NULL */
};

/*
 * conf_path is the path of nscontainer.conf; users/, groups/ and default/ are
 * looked up in the same directory.  service is the PAM service or NULL.
 *
 * The order: uid 0 without users/root/ is never contained.  Otherwise use
 * users/<user>/container.json, else groups/<group>/ for each group in the order
 * of user->groups, else default/.  If none exists, the user is not contained,
 * and nscontainer.conf is not read.  Otherwise nscontainer.conf may exempt
 * users, groups and services; and only users/ contains an account of the
 * system, whose uid is below first_uid.
 *
 * Returns 0 or a negative errno.  Only a confirmed "does not exist" means that
 * a file is absent: any other failure is an error, even a file or directory
 * that is not root's.
 */
int nsc_policy_decide(const char *conf_path, const struct nsc_user *user,
		      const char *service, struct nsc_policy **ret,
		      struct nsc_error *err);

/*
 * The same in an open directory, which outlives the policy: nscontainer.conf
 * and default/ are read once, users/ and groups/ opened once, and the name
 * service is asked once for the name of a group.  conf_path must live as long.
 * Groups that are missing in user->groups are not looked for, so this confirms
 * what a login has decided, and lets nobody in: whoever learns something else
 * asks nsc_policy_decide().
 */
int nsc_policy_open(const char *conf_path, struct nsc_policy_base *ret,
		    struct nsc_error *err);
int nsc_policy_decide_in(struct nsc_policy_base *base,
			 const struct nsc_user *user, const char *service,
			 struct nsc_policy **ret, struct nsc_error *err);
void nsc_policy_close(struct nsc_policy_base *base);

/* Is it the uid of an account of the system?  See first_uid in conf.h. */
bool nsc_policy_is_system(uint32_t first_uid, uid_t uid);

void nsc_policy_free(struct nsc_policy *policy);
static inline void nsc_policy_cleanup(struct nsc_policy **policy)
{
	nsc_policy_free(*policy);
	*policy = NULL;
}
#define _cleanup_policy_ __attribute__((cleanup(nsc_policy_cleanup)))

#endif
