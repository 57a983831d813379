/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsshell, nsinit. */
#include "policy/digest.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/fd.h"
#include "util/hash.h"

/* The values of nscontainer.conf that a start uses; none is a pointer. */
static const struct {
	size_t at, size;
} used[] = {
#define USED(m) { offsetof(struct nsc_conf, m), \
		  sizeof(((const struct nsc_conf *)0)->m) }
	USED(lifecycle), USED(nested), USED(id_pool_first),
	USED(id_pool_count), USED(address_pool), USED(address_gateway),
	USED(address_pool6), USED(address_gateway6), USED(bridge_pool),
	USED(bridge_pool6), USED(record),
#undef USED
};

static uint64_t digest_of_user(const struct nsc_user *user)
{
	uint64_t hash = nsc_hash_add_text(NSC_HASH_INIT, user->name);

	hash = nsc_hash_add_text(hash, user->home);
	hash = nsc_hash_add_text(hash, user->shell);
	hash = nsc_hash_add_text(hash, user->group);
	hash = nsc_hash_add(hash, &user->uid, sizeof(user->uid));
	return nsc_hash_add(hash, &user->gid, sizeof(user->gid));
}

static int digest_compare(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

/* Sort them, because the name service returns them in any order. */
static int add_groups(uint64_t *hash, const struct nsc_user *user)
{
	size_t n = user->n_groups > 0 ? (size_t)user->n_groups : 0;
	_cleanup_free_ gid_t *sorted = calloc(n + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		sorted[i] = user->groups[i];
	qsort(sorted, n, sizeof(*sorted), digest_compare);
	*hash = nsc_hash_add(*hash, sorted, n * sizeof(*sorted));
	return 0;
}

static int add_conf(uint64_t *hash, const struct nsc_digest_source *source,
		    struct nsc_error *err)
{
	const struct nsc_cgroup_parent *parent = NULL;
	int ret;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(used); i++)
		*hash = nsc_hash_add(*hash, (const char *)source->conf +
				     used[i].at, used[i].size);
	*hash = nsc_hash_add_text(*hash, source->conf->pidfile);
	ret = nsc_parents_find(&source->conf->cgroup_parents, source->user,
			       &parent, err);
	if (ret < 0 || !parent)
		return ret;
	*hash = nsc_hash_add_text(*hash, parent->name);
	*hash = nsc_hash_add(*hash, &parent->limits.set,
			     sizeof(parent->limits.set));
	*hash = nsc_hash_add(*hash, parent->limits.number,
			     sizeof(parent->limits.number));
	return 0;
}

int nsc_digest_make(const struct nsc_digest_source *source,
		    char ret[NSC_DIGEST_SIZE], struct nsc_error *err)
{
	uint64_t part[NSC_DIGEST_PARTS] = {
		[NSC_DIGEST_DIR] = nsc_hash_add_text(NSC_HASH_INIT,
						     source->dir),
		[NSC_DIGEST_FILES] = nsc_digest_hash_files(source->content,
							   source->seccomp),
		[NSC_DIGEST_ACCOUNT] = digest_of_user(source->user),
		[NSC_DIGEST_GROUPS] = NSC_HASH_INIT,
		[NSC_DIGEST_CONF] = NSC_HASH_INIT,
	};
	int error;

	if (add_groups(&part[NSC_DIGEST_GROUPS], source->user) < 0)
		return nsc_error_sys(err, ENOMEM, "digest");
	error = add_conf(&part[NSC_DIGEST_CONF], source, err);
	if (error < 0)
		return error;
	for (size_t i = 0; i < NSC_DIGEST_PARTS; i++)
		snprintf(ret + i * NSC_DIGEST_PART, NSC_DIGEST_PART + 1,
			 "%016" PRIx64 "%s", part[i],
			 i + 1 < NSC_DIGEST_PARTS ? "-" : "");
	return 0;
}
