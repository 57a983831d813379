/* Runs in: nsinit; whoever logs in, nsshell (static: plain libc). */
#include "rundir/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "util/paths.h"

enum kind { KIND_STRING, KIND_OPTIONAL, KIND_NUMBER, KIND_UINT, KIND_INT,
	    KIND_BOOL, KIND_RLIMITS,
	    KIND_VECTOR, KIND_GROUPS, KIND_BOOT_ID, KIND_NAMESPACES };

/* One table serves printing and parsing. */
static const struct field {
	const char *key;
	enum kind kind;
	size_t at;
} fields[] = {
#define FIELD(name, kind) { #name, kind, offsetof(struct nsc_state, name) }
	FIELD(user, KIND_STRING),
	FIELD(uid, KIND_UINT),
	FIELD(host_uid, KIND_UINT),
	FIELD(owner, KIND_UINT),
	FIELD(pid, KIND_UINT),
	FIELD(start, KIND_NUMBER),
	FIELD(boot_id, KIND_BOOT_ID),
	FIELD(since, KIND_NUMBER),
	FIELD(namespaces, KIND_UINT),
	FIELD(ids, KIND_NAMESPACES),
	FIELD(rootfs, KIND_OPTIONAL),
	FIELD(external, KIND_OPTIONAL),
	FIELD(config, KIND_STRING),
	FIELD(conf, KIND_STRING),
	FIELD(digest, KIND_STRING),
	FIELD(files, KIND_STRING),
	FIELD(generation, KIND_UINT),
	FIELD(on_change, KIND_UINT),
	FIELD(exclusive, KIND_OPTIONAL),
	FIELD(stop, KIND_STRING),
	FIELD(capabilities, KIND_NUMBER),
	FIELD(own_init, KIND_BOOL),
	FIELD(no_new_privs, KIND_BOOL),
	FIELD(rlimits, KIND_RLIMITS),
	FIELD(umask, KIND_INT),
	FIELD(oom_score_adj, KIND_INT),
	FIELD(apparmor_profile, KIND_OPTIONAL),
	FIELD(process_label, KIND_OPTIONAL),
	FIELD(seccomp, KIND_STRING),
	{ "seccomp_length", KIND_UINT, offsetof(struct nsc_state, filter.len) },
	{ "seccomp_flags", KIND_UINT,
	  offsetof(struct nsc_state, filter.flags) },
	FIELD(has_groups, KIND_BOOL),
	FIELD(run_uid, KIND_UINT),
	FIELD(run_gid, KIND_UINT),
	FIELD(groups, KIND_GROUPS),
	FIELD(name, KIND_STRING),
	FIELD(home, KIND_STRING),
	FIELD(shell, KIND_STRING),
	FIELD(working_dir, KIND_OPTIONAL),
	FIELD(login_shell, KIND_BOOL),
	FIELD(tty, KIND_BOOL),
	FIELD(message, KIND_OPTIONAL),
	FIELD(environment, KIND_VECTOR),
	FIELD(keep_env, KIND_VECTOR),
	FIELD(networks, KIND_VECTOR),
	FIELD(helper, KIND_UINT),
#undef FIELD
};

static const void *member(const struct nsc_state *state, const struct field *f)
{
	return (const char *)state + f->at;
}

static void *own_member(struct nsc_state *state, const struct field *f)
{
	return (char *)state + f->at;
}

/* --- printing: a line "key value" for each string, number or list of them */

static void put_string(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s ", key);
	for (; *value; value++) {
		if (*value == '\n' || *value == '\\')
			putc('\\', out);
		putc(*value == '\n' ? 'n' : *value, out);
	}
	putc('\n', out);
}

static void put_number(FILE *out, const char *key, uint64_t value)
{
	fprintf(out, "%s %llu\n", key, (unsigned long long)value);
}

static void put_rlimits(FILE *out, const struct nsc_state *state)
{
	for (size_t i = 0; i < state->n_rlimits; i++)
		fprintf(out, " %u %llu %llu", state->rlimits[i].resource,
			(unsigned long long)state->rlimits[i].soft,
			(unsigned long long)state->rlimits[i].hard);
}

static void put_groups(FILE *out, const struct nsc_gids *groups)
{
	for (size_t i = 0; i < groups->n; i++)
		fprintf(out, " %u", groups->list[i]);
}

static void put_namespaces(FILE *out, const struct nsc_namespace_id *ids)
{
	for (size_t i = 0; i < NSC_NAMESPACES; i++)
		fprintf(out, " %llu %llu", (unsigned long long)ids[i].dev,
			(unsigned long long)ids[i].ino);
}

static void put_list(FILE *out, const struct nsc_state *state,
		     const struct field *f)
{
	fputs(f->key, out);
	if (f->kind == KIND_RLIMITS)
		put_rlimits(out, state);
	else if (f->kind == KIND_GROUPS)
		put_groups(out, member(state, f));
	else
		put_namespaces(out, state->ids);
	putc('\n', out);
}

static void put_field(FILE *out, const struct nsc_state *state,
		      const struct field *f)
{
	const void *p = member(state, f);

	switch (f->kind) {
	case KIND_STRING:
	case KIND_OPTIONAL:
		if (*(char *const *)p)
			put_string(out, f->key, *(char *const *)p);
		break;
	case KIND_BOOT_ID:
		put_string(out, f->key, p);
		break;
	case KIND_NUMBER:
		put_number(out, f->key, *(const uint64_t *)p);
		break;
	case KIND_UINT:
		put_number(out, f->key, *(const unsigned int *)p);
		break;
	case KIND_INT:
		fprintf(out, "%s %d\n", f->key, *(const int *)p);
		break;
	case KIND_BOOL:
		put_number(out, f->key, *(const bool *)p);
		break;
	case KIND_VECTOR:
		for (char **v = *(char **const *)p; v && *v; v++)
			put_string(out, f->key, *v);
		break;
	case KIND_RLIMITS:
	case KIND_GROUPS:
	case KIND_NAMESPACES:
		put_list(out, state, f);
		break;
	}
}

char *nsc_state_print(const struct nsc_state *state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(fields); i++)
		put_field(out, state, &fields[i]);
	if (fclose(out) != 0) {
		free(text);
		text = NULL;
	}
	return text;
}

/* --- parsing */

/* In place. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && text[1])
			*to++ = *++text == 'n' ? '\n' : *text;
		else
			*to++ = *text;
	}
	*to = '\0';
}

/* The next number of a list, at least 0; 0 at its end, or a negative errno. */
static int next_number(char **list, uint64_t *ret)
{
	char *p = *list + strspn(*list, " ");

	if (!*p)
		return 0;
	if (*p < '0' || *p > '9')
		return -EINVAL;
	errno = 0;
	*ret = strtoull(p, list, 10);
	if (errno || (**list && **list != ' '))
		return -EINVAL;
	return 1;
}

static int next_uint(char **list, unsigned int *ret)
{
	uint64_t value;
	int n = next_number(list, &value);

	if (n <= 0)
		return n;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (unsigned int)value;
	return 1;
}

/* What must be there. */
static int need(int n)
{
	return n == 0 ? -EINVAL : n < 0 ? n : 0;
}

static int get_groups(char *text, struct nsc_gids *groups)
{
	/* Two bytes each, at the least. */
	size_t most = strlen(text) / 2 + 1;
	int n;

	groups->list = calloc(most + 1, sizeof(*groups->list));
	if (!groups->list)
		return -ENOMEM;
	while ((n = next_uint(&text, &groups->list[groups->n])) > 0)
		groups->n++;
	return n;
}

static int get_rlimits(char *text, struct nsc_state *state)
{
	struct nsc_rlimit limit;
	int n;

	while ((n = next_uint(&text, &limit.resource)) > 0) {
		if (state->n_rlimits == NSC_RLIMIT_MAX)
			return -E2BIG;
		n = need(next_number(&text, &limit.soft));
		if (n == 0)
			n = need(next_number(&text, &limit.hard));
		if (n < 0)
			return n;
		state->rlimits[state->n_rlimits++] = limit;
	}
	return n;
}

static int get_namespaces(char *text, struct nsc_state *state)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < NSC_NAMESPACES; i++) {
		err = need(next_number(&text, &state->ids[i].dev));
		if (err == 0)
			err = need(next_number(&text, &state->ids[i].ino));
	}
	return err == 0 && *text ? -EINVAL : err;
}

/* Exactly one. */
static int get_number(char *text, uint64_t max, uint64_t *ret)
{
	int err = need(next_number(&text, ret));

	if (err == 0 && *text)
		return -EINVAL;
	return err == 0 && *ret > max ? -ERANGE : err;
}

static int get_uint(char *text, unsigned int *ret)
{
	uint64_t value = 0;
	int err = get_number(text, UINT32_MAX, &value);

	*ret = (unsigned int)value;
	return err;
}

static int get_bool(char *text, bool *ret)
{
	uint64_t value = 0;
	int err = get_number(text, 1, &value);

	*ret = value != 0;
	return err;
}

static int get_int(const char *text, int *ret)
{
	long long value = 0;
	int err = nsc_text_number(text, INT32_MIN, INT32_MAX, &value);

	*ret = (int)value;
	return err;
}

static int get_boot_id(char *text, char *ret)
{
	unescape(text);
	if (strlen(text) != NSC_BOOT_ID_SIZE - 1)
		return -EINVAL;
	memcpy(ret, text, NSC_BOOT_ID_SIZE);
	return 0;
}

static int get_string(char *text, char **ret)
{
	unescape(text);
	*ret = text;
	return 0;
}

static int append(char *text, char ***vector)
{
	size_t n = 0;
	char **grown;

	while (*vector && (*vector)[n])
		n++;
	grown = reallocarray(*vector, n + 2, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	unescape(text);
	grown[n] = text;
	grown[n + 1] = NULL;
	*vector = grown;
	return 0;
}

static int get_field(char *text, struct nsc_state *state,
		     const struct field *f)
{
	void *p = own_member(state, f);

	switch (f->kind) {
	case KIND_STRING:
	case KIND_OPTIONAL:
		return get_string(text, p);
	case KIND_NUMBER:
		return get_number(text, UINT64_MAX, p);
	case KIND_UINT:
		return get_uint(text, p);
	case KIND_INT:
		return get_int(text, p);
	case KIND_BOOL:
		return get_bool(text, p);
	case KIND_RLIMITS:
		return get_rlimits(text, state);
	case KIND_VECTOR:
		return append(text, p);
	case KIND_GROUPS:
		return get_groups(text, p);
	case KIND_BOOT_ID:
		return get_boot_id(text, p);
	case KIND_NAMESPACES:
		return get_namespaces(text, state);
	}
	return -EINVAL;
}

/*
 * All lines from *text on that are f's, which follow each other in the order
 * of the table.
 */
static int take(char **text, struct nsc_state *state, const struct field *f)
{
	size_t len = strlen(f->key);
	bool found = false;
	int err = 0;

	while (err == 0 && !strncmp(*text, f->key, len) &&
	       ((*text)[len] == ' ' || (*text)[len] == '\n')) {
		char *value = *text + len, *end = strchr(value, '\n');

		/* What was cut off is no number that is too short. */
		if (!end || (found && f->kind != KIND_VECTOR))
			return -EINVAL;
		*end = '\0';
		*text = end + 1;
		found = true;
		err = get_field(value + (*value == ' '), state, f);
	}
	if (err == 0 && !found && f->kind != KIND_OPTIONAL &&
	    f->kind != KIND_VECTOR)
		return -EINVAL;
	return err;
}

static int parse(struct nsc_state *state, struct nsc_error *err)
{
	char *text = state->text;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(fields); i++) {
		int error = take(&text, state, &fields[i]);

		if (error < 0)
			return nsc_error_set(err, -error, "state: %s: missing "
					     "or wrong", fields[i].key);
	}
	if (*text)
		return nsc_error_set(err, EINVAL, "state: has more than it "
				     "should");
	return 0;
}

int nsc_state_parse(char *text, struct nsc_state **ret, struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = calloc(1, sizeof(*state));
	int error;

	if (!state) {
		free(text);
		return nsc_error_sys(err, ENOMEM, "state");
	}
	state->text = text;
	error = parse(state, err);
	if (error == 0)
		*ret = NSC_TAKE_PTR(state);
	return error;
}

int nsc_state_load(int rundir, struct nsc_state **ret, struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = -1;
	int error;

	fd = nsc_file_open_at(rundir, "run directory", NSC_FILE_STATE, err);
	if (fd < 0)
		return fd;
	error = nsc_file_read(fd, "state", NSC_FILE_MAX, &text, NULL, err);
	if (error < 0)
		return error;
	return nsc_state_parse(NSC_TAKE_PTR(text), ret, err);
}

static int save_number(int rundir, const char *name, unsigned long long value,
		       struct nsc_error *err)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%llu\n", value);

	return nsc_file_write_at(rundir, name, text, (size_t)len, 0644, err);
}

int nsc_state_save(int rundir, const struct nsc_state *state,
		   struct nsc_error *err)
{
	_cleanup_free_ char *text = nsc_state_print(state);
	int ret;

	if (!text)
		return nsc_error_sys(err, ENOMEM, "write 'state'");
	/* It has parts of container.json, which others may not read. */
	ret = nsc_file_write_for(rundir, NSC_FILE_STATE, text, strlen(text),
				 state->uid, err);
	if (ret == 0)
		ret = save_number(rundir, NSC_FILE_START, state->start, err);
	if (ret == 0)
		ret = save_number(rundir, NSC_FILE_PID,
				  (unsigned long long)state->pid, err);
	if (ret < 0)
		nsc_state_remove(rundir);
	return ret;
}

void nsc_state_remove(int rundir)
{
	unlinkat(rundir, NSC_FILE_PID, 0);
	unlinkat(rundir, NSC_FILE_START, 0);
	unlinkat(rundir, NSC_FILE_STATE, 0);
	unlinkat(rundir, NSC_FILE_SECCOMP, 0);
	unlinkat(rundir, NSC_FILE_WATCH, 0);
}

void nsc_state_free(struct nsc_state *state)
{
	if (!state)
		return;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(fields); i++)
		if (fields[i].kind == KIND_VECTOR)
			free(*(char ***)own_member(state, &fields[i]));
	free(state->text);
	nsc_seccomp_free(&state->filter);
	free(state->groups.list);
	free(state);
}
