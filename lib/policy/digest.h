/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container is made from, as one short text: when it is another one
 * than that of a running container, a start would give another container.
 * Computed for each login, so nothing is parsed.
 */
#ifndef NSC_POLICY_DIGEST_H
#define NSC_POLICY_DIGEST_H

#include <stdint.h>

#include "util/error.h"
#include "policy/conf.h"
#include "policy/user.h"

#define NSC_DIGEST_SIZE 17	/* 16 hexadecimal digits */

struct nsc_digest_source {
	const char *dir;	/* of container.json */
	uint64_t content;	/* nsc_hash_add() of what the file has */
	const char *seccomp;	/* as in it; of a profile's path, the file */
	const struct nsc_user *user;
	const struct nsc_conf *conf;
};

/*
 * Not in it: the rootfs and other files that the container sees, ranges of
 * ids, and keys of nscontainer.conf that say who is contained and how a login
 * is handled.  An error where cgroup_parents cannot be decided on.
 */
int nsc_digest_make(const struct nsc_digest_source *source,
		    char ret[NSC_DIGEST_SIZE], struct nsc_error *err);

/*
 * The same of container.json's content and the profile alone, for who cannot
 * ask the name service.
 */
void nsc_digest_files(uint64_t content, const char *seccomp,
		      char ret[NSC_DIGEST_SIZE]);

#endif
