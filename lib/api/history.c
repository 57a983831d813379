/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Past sessions, from the lines that container-monitor writes, see
 * lib/monitor/session_log_text.h: one when a session opens, and one when it
 * closes, which repeats everything in the first.
 */
#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/text.h"
#include "util/paths.h"
#include "linux/pidfd.h"

#define MOST ((off_t)4 * 1024 * 1024)	/* bytes at the end of each file */

/* The first name is the one that logrotate(8) gives the previous file. */
static const char *const files[] = { NSC_HISTORY ".1", NSC_HISTORY };

/* A line, with its values as texts by key. */
struct entry {
	json_t *line;
	long long opened, pid;
	bool closes;
};

/* Subjects of lines: a session has two, everything else one. */
enum history_kind { SESSIONS, REFUSALS, NETWORK };

struct history {
	const char *user;	/* NULL: all */
	enum history_kind kind;
	struct entry *list;
	size_t n, room;
};

/* Each key except "state" is a key of the lines as well. */
static NSC_API_KEYS(history_keys, NSCONTAINER_KEYS_HISTORY);
static NSC_API_KEYS(refusal_keys, NSCONTAINER_KEYS_REFUSALS);
static NSC_API_KEYS(network_keys, NSCONTAINER_KEYS_NETWORK_LOG);
static const struct nsc_api_key *const keys_of[] = {
	[SESSIONS] = history_keys, [REFUSALS] = refusal_keys,
	[NETWORK] = network_keys,
};

json_t *nsc_api_history_parse(char *line)
{
	json_t *object = json_object();

	while (*line) {
		char *key = line, *value = strchr(line, '='), *end;
		char text[4096];
		bool quoted;

		if (!value)
			break;
		*value++ = '\0';
		quoted = *value == '"';
		value += quoted;
		end = quoted ? strchr(value, '"') : value + strcspn(value, " ");
		if (!end)
			break;
		line = end + quoted;
		line += *line == ' ';
		*end = '\0';
		nsc_text_escape(value, text, sizeof(text));
		if (!strcmp(key, "user"))
			nsc_text_unescape(text);
		if (!strcmp(key, "exit") && !strncmp(text, "signal:", 7))
			json_object_set_new(object, "signal",
					    json_string(text + 7));
		else
			json_object_set_new(object, key, json_string(text));
	}
	return object;
}

const char *nsc_api_log_text(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return text ? text : "";
}

static bool history_number_of(const json_t *line, const char *key,
			      long long *ret)
{
	return nsc_text_number(nsc_api_log_text(line, key), INT64_MIN,
			       INT64_MAX, ret) == 0;
}

static enum history_kind kind_of(const json_t *line)
{
	const char *event = nsc_api_log_text(line, "event");

	return !strcmp(event, "refused") ? REFUSALS :
	       !strcmp(event, "network") ? NETWORK : SESSIONS;
}

/* Add line, which the function takes over. */
static int history_add(struct history *h, json_t *line)
{
	struct entry e = { .line = line };

	e.closes = !strcmp(nsc_api_log_text(line, "event"), "close");
	if (kind_of(line) != h->kind ||
	    (h->kind == SESSIONS && !history_number_of(line, "pid", &e.pid)) ||
	    !history_number_of(line, h->kind == SESSIONS ? "opened" : "at",
			       &e.opened) ||
	    (h->user && strcmp(nsc_api_log_text(line, "user"), h->user) != 0)) {
		json_decref(line);
		return 0;
	}
	if (h->n == h->room) {
		size_t room = h->room ? 2 * h->room : 256;
		struct entry *grown = reallocarray(h->list, room,
						   sizeof(*grown));

		if (!grown) {
			json_decref(line);
			return -ENOMEM;
		}
		h->list = grown;
		h->room = room;
	}
	h->list[h->n++] = e;
	return 0;
}

/* Add the lines of text, from the first complete one. */
static int add_lines(struct history *h, char *text, bool whole)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save);
	int ret = 0;

	if (!whole && line)
		line = strtok_r(NULL, "\n", &save);
	for (; line && ret == 0; line = strtok_r(NULL, "\n", &save))
		ret = history_add(h, nsc_api_history_parse(line));
	return ret;
}

/* A group may be able to write to /var/log, so check the file itself. */
int nsc_api_history_open(const char *path, struct stat *st,
			 struct nsc_error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
				   O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0)
		return nsc_error_sys(err, errno, "%s", path);
	if (!S_ISREG(st->st_mode) || st->st_uid != 0 || st->st_mode & 022)
		return nsc_error_set(err, EPERM, "%s: expected a file that is "
				     "owned by root and writable by nobody "
				     "else", path);
	return NSC_TAKE_FD(fd);
}

static int add_file(struct history *h, const char *path, struct nsc_error *err)
{
	struct stat st;
	_cleanup_fd_ int fd = nsc_api_history_open(path, &st, err);
	_cleanup_free_ char *text = NULL;
	off_t from;
	ssize_t n;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	from = st.st_size > MOST ? st.st_size - MOST : 0;
	text = malloc((size_t)(st.st_size - from) + 1);
	if (!text)
		return nsc_error_sys(err, ENOMEM, "history");
	n = pread(fd, text, (size_t)(st.st_size - from), from);
	if (n < 0)
		return nsc_error_sys(err, errno, "%s", path);
	text[n] = '\0';
	/* A full disk or a crash can leave NUL bytes in the file. */
	for (char *nul = text; (nul = memchr(nul, '\0', (size_t)(text + n -
							      nul)));)
		*nul = '?';
	return add_lines(h, text, from == 0) < 0 ?
		       nsc_error_sys(err, ENOMEM, "history") : 0;
}

/* Sort by time, newest first; a session's closing line precedes the other. */
static int history_compare(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;

	if (a->opened != b->opened)
		return a->opened < b->opened ? 1 : -1;
	if (a->pid != b->pid)
		return a->pid < b->pid ? 1 : -1;
	return (int)b->closes - (int)a->closes;
}

/* A session without a closing line is open if its login process exists. */
static const char *state_of(const struct entry *e)
{
	uint64_t start = 0;
	long long began;

	if (e->closes)
		return "closed";
	return history_number_of(e->line, "start", &began) &&
			       nsc_pidfd_start_time((pid_t)e->pid, &start) ==
				       0 &&
			       start == (uint64_t)began ?
		       "open" :
		       "lost";
}

static json_t *entry_json(const struct entry *e,
			  const struct nsc_api_key *key)
{
	bool session = key == history_keys;
	json_t *object = json_object();

	for (; key->name; key++) {
		const char *text = nsc_api_log_text(e->line, key->name);
		json_t *value = NULL;
		long long number;

		if (key->type == NSC_API_TEXT)
			value = json_string(text);
		else if (history_number_of(e->line, key->name, &number))
			value = json_integer(number);
		json_object_set_new(object, key->name,
				    value ? value : json_null());
	}
	if (session)
		json_object_set_new(object, "state", json_string(state_of(e)));
	return object;
}

static int make_list(const struct history *h, struct nscontainer_record **ret,
		     struct nsc_error *err)
{
	const struct nsc_api_key *keys = keys_of[h->kind];
	int error = 0;

	for (size_t i = 0; error == 0 && i < h->n; i++) {
		const struct entry *e = &h->list[i];

		if (h->kind != SESSIONS || !i || e->opened != e[-1].opened ||
		    e->pid != e[-1].pid)
			error = nsc_api_add(ret, keys, entry_json(e, keys),
					    err);
	}
	return error;
}

static int history(const struct nscontainer *c, enum history_kind kind,
		   struct nscontainer_record **ret, struct nsc_error *err)
{
	struct history h = {
		.user = c ? c->user : NULL, .kind = kind,
	};
	struct nscontainer_record *list = NULL;
	int error = 0;

	for (size_t i = 0; error == 0 && i < NSC_ARRAY_SIZE(files); i++)
		error = add_file(&h, files[i], err);
	if (error == 0 && h.n)
		qsort(h.list, h.n, sizeof(*h.list), history_compare);
	if (error == 0)
		error = make_list(&h, &list, err);
	for (size_t i = 0; i < h.n; i++)
		json_decref(h.list[i].line);
	free(h.list);
	if (error == 0)
		*ret = list;
	else
		nscontainer_record_free(list);
	return error;
}

static int history_public(const struct nscontainer *container,
			  enum history_kind kind,
			  struct nscontainer_record **ret,
			  struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	int error = container && container->dir ?
		nsc_error_set(&e, EINVAL, "'%s': the history is by user, not "
			      "by directory", container->dir) :
		history(container, kind, ret, &e);

	return nsc_api_result(error, &e, err);
}

NSC_PUBLIC int nscontainer_history(const struct nscontainer *container,
				   struct nscontainer_record **ret,
				   struct nscontainer_error *err)
{
	return history_public(container, SESSIONS, ret, err);
}

NSC_PUBLIC int nscontainer_refusals(const struct nscontainer *container,
				    struct nscontainer_record **ret,
				    struct nscontainer_error *err)
{
	return history_public(container, REFUSALS, ret, err);
}

NSC_PUBLIC int nscontainer_network_log(const struct nscontainer *container,
				       struct nscontainer_record **ret,
				       struct nscontainer_error *err)
{
	return history_public(container, NETWORK, ret, err);
}
