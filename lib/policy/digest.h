/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A short text that identifies the configuration of a container: if it differs
 * from that of the running container, a start would make a different one.  It
 * is computed for each login, so nothing is parsed.
 */
#ifndef NSC_POLICY_DIGEST_H
#define NSC_POLICY_DIGEST_H

#include <stdint.h>

#include "util/error.h"
#include "policy/conf.h"
#include "policy/user.h"

/* The subjects of a digest's parts. */
enum nsc_digest_part {
	NSC_DIGEST_DIR,
	NSC_DIGEST_FILES,
	NSC_DIGEST_ACCOUNT,
	NSC_DIGEST_GROUPS,
	NSC_DIGEST_CONF,
	NSC_DIGEST_PARTS
};

#define NSC_DIGEST_PART 17	/* 16 hexadecimal digits, and a dash or NUL */
#define NSC_DIGEST_SIZE (NSC_DIGEST_PARTS * NSC_DIGEST_PART)

struct nsc_digest_source {
	const char *dir;	/* of container.json */
	uint64_t content;	/* hash of that file's content */
	const char *seccomp;	/* value in it; a path stands for the file */
	const struct nsc_user *user;
	const struct nsc_conf *conf;
};

/*
 * The digest does not cover the rootfs and other files that the container sees,
 * ranges of ids, and keys of nscontainer.conf about who is contained and how a
 * login is handled.  Returns 0 or a negative errno; it is an error if
 * membership in cgroup_parents cannot be determined.
 */
int nsc_digest_make(const struct nsc_digest_source *source,
		    char ret[NSC_DIGEST_SIZE], struct nsc_error *err);

/*
 * The same for only the content of container.json and the profile, for callers
 * that cannot ask the name service.
 */
uint64_t nsc_digest_hash_files(uint64_t content, const char *seccomp);
void nsc_digest_files(uint64_t content, const char *seccomp,
		      char ret[NSC_DIGEST_PART]);

#endif
