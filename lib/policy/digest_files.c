/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsshell, which is static, nsinit. */
#include "policy/digest.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"

/* A profile that cannot be read differs from every readable one. */
static uint64_t add_profile(uint64_t hash, const char *path)
{
	_cleanup_fd_ int fd = -1;
	uint64_t content = 0;

	hash = nsc_hash_add_text(hash, path);
	if (path[0] != '/')
		return hash;
	fd = nsc_file_open(path, NSC_IGNORE);
	if (fd >= 0 && nsc_hash_file(fd, &content) < 0)
		content = 0;
	return nsc_hash_add(hash, &content, sizeof(content));
}

uint64_t nsc_digest_hash_files(uint64_t content, const char *seccomp)
{
	uint64_t hash = nsc_hash_add(NSC_HASH_INIT, &content, sizeof(content));

	return add_profile(hash, seccomp);
}

void nsc_digest_files(uint64_t content, const char *seccomp,
		      char ret[NSC_DIGEST_PART])
{
	snprintf(ret, NSC_DIGEST_PART, "%016" PRIx64,
		 nsc_digest_hash_files(content, seccomp));
}
