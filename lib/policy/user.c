/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsinit; before any namespace is entered. */
#include "policy/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"

#define BUFFER_MAX ((size_t)1024 * 1024)	/* of one entry */
#define GROUPS_MAX 65536		/* the kernel's NGROUPS_MAX */
#define LOOKUP 65536			/* bytes that a lookup may need */

/*
 * The C library skips a module that is out of memory, and returns the next
 * module's "no such group".  So ensure that memory is available before a
 * lookup.
 */
static int reserve(void)
{
	void *volatile memory = malloc(LOOKUP);

	free(memory);
	return memory ? 0 : -ENOMEM;
}

int nsc_user_load_groups(struct nsc_user *user)
{
	int n = 32;

	if (reserve() < 0)
		return -ENOMEM;
	for (;;) {
		gid_t *groups = reallocarray(user->groups, (size_t)n,
					     sizeof(*groups));

		if (!groups)
			return -ENOMEM;
		user->groups = groups;
		user->n_groups = n;
		if (getgrouplist(user->name, user->gid, groups, &n) >= 0)
			break;
		if (n <= user->n_groups || n > GROUPS_MAX)
			return -E2BIG;
	}
	user->n_groups = n;
	return 0;
}

static int load_one_group(struct nsc_user *user)
{
	user->groups = reallocarray(NULL, 1, sizeof(*user->groups));
	if (!user->groups)
		return -ENOMEM;
	user->groups[0] = user->gid;
	user->n_groups = 1;
	return 0;
}

int nsc_user_set(struct nsc_user *user, const struct passwd *entry)
{
	user->name = strdup(entry->pw_name);
	user->home = strdup(entry->pw_dir && *entry->pw_dir ?
			    entry->pw_dir : "/");
	user->shell = strdup(entry->pw_shell && *entry->pw_shell ?
			     entry->pw_shell : "/bin/sh");
	if (!user->name || !user->home || !user->shell)
		return -ENOMEM;
	user->uid = entry->pw_uid;
	user->gid = entry->pw_gid;
	return load_one_group(user);
}

static int user_fill(struct nsc_user *user, const struct passwd *entry)
{
	int ret = nsc_user_set(user, entry), error;

	if (ret < 0)
		return ret;
	user->group = nsc_user_group_name(user->gid, &error);
	return error == ENOMEM ? -ENOMEM : 0;
}

/*
 * Find the entry of name, or of uid if name is NULL; its texts are in *buf.
 * Returns 0 or a negative errno, -ENOENT if there is none.
 */
static int find_entry(const char *name, uid_t uid, struct passwd *entry,
		      char **buf)
{
	struct passwd *found = NULL;
	size_t size = 1024;
	int error;

	do {
		free(*buf);
		*buf = malloc(size *= 2);
		if (!*buf)
			return -ENOMEM;
		error = name ? getpwnam_r(name, entry, *buf, size, &found) :
			       getpwuid_r(uid, entry, *buf, size, &found);
	} while (error == ERANGE && size < BUFFER_MAX);
	return found ? 0 : error ? -error : -ENOENT;
}

/* Exactly one of name and uid is used; a lookup by name loads all groups. */
static int user_load(const char *name, uid_t uid, struct nsc_user **ret)
{
	_cleanup_user_ struct nsc_user *user = calloc(1, sizeof(*user));
	_cleanup_free_ char *buf = NULL;
	struct passwd entry;
	int error = user ? find_entry(name, uid, &entry, &buf) : -ENOMEM;

	if (error == 0)
		error = user_fill(user, &entry);
	if (error == 0 && name)
		error = nsc_user_load_groups(user);
	if (error == 0)
		*ret = NSC_TAKE_PTR(user);
	return error;
}

int nsc_user_uid(const char *name, uid_t *ret)
{
	_cleanup_free_ char *buf = NULL;
	struct passwd entry;
	int error = find_entry(name, 0, &entry, &buf);

	if (error == 0)
		*ret = entry.pw_uid;
	return error;
}

int nsc_user_load(const char *name, struct nsc_user **ret,
		  struct nsc_error *err)
{
	char escaped[4 * NSC_NAME_MAX + 8];
	int error;

	nsc_text_escape(name, escaped, sizeof(escaped));
	if (!name || !*name)
		return nsc_error_set(err, EINVAL, "user '': has no name");
	error = user_load(name, 0, ret);
	if (error == -ENOENT)
		return nsc_error_set(err, ENOENT, "user '%s': is not known to "
				     "the system", escaped);
	if (error < 0)
		return nsc_error_sys(err, -error, "user '%s'", escaped);
	return 0;
}

int nsc_user_load_uid(uid_t uid, struct nsc_user **ret, struct nsc_error *err)
{
	int error = user_load(NULL, uid, ret);

	if (error == -ENOENT)
		return nsc_error_set(err, ENOENT, "uid %u: is not known to the "
				     "system", uid);
	if (error < 0)
		return nsc_error_sys(err, -error, "uid %u", uid);
	return 0;
}

static char *look_up(gid_t gid, int *error)
{
	struct group entry, *found = NULL;
	_cleanup_free_ char *buf = NULL;
	size_t size = 1024;
	char *name;

	*error = -reserve();
	if (*error)
		return NULL;
	do {
		free(buf);
		buf = malloc(size *= 2);
		*error = buf ? getgrgid_r(gid, &entry, buf, size, &found) :
			       ENOMEM;
	} while (*error == ERANGE && size < BUFFER_MAX);
	name = found ? strdup(found->gr_name) : NULL;
	if (found && !name)
		*error = ENOMEM;
	return name;
}

char *nsc_user_group_name(gid_t gid, int *error)
{
	char *name = look_up(gid, error);

	/* The failure may be temporary: a "no" must come twice. */
	return name || (*error && *error != ENOENT) ? name :
						      look_up(gid, error);
}

/* 1 with its gid, 0 if there is no such group, or a negative errno. */
static int user_find_group(const char *group, gid_t *ret)
{
	struct group entry, *found = NULL;
	_cleanup_free_ char *buf = NULL;
	size_t size = 1024;
	int error;

	*ret = 0;
	if (!*group)
		return 0;
	if (reserve() < 0)
		return -ENOMEM;
	do {
		free(buf);
		buf = malloc(size *= 2);
		error = buf ? getgrnam_r(group, &entry, buf, size, &found) :
			      ENOMEM;
	} while (error == ERANGE && size < BUFFER_MAX);
	if (found) {
		*ret = found->gr_gid;
		return 1;
	}
	return error == ENOENT ? 0 : -error;
}

int nsc_user_has_group(const struct nsc_user *user, const char *group)
{
	gid_t gid;
	int found = user_find_group(group, &gid);

	for (int i = 0; found > 0 && i < user->n_groups; i++)
		if (user->groups[i] == gid)
			return 1;
	return found < 0 ? found : 0;
}

bool nsc_user_in_group(const struct nsc_user *user, const char *group)
{
	return nsc_user_has_group(user, group) > 0;
}

void nsc_user_clear(struct nsc_user *user)
{
	free(user->name);
	free(user->home);
	free(user->shell);
	free(user->group);
	free(user->groups);
}

void nsc_user_free(struct nsc_user *user)
{
	if (user)
		nsc_user_clear(user);
	free(user);
}
