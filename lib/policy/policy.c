/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, before anything else; and nsinit. */
#include "policy/policy.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "util/paths.h"
#include "policy/dropins.h"

#define USERS "users"
#define GROUPS "groups"
#define DEFAULT "default"
#define PEOPLE 1000	/* UID_MIN where login.defs has none */

int nsc_policy_open(const char *conf_path, struct nsc_policy_base *ret,
		    struct nsc_error *err)
{
	const char *slash = strrchr(conf_path, '/');

	if (!slash || slash == conf_path)
		return nsc_error_set(err, EINVAL, "%s: expected a file in a "
				     "directory of its own", conf_path);
	ret->path = strndup(conf_path, (size_t)(slash - conf_path));
	if (!ret->path)
		return nsc_error_sys(err, ENOMEM, "%s", conf_path);
	ret->conf = slash + 1;
	ret->fd = nsc_file_open_dir(ret->path, err);
	return ret->fd < 0 ? ret->fd : 0;
}

/* Could a directory have this name?  If not, it is not looked up. */
static bool is_component(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && strlen(name) <= NAME_MAX;
}

/*
 * Does name below dir have a container.json?  1, 0, or an error if this is
 * unknown.
 */
static int look_in(int dir, const char *dirname, const char *name,
		   struct nsc_policy *policy, struct nsc_error *err)
{
	_cleanup_fd_ int sub = nsc_file_open_dir_at(dir, dirname, name, err);
	struct nsc_config_files files = { .n = 0 };
	_cleanup_free_ char *path = NULL;
	int error;

	if (sub < 0)
		return sub == -ENOENT ? 0 : sub;
	if (asprintf(&path, "%s/%s", dirname, name) < 0) {
		path = NULL;
		return nsc_error_sys(err, ENOMEM, "policy");
	}
	error = nsc_config_files_read(sub, path, NSC_CONFIG_HASH, &files, err);
	if (error < 0)
		return error == -ENOENT ? 0 : error;
	policy->content = files.content;
	policy->dir = NSC_TAKE_PTR(path);
	return 1;
}

/* Open users/ or groups/ once; -ENOENT stays, and the caller knows it. */
static int open_kind(struct nsc_policy_base *base, const char *kind,
		     struct nsc_error *err)
{
	int *dir = !strcmp(kind, USERS) ? &base->users : &base->groups;

	if (*dir < 0 && *dir != -ENOENT)
		*dir = nsc_file_open_dir_at(base->fd, base->path, kind, err);
	return *dir;
}

static int look_for(struct nsc_policy_base *base, const char *kind,
		    const char *name, struct nsc_policy *policy,
		    struct nsc_error *err)
{
	char parent[PATH_MAX];
	int dir;

	if (!is_component(name))
		return 0;
	dir = open_kind(base, kind, err);
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	snprintf(parent, sizeof(parent), "%s/%s", base->path, kind);
	return look_in(dir, parent, name, policy, err);
}

/*
 * The name of one of the user's groups, or NULL and an errno; 0 or ENOENT: it
 * has none.  Only a name is remembered, since a "no" may be temporary.
 */
static const char *group_name(struct nsc_policy_base *base,
			      const struct nsc_user *user, gid_t gid,
			      int *error)
{
	struct nsc_group *grown;
	char *name;

	*error = 0;
	if (gid == user->gid && user->group)
		return user->group;
	for (size_t i = 0; i < base->n_names; i++)
		if (base->names[i].gid == gid)
			return base->names[i].name;
	name = nsc_user_group_name(gid, error);
	if (!name)
		return NULL;
	grown = reallocarray(base->names, base->n_names + 1, sizeof(*grown));
	if (!grown) {
		free(name);
		*error = ENOMEM;
		return NULL;
	}
	base->names = grown;
	grown[base->n_names++] = (struct nsc_group){ gid, name };
	return name;
}

static int look_for_one(struct nsc_policy_base *base,
			const struct nsc_user *user, struct nsc_policy *policy,
			struct nsc_error *err)
{
	for (int i = 0; i < user->n_groups; i++) {
		int error, found;
		const char *name = group_name(base, user, user->groups[i],
					      &error);

		/* A group without a name has no directory. */
		if (!name && (!error || error == ENOENT))
			continue;
		if (!name)
			return nsc_error_sys(err, error, "group %u",
					     user->groups[i]);
		found = look_for(base, GROUPS, name, policy, err);
		if (found != 0)
			return found;
	}
	return 0;
}

/*
 * A temporary read failure must not let a user out: the name service then may
 * return an incomplete answer.  So look up the groups a second time after a
 * "no".  Without groups/, the name service is not asked.
 */
static int look_for_groups(struct nsc_policy_base *base,
			   const struct nsc_user *user,
			   struct nsc_policy *policy, struct nsc_error *err)
{
	int dir = open_kind(base, GROUPS, err);
	struct nsc_user again = { .name = user->name, .gid = user->gid };
	int ret;

	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	ret = look_for_one(base, user, policy, err);
	/* Only a login needs more: see nsc_policy_decide_in(). */
	if (ret != 0 || policy->base)
		return ret;
	ret = nsc_user_load_groups(&again);
	ret = ret < 0 ? nsc_error_sys(err, -ret, "ask for the groups again") :
			look_for_one(base, &again, policy, err);
	free(again.groups);
	return ret;
}

static int look_for_default(const struct nsc_policy_base *base,
			    struct nsc_policy *policy, struct nsc_error *err)
{
	if (!base->fallback)
		return look_in(base->fd, base->path, DEFAULT, policy, err);
	policy->content = base->content;
	policy->dir = strdup(base->fallback);
	return policy->dir ? 1 : nsc_error_sys(err, ENOMEM, "policy");
}

static int look_everywhere(struct nsc_policy_base *base,
			   const struct nsc_user *user,
			   struct nsc_policy *policy, struct nsc_error *err)
{
	bool valid = nsc_text_name_valid(user->name);
	int found = look_for(base, USERS, user->name, policy, err);

	if (found == 0 && user->uid == 0)
		return 0;
	if (found == 0)
		found = look_for_groups(base, user, policy, err);
	if (found == 0)
		found = look_for_default(base, policy, err);
	if (found > 0 && !valid) {
		char escaped[256];

		return nsc_error_set(err, EINVAL, "user '%s': the name cannot "
				     "be that of a container: " NSC_NAME_RULE,
				     nsc_text_escape(user->name, escaped,
						     sizeof(escaped)));
	}
	return found;
}

static bool policy_listed(char *const *list, const char *name)
{
	for (; name && *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

static bool in_groups(struct nsc_policy_base *base, char *const *list,
		      const struct nsc_user *user)
{
	for (int i = 0; *list && i < user->n_groups; i++) {
		int error;

		if (policy_listed(list, group_name(base, user, user->groups[i],
						   &error)))
			return true;
	}
	return false;
}

/*
 * UID_MIN of login.defs(5), the first uid that useradd(8) gives to people.
 * Without it nobody knows which uids are those of the system: it is 0 then, so
 * that all are contained.
 */
static uint32_t uid_min(void)
{
	_cleanup_fd_ int fd = nsc_file_open("/etc/login.defs", NSC_IGNORE);
	_cleanup_free_ char *text = NULL;
	unsigned int value = PEOPLE;

	if (fd == -ENOENT)
		return PEOPLE;
	if (fd < 0 || nsc_file_read(fd, "login.defs", NSC_FILE_MAX, &text, NULL,
				    NSC_IGNORE) < 0)
		return 0;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "UID_MIN %9u", &value) == 1)
			break;
	}
	return value;
}

/* Nobody looks up login.defs for a uid that is a person's on every system. */
bool nsc_policy_is_system(uint32_t first_uid, uid_t uid)
{
	if (first_uid != NSC_FIRST_UID_HOST)
		return uid < first_uid;
	return uid < PEOPLE && uid < uid_min();
}

static bool is_of_user(const struct nsc_policy_base *base,
		       const struct nsc_policy *policy)
{
	return !strncmp(policy->dir + strlen(base->path), "/users/", 7);
}

static const char *exempt(struct nsc_policy_base *base,
			  const struct nsc_conf *conf,
			  const struct nsc_user *user, const char *service)
{
	if (policy_listed(conf->exempt_users, user->name))
		return "not contained: exempt_users";
	if (in_groups(base, conf->exempt_groups, user))
		return "not contained: exempt_groups";
	if (policy_listed(conf->exempt_services, service))
		return "not contained: exempt_services";
	return NULL;
}

static int policy_decide(struct nsc_policy_base *base,
			 const struct nsc_user *user, const char *service,
			 struct nsc_policy *policy, struct nsc_error *err)
{
	int ret = look_everywhere(base, user, policy, err);

	if (ret == 0)
		policy->reason = user->uid == 0 ?
			"not contained: root without users/root" :
			"not contained: no container.json";
	if (ret <= 0)
		return ret;
	if (!base->loaded)
		ret = nsc_conf_load(base->fd, base->path, base->conf,
				    &base->loaded, err);
	if (ret < 0)
		return ret;
	policy->conf = base->loaded;
	policy->reason = exempt(base, policy->conf, user, service);
	if (!policy->reason && !is_of_user(base, policy) &&
	    nsc_policy_is_system(policy->conf->first_uid, user->uid))
		policy->reason = "not contained: its uid is below first_uid";
	policy->contained = !policy->reason;
	return 0;
}

/* For the next users: default/ need not be read again. */
static void keep_default(struct nsc_policy_base *base,
			 const struct nsc_policy *policy)
{
	if (base->fallback || !policy->dir ||
	    strcmp(policy->dir + strlen(base->path), "/" DEFAULT) != 0)
		return;
	base->fallback = strdup(policy->dir);
	base->content = policy->content;
}

int nsc_policy_decide_in(struct nsc_policy_base *base,
			 const struct nsc_user *user, const char *service,
			 struct nsc_policy **ret, struct nsc_error *err)
{
	_cleanup_policy_ struct nsc_policy *policy = calloc(1, sizeof(*policy));
	int error;

	if (!policy)
		return nsc_error_sys(err, ENOMEM, "policy");
	policy->base = base;
	error = policy_decide(base, user, service, policy, err);
	if (error < 0)
		return error;
	keep_default(base, policy);
	*ret = NSC_TAKE_PTR(policy);
	return 0;
}

int nsc_policy_decide(const char *conf_path, const struct nsc_user *user,
		      const char *service, struct nsc_policy **ret,
		      struct nsc_error *err)
{
	_cleanup_policy_ struct nsc_policy *policy = calloc(1, sizeof(*policy));
	struct nsc_policy_base base = NSC_POLICY_BASE_INIT;
	int error;

	if (!policy)
		return nsc_error_sys(err, ENOMEM, "policy");
	error = nsc_policy_open(conf_path, &base, err);
	if (error == 0)
		error = policy_decide(&base, user, service, policy, err);
	else if (error == -ENOENT || user->uid == 0) {
		/*
		 * Root must be able to log in and repair an untrusted
		 * directory.
		 */
		policy->reason = "not contained: no configuration directory";
		error = 0;
	}
	if (policy->conf)
		base.loaded = NULL;
	nsc_policy_close(&base);
	if (error == 0)
		*ret = NSC_TAKE_PTR(policy);
	return error;
}

void nsc_policy_close(struct nsc_policy_base *base)
{
	free(base->path);
	free(base->fallback);
	nsc_conf_free(base->loaded);
	for (size_t i = 0; i < base->n_names; i++)
		free(base->names[i].name);
	free(base->names);
	nsc_fd_close(&base->users);
	nsc_fd_close(&base->groups);
	nsc_fd_close(&base->fd);
}

void nsc_policy_free(struct nsc_policy *policy)
{
	if (!policy)
		return;
	free(policy->dir);
	if (!policy->base)
		nsc_conf_free(policy->conf);
	free(policy);
}
