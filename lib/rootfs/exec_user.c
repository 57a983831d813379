/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the worker after pivot_root, or a child of nsinit in the mount
 * namespace of another engine's container; and a child that is nobody.
 */
#include "rootfs/exec_user.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "util/fd.h"
#include "util/process.h"
#include "rootfs/accounts.h"
#include "linux/capability.h"
#include "linux/credential.h"

#define FIELDS 7		/* of passwd(5); group(5) has four */

/* One line of passwd or group, in the text that it was read from. */
struct entry {
	const char *field[FIELDS];
	size_t len[FIELDS];
};

/*
 * Find the fields of the line at *text, and advance *text.  Lines that have too
 * few fields are skipped.  Returns false at the end.
 */
static bool next_entry(const char **text, size_t fields, struct entry *entry)
{
	while (*text && **text) {
		const char *p = *text;
		size_t n = 0;

		do {
			entry->field[n] = p;
			entry->len[n] = strcspn(p, ":\n");
			p += entry->len[n++];
		} while (n < fields && *p++ == ':');
		p = *text + strcspn(*text, "\n");
		*text = p + (*p == '\n');
		if (n == fields)
			return true;
	}
	return false;
}

static bool is_text(const struct entry *entry, size_t i, const char *text)
{
	return strlen(text) == entry->len[i] &&
	       !strncmp(entry->field[i], text, entry->len[i]);
}

static int field_id(const struct entry *entry, size_t i, uint32_t *ret)
{
	return nsc_accounts_id(entry->field[i], entry->len[i], ret);
}

static bool find_passwd(const char *passwd, const char *name, uint32_t uid,
			struct entry *entry)
{
	uint32_t id = 0;

	while (next_entry(&passwd, FIELDS, entry)) {
		if (field_id(entry, 2, &id) < 0)
			continue;
		if (name ? is_text(entry, 0, name) : id == uid)
			return true;
	}
	return false;
}

/* A text that does not fit is left as it is. */
static void copy_text(char *to, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return;
	memcpy(to, from, len);
	to[len] = '\0';
}

static void copy_path(char *to, size_t size, const struct entry *entry,
		      size_t i)
{
	if (entry->field[i][0] == '/')
		copy_text(to, size, entry->field[i], entry->len[i]);
}

static void take_entry(const struct entry *entry, struct nsc_exec_user *id)
{
	copy_text(id->name, sizeof(id->name), entry->field[0], entry->len[0]);
	copy_path(id->home, sizeof(id->home), entry, 5);
	copy_path(id->shell, sizeof(id->shell), entry, 6);
}

static int resolve_user(const char *name, const char *passwd,
			struct nsc_exec_user *id, struct nsc_error *err)
{
	struct entry entry;
	uint32_t uid;

	if (nsc_accounts_id(name, strlen(name), &uid) == 0) {
		id->uid = uid;
		snprintf(id->name, sizeof(id->name), "%u", uid);
		if (!find_passwd(passwd, NULL, uid, &entry))
			return 0;
	} else if (!find_passwd(passwd, name, 0, &entry) ||
		   field_id(&entry, 2, &id->uid) < 0) {
		return nsc_error_set(err, ENOENT, "user: '%s' is not in the "
				     "container's /etc/passwd", name);
	}
	if (field_id(&entry, 3, &id->gid) < 0)
		id->gid = NSC_NOBODY;
	take_entry(&entry, id);
	return 0;
}

static int resolve_group(const char *name, const char *group, gid_t *ret,
			 struct nsc_error *err)
{
	struct entry entry;

	if (nsc_accounts_id(name, strlen(name), ret) == 0)
		return 0;
	while (next_entry(&group, 4, &entry))
		if (is_text(&entry, 0, name) && field_id(&entry, 2, ret) == 0)
			return 0;
	return nsc_error_set(err, ENOENT, "user: group '%s' is not in the "
			     "container's /etc/group", name);
}

static int add_group(struct nsc_exec_user *id, gid_t gid, struct nsc_error *err)
{
	for (size_t i = 0; i < id->n_groups; i++)
		if (id->groups[i] == gid)
			return 0;
	if (id->n_groups == NSC_EXEC_USER_GROUPS)
		return nsc_error_set(err, E2BIG, "user: '%s' is in more than "
				     "%d groups of the container's /etc/group",
				     id->name, NSC_EXEC_USER_GROUPS);
	id->groups[id->n_groups++] = gid;
	return 0;
}

static bool may_have(const struct nsc_user *limit, gid_t gid)
{
	bool found = !limit;

	for (int i = 0; !found && i < limit->n_groups; i++)
		found = limit->groups[i] == gid;
	return found;
}

/* With a limit, add only groups that limit has on the host. */
static int find_groups(const char *group, const struct nsc_user *limit,
		       struct nsc_exec_user *id, struct nsc_error *err)
{
	int ret = add_group(id, id->gid, err);
	struct entry entry;
	gid_t gid;

	while (ret == 0 && next_entry(&group, 4, &entry))
		if (field_id(&entry, 2, &gid) == 0 &&
		    nsc_accounts_is_member(entry.field[3], entry.len[3],
					   id->name) &&
		    may_have(limit, gid))
			ret = add_group(id, gid, err);
	return ret;
}

static int resolve_spec(const char *spec, const char *passwd, const char *group,
			struct nsc_exec_user *id, struct nsc_error *err)
{
	char name[256];
	char *colon;
	int ret;

	if (strlen(spec) >= sizeof(name))
		return nsc_error_set(err, EINVAL, "user: too long");
	strcpy(name, spec);
	colon = strchr(name, ':');
	if (colon)
		*colon = '\0';
	ret = resolve_user(name, passwd, id, err);
	if (ret == 0 && colon) {
		ret = resolve_group(colon + 1, group, &id->gid, err);
		return ret < 0 ? ret : add_group(id, id->gid, err);
	}
	return ret < 0 ? ret : find_groups(group, NULL, id, err);
}

/* A login keeps its ids; the container's passwd may choose home and shell. */
static int resolve_login(const struct nsc_exec_user_request *request,
			 const char *passwd, const char *group,
			 struct nsc_exec_user *id, struct nsc_error *err)
{
	const struct nsc_user *login = request->login;
	struct entry entry;
	bool known = find_passwd(passwd, NULL, login->uid, &entry);

	if (known)
		take_entry(&entry, id);
	id->uid = login->uid;
	id->gid = login->gid;
	copy_text(id->name, sizeof(id->name), login->name, strlen(login->name));
	if (!known || !request->own_home)
		copy_text(id->home, sizeof(id->home), login->home,
			  strlen(login->home));
	return find_groups(group, request->host_ids ? login : NULL, id, err);
}

int nsc_exec_user_resolve(const struct nsc_exec_user_request *request,
			  const char *passwd, const char *group,
			  struct nsc_exec_user *ret, struct nsc_error *err)
{
	struct nsc_exec_user id = { .home = "/", .name = "root" };
	struct nsc_exec_user login = id;
	const char *spec = request->spec;
	int error = 0;

	if (spec || !request->login)
		error = resolve_spec(spec ? spec : "0", passwd, group, &id,
				     err);
	if (error < 0)
		return error;
	if (request->login) {
		error = resolve_login(request, passwd, group, &login, err);
		if (error < 0)
			return error;
		if (spec && id.uid != login.uid)
			return nsc_error_set(err, EINVAL, "user: '%s' is uid "
					     "%u in the container, but the "
					     "login is uid %u: remove 'user'",
					     spec, id.uid, login.uid);
		id = login;
	}
	for (size_t i = 0; error == 0 && i < request->n_more; i++)
		error = add_group(&id, request->more[i], err);
	if (error == 0)
		*ret = id;
	return error;
}

static void choose_shell(const char *wanted, struct nsc_exec_user *id)
{
	const char *const choice[] = { wanted, id->shell, "/bin/bash",
				       "/bin/sh" };

	for (size_t i = 0; i < NSC_ARRAY_SIZE(choice); i++) {
		const char *name = choice[i] ? strrchr(choice[i], '/') : NULL;

		if (!name || !strcmp(name, "/nsshell") ||
		    strlen(choice[i]) >= sizeof(id->shell) ||
		    access(choice[i], X_OK) < 0)
			continue;
		memmove(id->shell, choice[i], strlen(choice[i]) + 1);
		return;
	}
	strcpy(id->shell, "/bin/sh");
}

int nsc_exec_user_become_nobody(struct nsc_error *err)
{
	int ret = nsc_credential_become(NSC_NOBODY, NSC_NOBODY, NULL, 0, err);

	return ret < 0 ? ret : nsc_capability_keep(0, err);
}

struct answer {
	struct nsc_error err;
	struct nsc_exec_user id;
};

static void exec_user_answer_as_nobody(const void *arg, void *to)
{
	const struct nsc_exec_user_request *request = arg;
	_cleanup_free_ char *passwd = NULL;
	_cleanup_free_ char *group = NULL;
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct answer *answer = to;
	struct nsc_error *err = &answer->err;

	if (nsc_exec_user_become_nobody(err) == 0 &&
	    nsc_accounts_read(root, "/etc/passwd", &passwd, err) == 0 &&
	    nsc_accounts_read(root, "/etc/group", &group, err) == 0 &&
	    nsc_exec_user_resolve(request, passwd, group, &answer->id, err) ==
		    0)
		choose_shell(request->shell, &answer->id);
}

int nsc_exec_user_find(const struct nsc_exec_user_request *request,
		       struct nsc_exec_user *ret, struct nsc_error *err)
{
	struct answer answer = { NSC_ERROR_INIT, { 0 } };
	int error = nsc_process_ask(exec_user_answer_as_nobody, request,
				    &answer, sizeof(answer), -1);

	if (error < 0)
		return nsc_error_sys(err, -error, "look the user up");
	error = nsc_error_take(&answer.err, err);
	if (error < 0)
		return error;
	*ret = answer.id;
	return 0;
}
