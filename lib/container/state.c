#include "container/state.h"

#include <fcntl.h>
#include <libconfig.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/text.h"
#include "container/paths.h"

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

static void *member(struct nsc_state *state, const struct field *f)
{
	return (char *)state + f->at;
}

static const void *const_member(const struct nsc_state *state,
				const struct field *f)
{
	return (const char *)state + f->at;
}

static config_setting_t *add(config_setting_t *parent, const char *key,
			     int type)
{
	return config_setting_add(parent, key, type);
}

static int add_number(config_setting_t *parent, const char *key, uint64_t value)
{
	config_setting_t *s = add(parent, key, CONFIG_TYPE_INT64);

	return s && config_setting_set_int64(s, (long long)value) ?
		       0 : -ENOMEM;
}

static int add_string(config_setting_t *parent, const char *key,
		      const char *value)
{
	config_setting_t *s = add(parent, key, CONFIG_TYPE_STRING);

	return s && config_setting_set_string(s, value) ? 0 : -ENOMEM;
}

static int add_vector(config_setting_t *root, const char *key,
		      char *const *vector)
{
	config_setting_t *array = add(root, key, CONFIG_TYPE_ARRAY);
	int ret = array ? 0 : -ENOMEM;

	for (; ret == 0 && vector && *vector; vector++)
		ret = add_string(array, NULL, *vector);
	return ret;
}

static int add_groups(config_setting_t *root, const struct nsc_state *state)
{
	config_setting_t *array = add(root, "groups", CONFIG_TYPE_ARRAY);
	int ret = array ? 0 : -ENOMEM;

	for (size_t i = 0; ret == 0 && i < state->n_groups; i++)
		ret = add_number(array, NULL, state->groups[i]);
	return ret;
}

static int add_rlimits(config_setting_t *root, const struct nsc_state *state)
{
	config_setting_t *array = add(root, "rlimits", CONFIG_TYPE_ARRAY);
	int ret = array ? 0 : -ENOMEM;

	for (size_t i = 0; ret == 0 && i < state->n_rlimits; i++) {
		ret = add_number(array, NULL, state->rlimits[i].resource);
		if (ret == 0)
			ret = add_number(array, NULL, state->rlimits[i].soft);
		if (ret == 0)
			ret = add_number(array, NULL, state->rlimits[i].hard);
	}
	return ret;
}

static int add_ids(config_setting_t *root, const struct nsc_state *state)
{
	config_setting_t *array = add(root, "ids", CONFIG_TYPE_ARRAY);
	int ret = array ? 0 : -ENOMEM;

	for (size_t i = 0; ret == 0 && i < NSC_NAMESPACES; i++) {
		ret = add_number(array, NULL, state->ids[i].dev);
		if (ret == 0)
			ret = add_number(array, NULL, state->ids[i].ino);
	}
	return ret;
}

static int add_field(config_setting_t *root, const struct nsc_state *state,
		     const struct field *f)
{
	const void *p = const_member(state, f);

	switch (f->kind) {
	case KIND_STRING:
	case KIND_OPTIONAL: {
		const char *text = *(char *const *)p;

		return text ? add_string(root, f->key, text) : 0;
	}
	case KIND_NUMBER:
		return add_number(root, f->key, *(const uint64_t *)p);
	case KIND_UINT:
		return add_number(root, f->key, *(const unsigned int *)p);
	case KIND_INT:
		return add_number(root, f->key,
				  (uint64_t)(int64_t)*(const int *)p);
	case KIND_BOOL:
		return add_number(root, f->key, *(const bool *)p);
	case KIND_RLIMITS:
		return add_rlimits(root, state);
	case KIND_VECTOR:
		return add_vector(root, f->key, *(char **const *)p);
	case KIND_GROUPS:
		return add_groups(root, state);
	case KIND_BOOT_ID:
		return add_string(root, f->key, p);
	case KIND_NAMESPACES:
		return add_ids(root, state);
	}
	return -EINVAL;
}

char *nsc_state_print(const struct nsc_state *state)
{
	config_setting_t *root;
	char *text = NULL;
	size_t size = 0;
	config_t config;
	FILE *out;
	int ret = 0;

	config_init(&config);
	root = config_root_setting(&config);
	for (size_t i = 0; ret == 0 && i < NSC_ARRAY_SIZE(fields); i++)
		ret = add_field(root, state, &fields[i]);
	out = ret == 0 ? open_memstream(&text, &size) : NULL;
	if (out) {
		config_write(&config, out);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	config_destroy(&config);
	return text;
}

static int get_string(const config_setting_t *s, char **ret)
{
	const char *text = config_setting_get_string(s);

	if (!text)
		return -EINVAL;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int get_number(const config_setting_t *s, uint64_t *ret)
{
	if (config_setting_type(s) != CONFIG_TYPE_INT64 &&
	    config_setting_type(s) != CONFIG_TYPE_INT)
		return -EINVAL;
	*ret = (uint64_t)config_setting_get_int64(s);
	return 0;
}

static int get_uint(const config_setting_t *s, unsigned int *ret)
{
	uint64_t value;
	int err = get_number(s, &value);

	if (err == 0 && value > UINT32_MAX)
		err = -ERANGE;
	if (err == 0)
		*ret = (unsigned int)value;
	return err;
}

static int get_vector(const config_setting_t *s, char ***ret)
{
	size_t n = 0;
	int err = 0;

	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (int i = 0; err == 0 && i < config_setting_length(s); i++) {
		const char *text = config_setting_get_string_elem(s, i);

		err = text ? nsc_text_append(ret, &n, text) : -EINVAL;
	}
	return err;
}

static int get_groups(const config_setting_t *s, struct nsc_state *state)
{
	int n = config_setting_length(s);

	state->groups = calloc((size_t)n + 1, sizeof(*state->groups));
	if (!state->groups)
		return -ENOMEM;
	for (int i = 0; i < n; i++) {
		int err = get_uint(config_setting_get_elem(s, (unsigned int)i),
				   &state->groups[i]);

		if (err < 0)
			return err;
	}
	state->n_groups = (size_t)n;
	return 0;
}

static int get_ids(const config_setting_t *s, struct nsc_state *state)
{
	int err = 0;

	if (config_setting_length(s) != 2 * NSC_NAMESPACES)
		return -EINVAL;
	for (unsigned int i = 0; err == 0 && i < NSC_NAMESPACES; i++) {
		err = get_number(config_setting_get_elem(s, 2 * i),
				 &state->ids[i].dev);
		if (err == 0)
			err = get_number(config_setting_get_elem(s, 2 * i + 1),
					 &state->ids[i].ino);
	}
	return err;
}

static int get_rlimits(const config_setting_t *s, struct nsc_state *state)
{
	unsigned int n = (unsigned int)config_setting_length(s) / 3;
	int err = n <= NSC_RLIMIT_MAX ? 0 : -EINVAL;

	for (unsigned int i = 0; err == 0 && i < n; i++) {
		struct nsc_rlimit *limit = &state->rlimits[i];

		err = get_uint(config_setting_get_elem(s, 3 * i),
			       &limit->resource);
		if (err == 0)
			err = get_number(config_setting_get_elem(s, 3 * i + 1),
					 &limit->soft);
		if (err == 0)
			err = get_number(config_setting_get_elem(s, 3 * i + 2),
					 &limit->hard);
	}
	state->n_rlimits = n;
	return err;
}

static int get_int(const config_setting_t *s, int *ret)
{
	uint64_t value;
	int err = get_number(s, &value);

	if (err == 0)
		*ret = (int)(int64_t)value;
	return err;
}

static int get_bool(const config_setting_t *s, bool *ret)
{
	uint64_t value;
	int err = get_number(s, &value);

	if (err == 0)
		*ret = value != 0;
	return err;
}

static int get_boot_id(const config_setting_t *s, char *ret)
{
	const char *text = config_setting_get_string(s);

	if (!text || strlen(text) != NSC_BOOT_ID_SIZE - 1)
		return -EINVAL;
	memcpy(ret, text, NSC_BOOT_ID_SIZE);
	return 0;
}

static int get_field(const config_setting_t *s, struct nsc_state *state,
		     const struct field *f)
{
	void *p = member(state, f);

	switch (f->kind) {
	case KIND_STRING:
	case KIND_OPTIONAL:
		return get_string(s, p);
	case KIND_NUMBER:
		return get_number(s, p);
	case KIND_UINT:
		return get_uint(s, p);
	case KIND_INT:
		return get_int(s, p);
	case KIND_BOOL:
		return get_bool(s, p);
	case KIND_RLIMITS:
		return get_rlimits(s, state);
	case KIND_VECTOR:
		return get_vector(s, p);
	case KIND_GROUPS:
		return get_groups(s, state);
	case KIND_BOOT_ID:
		return get_boot_id(s, p);
	case KIND_NAMESPACES:
		return get_ids(s, state);
	}
	return -EINVAL;
}

int nsc_state_parse(const char *text, struct nsc_state **ret,
		    struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = calloc(1, sizeof(*state));
	config_t config;
	int error = 0;

	if (!state)
		return nsc_error_sys(err, ENOMEM, "state");
	config_init(&config);
	if (!config_read_string(&config, text))
		error = nsc_error_set(err, EINVAL, "state: line %d: %s",
				      config_error_line(&config),
				      config_error_text(&config));
	for (size_t i = 0; error == 0 && i < NSC_ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];
		config_setting_t *s = config_lookup(&config, f->key);

		if (s)
			error = get_field(s, state, f);
		else if (f->kind != KIND_OPTIONAL)
			error = -EINVAL;
		if (error < 0)
			nsc_error_set(err, -error, "state: %s: missing or "
				      "wrong", f->key);
	}
	config_destroy(&config);
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
	return nsc_state_parse(text, ret, err);
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
	ret = nsc_file_write_at(rundir, NSC_FILE_STATE, text, strlen(text),
				0644, err);
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
	for (size_t i = 0; i < NSC_ARRAY_SIZE(fields); i++) {
		void *p = member(state, &fields[i]);

		if (fields[i].kind == KIND_STRING ||
		    fields[i].kind == KIND_OPTIONAL)
			free(*(char **)p);
		else if (fields[i].kind == KIND_VECTOR)
			nsc_text_free_vector(*(char ***)p);
	}
	nsc_seccomp_free(&state->filter);
	free(state->groups);
	free(state);
}
