/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/credential.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"

/* EINVAL means that the map of the user namespace lacks the id. */
static int refuse_id(const char *kind, unsigned int id, struct nsc_error *err)
{
	return errno == EINVAL ?
		       nsc_error_set(err, EINVAL, "become %s %u: the "
				     "container's map has no such id", kind,
				     id) :
		       nsc_error_sys(err, errno, "become %s %u", kind, id);
}

int nsc_credential_set_ids(uid_t uid, gid_t gid, struct nsc_error *err)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (setresgid(gid, gid, gid) < 0)
		return refuse_id("group", gid, err);
	if (setresuid(uid, uid, uid) < 0)
		return refuse_id("user", uid, err);
	if (getresuid(&ruid, &euid, &suid) < 0 ||
	    getresgid(&rgid, &egid, &sgid) < 0 ||
	    ruid != uid || euid != uid || suid != uid ||
	    rgid != gid || egid != gid || sgid != gid)
		return nsc_error_set(err, EPERM,
				     "become user %u: it did not take "
				     "effect", uid);
	return 0;
}

int nsc_credential_become(uid_t uid, gid_t gid, const gid_t *groups,
			  size_t n_groups, struct nsc_error *err)
{
	if (setgroups(n_groups, groups) < 0)
		return nsc_error_sys(err, errno, "set supplementary groups");
	if (getgroups(0, NULL) != (int)n_groups)
		return nsc_error_set(err, EPERM, "set supplementary groups: "
				     "it did not take effect");
	return nsc_credential_set_ids(uid, gid, err);
}

static bool has(const gid_t *groups, size_t n, gid_t gid)
{
	for (size_t i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

int nsc_credential_own_groups(gid_t **ret)
{
	int n = getgroups(0, NULL);
	gid_t *list = calloc((size_t)(n < 0 ? 0 : n) + 1, sizeof(*list));

	if (n < 0 || !list || getgroups(n, list) != n) {
		free(list);
		return -ENOMEM;
	}
	list[n] = getgid();
	*ret = list;
	return n;
}

int nsc_credential_add_groups(const struct nsc_gids *more,
			      struct nsc_error *err)
{
	int n = getgroups(0, NULL);
	_cleanup_free_ gid_t *list = n <= 0 || !more->n ? NULL :
		calloc((size_t)n + more->n, sizeof(*list));

	if (n <= 0 || !more->n)
		return 0;
	if (!list)
		return nsc_error_sys(err, ENOMEM, "supplementary groups");
	memcpy(list, more->list, more->n * sizeof(*list));
	if (getgroups(n, list + more->n) != n ||
	    setgroups(more->n + (size_t)n, list) < 0)
		return nsc_error_sys(err, errno, "set supplementary groups");
	return 0;
}

int nsc_credential_limit_groups(const gid_t *allowed, size_t n_allowed,
				gid_t **ret_before, size_t *ret_n,
				struct nsc_error *err)
{
	gid_t *before = NULL, *after;
	size_t kept = 0;
	int n, ret = 0;

	/* sshd has none. */
	if (getgroups(0, NULL) == 0) {
		*ret_before = NULL;
		*ret_n = 0;
		return 0;
	}
	n = nsc_credential_own_groups(&before);
	after = calloc((size_t)(n < 0 ? 0 : n) + 1, sizeof(*after));
	if (n < 0 || !after) {
		free(before);
		free(after);
		return nsc_error_sys(err, ENOMEM, "read supplementary groups");
	}
	for (int i = 0; i < n; i++)
		if (has(allowed, n_allowed, before[i]))
			after[kept++] = before[i];
	if (setgroups(kept, after) < 0)
		ret = nsc_error_sys(err, errno, "set supplementary groups");
	free(after);
	if (ret < 0) {
		free(before);
		return ret;
	}
	*ret_before = before;
	*ret_n = (size_t)n;
	return 0;
}
