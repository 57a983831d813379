/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/recording_commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "api/api.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/text.h"
#include "policy/conf.h"
#include "record/chain.h"
#include "record/player.h"
#include "record/retention.h"
#include "record/shelf.h"
#include "rundir/session_history.h"

static NSC_API_KEYS(recordings_keys, NSC_KEYS_RECORDINGS);

struct listing {
	const struct nsc_shelf *shelf;
	struct nscontainer_record **list;
	struct nsc_chain_stub *stubs;
	size_t n_stubs;
	bool wrong;
};

/* --- one recording */

/* The header is of a process that reads what was shown. */
static json_t *text_json(const char *text)
{
	char escaped[4 * sizeof(((struct nsc_cast_info *)0)->rhost)];

	return *text ? json_string(nsc_text_escape(text, escaped,
						   sizeof(escaped))) :
		       json_null();
}

static json_t *number_json(bool known, int64_t number)
{
	return known ? json_integer(number) : json_null();
}

static json_t *describe(const char *user, const char *id,
			const struct nsc_shelf_file *file,
			const struct nsc_cast_info *info, const char *chain)
{
	bool there = file->fd >= 0;

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:s}", "id", id, "user", user,
			 "service", text_json(info->service),
			 "rhost", text_json(info->rhost),
			 "tty", text_json(info->tty),
			 "pid", number_json(info->pid, info->pid),
			 "from", number_json(info->timestamp, info->timestamp),
			 "to", number_json(info->ended, info->ended),
			 "size", number_json(there, file->size),
			 "gaps", number_json(info->ended, info->gaps),
			 "chain", chain);
}

static int add_recording(struct listing *l, const char *id,
			 struct nsc_error *err)
{
	_cleanup_shelf_file_ struct nsc_shelf_file file = NSC_SHELF_FILE_INIT;
	struct nsc_cast_info info = { .timestamp = 0 };
	const char *chain;

	if (nsc_shelf_file(l->shelf, id, &file, NSC_IGNORE) == 0)
		(void)nsc_player_info(&file, &info, NSC_IGNORE);
	chain = file.written && !info.ended ? "open" :
		info.ended ? "linked" : "cut";
	return nsc_api_add(l->list, recordings_keys,
			   describe(l->shelf->user, id, &file, &info, chain),
			   err);
}

/* --- all */

static int add_verified(void *arg, const char *id, enum nsc_chain_state state,
			const struct nsc_cast_info *info, struct nsc_error *err)
{
	_cleanup_shelf_file_ struct nsc_shelf_file file = NSC_SHELF_FILE_INIT;
	struct listing *l = arg;

	(void)nsc_shelf_file(l->shelf, id, &file, NSC_IGNORE);
	l->wrong |= nsc_chain_is_wrong(state);
	return nsc_api_add(l->list, recordings_keys,
			   describe(l->shelf->user, id, &file, info,
				    nsc_chain_names[state]), err);
}

static bool is_listed(const struct listing *l, const char *id)
{
	const struct nscontainer_record *r = *l->list;

	for (size_t i = 0; i < l->n_stubs; i++)
		if (!strcmp(l->stubs[i].id, id))
			return true;
	while (r && strcmp(nscontainer_record_text(r, "id"), id) != 0)
		r = nscontainer_record_next(r);
	return r;
}

/* One that began meanwhile has a file. */
static bool is_gone(const struct listing *l, const char *id)
{
	_cleanup_shelf_file_ struct nsc_shelf_file file = NSC_SHELF_FILE_INIT;

	return !is_listed(l, id) &&
	       nsc_shelf_file(l->shelf, id, &file, NSC_IGNORE) == -ENOENT;
}

static int add_gone(struct listing *l, const char *id, struct nsc_error *err)
{
	static const struct nsc_cast_info none;

	return is_gone(l, id) ? add_verified(l, id, NSC_CHAIN_MISSING, &none,
					     err) : 0;
}

/* The log has it longer than the stubs, of which the newest are kept. */
static int add_expired(struct listing *l, const char *id,
		       struct nsc_error *err)
{
	struct nsc_chain_stub *grown;

	grown = reallocarray(l->stubs, l->n_stubs + 1, sizeof(*grown));
	if (!grown)
		return nsc_error_sys(err, ENOMEM, "the session log");
	l->stubs = grown;
	l->stubs[l->n_stubs] = (struct nsc_chain_stub){ .id = "" };
	memcpy(l->stubs[l->n_stubs++].id, id, NSC_CAST_ID);
	return 0;
}

static int line_act(struct listing *l, char *text,
		    int (*act)(struct listing *l, const char *id,
			       struct nsc_error *err),
		    struct nsc_error *err)
{
	json_t *line = nsc_api_history_parse(text);
	const char *user = json_string_value(json_object_get(line, "user"));
	const char *id = json_string_value(json_object_get(line, "recording"));
	int ret = 0;

	if (user && id && !strcmp(user, l->shelf->user) &&
	    nsc_shelf_id_valid(id))
		ret = act(l, id, err);
	json_decref(line);
	return ret;
}

static int file_act(struct listing *l, const char *path, bool expired,
		    struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_file_ FILE *in = NULL;
	struct stat st;
	int fd = nsc_api_history_open(path, &st, NSC_IGNORE), ret = 0;
	size_t size = 0;

	in = fd < 0 ? NULL : fdopen(fd, "r");
	while (ret == 0 && in && getline(&text, &size, in) > 0) {
		text[strcspn(text, "\n")] = '\0';
		if (expired && !strncmp(text, "event=expired ", 14))
			ret = line_act(l, text, add_expired, err);
		if (!expired && (!strncmp(text, "event=recorded ", 15) ||
				 !strncmp(text, "event=recovered ", 16)))
			ret = line_act(l, text, add_gone, err);
	}
	return ret;
}

/*
 * The session log names each recording that has ended, even a newest one that
 * was removed together with everything else that named it.  The other name is
 * the one that logrotate(8) gives the previous log.
 */
static int add_logged(struct listing *l, struct nsc_error *err)
{
	int ret = 0;

	for (int expired = 1; ret == 0 && expired >= 0; expired--) {
		ret = file_act(l, NSC_HISTORY ".1", expired, err);
		if (ret == 0)
			ret = file_act(l, NSC_HISTORY, expired, err);
	}
	return ret;
}

static int list_verified(struct listing *l, struct nsc_error *err)
{
	const struct nsc_chain_call call = { add_verified, l };
	int ret = nsc_chain_verify(l->shelf, &call, err);

	if (ret == 0)
		ret = nsc_chain_stubs(l->shelf, &l->stubs, &l->n_stubs, err);
	if (ret == 0)
		ret = add_logged(l, err);
	free(l->stubs);
	l->stubs = NULL;
	l->n_stubs = 0;
	return ret;
}

static int list_user(const char *user, bool verify, struct listing *l,
		     struct nsc_error *err)
{
	_cleanup_shelf_ struct nsc_shelf shelf = NSC_SHELF_INIT;
	int ret = nsc_shelf_open(user, verify, &shelf, err);

	l->shelf = &shelf;
	if (ret == 0 && verify)
		ret = list_verified(l, err);
	for (size_t i = 0; !verify && ret == 0 && i < shelf.n; i++)
		ret = add_recording(l, shelf.ids[i], err);
	l->shelf = NULL;
	return ret;
}

/* Nothing was ever recorded, of a user, or at all: that is no error. */
static int each_user(const char *user,
		     int (*act)(const char *user, void *arg,
				struct nsc_error *err),
		     void *arg, struct nsc_error *err)
{
	_cleanup_fd_ int hold = nsc_retention_hold(err);
	char **users = NULL;
	int ret = hold;

	if (hold >= 0)
		ret = user ? act(user, arg, err) : nsc_shelf_users(&users, err);
	for (char **u = users; u && *u && ret >= 0; u++)
		ret = act(*u, arg, err);
	nsc_text_free_vector(users);
	return ret == -ENOENT ? nsc_error_clear(err) : ret;
}

struct list_request {
	bool verify;
	struct listing listing;
};

static int list_one(const char *user, void *arg, struct nsc_error *err)
{
	struct list_request *r = arg;

	return list_user(user, r->verify, &r->listing, err);
}

int nsc_recordings_list(const char *user, bool verify,
			struct nscontainer_record **ret, bool *ret_wrong,
			struct nscontainer_error *err)
{
	struct list_request request = { verify, { .list = ret } };
	struct nsc_error e = NSC_ERROR_INIT;
	int error;

	*ret = NULL;
	error = each_user(user, list_one, &request, &e);
	*ret_wrong = request.listing.wrong;
	return nsc_api_result(error, &e, err);
}

/* For completion: what cannot be read is left out. */
void nsc_recordings_names(bool users, void (*told)(const char *name,
						   const char *about))
{
	char **list = NULL;

	if (nsc_shelf_users(&list, NSC_IGNORE) < 0)
		return;
	for (char **user = list; *user; user++) {
		_cleanup_shelf_ struct nsc_shelf shelf = NSC_SHELF_INIT;

		if (users)
			told(*user, "");
		else if (nsc_shelf_open(*user, false, &shelf,
					NSC_IGNORE) == 0)
			for (size_t i = 0; i < shelf.n; i++)
				told(shelf.ids[i], *user);
	}
	nsc_text_free_vector(list);
}

/* --- retention */

static void tell_expired(const char *user, const char *id, const char *digest)
{
	char name[4 * NSC_NAME_MAX + 1], line[sizeof(name) + 256];
	int n;

	nsc_text_escape(user, name, sizeof(name));
	n = snprintf(line, sizeof(line), "event=expired user=\"%s\" "
		     "recording=%s sha256=%s", name, id, digest);
	syslog(LOG_AUTHPRIV | LOG_INFO, "%s", line);
	(void)nsc_session_history_add(line, (size_t)n);
}

/* Without a file, nothing is removed. */
static int load_conf(const char *path, struct nsc_conf **ret,
		     struct nsc_error *err)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *name = slash ? strndup(path, (size_t)(slash -
							path)) : NULL;
	_cleanup_fd_ int dir = -1;

	if (!name)
		return nsc_error_sys(err, EINVAL, "%s", path);
	dir = nsc_file_open_dir(name, err);
	return dir < 0 ? dir : nsc_conf_load(dir, name, slash + 1, ret, err);
}

int nsc_recordings_expire(const char *path, struct nscontainer_error *err)
{
	_cleanup_conf_ struct nsc_conf *conf = NULL;
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = load_conf(path ? path : NSC_CONF_PATH, &conf, &e);

	if (ret == -ENOENT)
		ret = nsc_error_clear(&e);
	if (conf && (conf->record_max_age || conf->record_max_size ||
		     conf->record_min_free)) {
		const struct nsc_retention may = {
			conf->record_max_age, conf->record_max_size,
			conf->record_min_free,
		};

		ret = nsc_retention_apply(&may, tell_expired, &e);
	}
	return nsc_api_result(ret, &e, err);
}
