/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program and nsinit.  Parses a file of root. */
#include "policy/conf.h"

#include <errno.h>
#include <libconfig.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/nearest.h"
#include "util/text.h"
#include "policy/dropins.h"
#include "policy/recording.h"

enum kind { KIND_NAMES, KIND_CHOICE, KIND_NUMBER, KIND_BOOL, KIND_PATH,
	    KIND_PARENTS, KIND_POOL, KIND_ADDRESS, KIND_AGE, KIND_BYTES };

static const char *const mode_names[] = { "enforce", "audit", NULL };
static const char *const on_error_names[] = { "refuse", "host", NULL };
static const char *const placement_names[] = { "session", "start", NULL };
static const char *const nested_names[] = { "ignore", "refuse", NULL };
const char *const nsc_conf_on_change[] = { "keep", "drain", "recycle", NULL };

static const struct field {
	const char *key;
	enum kind kind;
	size_t at;
	const char *const *choices;
	long long min, max;
} fields[] = {
#define AT(member) offsetof(struct nsc_conf, member)
	{ "exempt_users", KIND_NAMES, AT(exempt_users), NULL, 0, 0 },
	{ "exempt_groups", KIND_NAMES, AT(exempt_groups), NULL, 0, 0 },
	{ "exempt_services", KIND_NAMES, AT(exempt_services), NULL, 0, 0 },
	{ "mode", KIND_CHOICE, AT(mode), mode_names, 0, 0 },
	{ "on_error", KIND_CHOICE, AT(on_error), on_error_names, 0, 0 },
	{ "placement", KIND_CHOICE, AT(placement), placement_names, 0, 0 },
	{ "nested", KIND_CHOICE, AT(nested), nested_names, 0, 0 },
	{ "on_change", KIND_CHOICE, AT(on_change), nsc_conf_on_change, 0, 0 },
	{ "start_timeout", KIND_NUMBER, AT(start_timeout), NULL, 1, 3600 },
	{ "debug", KIND_BOOL, AT(debug), NULL, 0, 0 },
	{ "pidfile", KIND_PATH, AT(pidfile), NULL, 0, 0 },
	{ "first_uid", KIND_NUMBER, AT(first_uid), NULL, 0, 4294967294 },
	{ "id_pool_first", KIND_NUMBER, AT(id_pool_first), NULL, 65536,
	  4294836224 },
	{ "id_pool_count", KIND_NUMBER, AT(id_pool_count), NULL, 65536,
	  4294836224 },
	{ "cgroup_parents", KIND_PARENTS, AT(cgroup_parents), NULL, 0, 0 },
	/* The numbers are the shortest and the longest prefix. */
	{ "address_pool", KIND_POOL, AT(address_pool), NULL, 8, 30 },
	{ "address_gateway", KIND_ADDRESS, AT(address_gateway), NULL, 0, 0 },
	{ "address_pool6", KIND_POOL, AT(address_pool6), NULL, 32, 120 },
	{ "address_gateway6", KIND_ADDRESS, AT(address_gateway6), NULL, 0,
	  0 },
	{ "bridge_pool", KIND_POOL, AT(bridge_pool), NULL, 8, 30 },
	{ "bridge_pool6", KIND_POOL, AT(bridge_pool6), NULL, 32, 120 },
	{ "record", KIND_CHOICE, AT(record), nsc_record_names, 0, 0 },
	{ "record_max_age", KIND_AGE, AT(record_max_age), NULL, 0, 0 },
	{ "record_max_size", KIND_BYTES, AT(record_max_size), NULL, 0, 0 },
	{ "record_min_free", KIND_BYTES, AT(record_min_free), NULL, 0, 0 },
#undef AT
};

_Static_assert(NSC_ARRAY_SIZE(fields) + NSC_LIFECYCLE_KEYS == NSC_CONF_KEYS,
	       "nsc_conf.from");

const char *nsc_conf_key(size_t i)
{
	if (i < NSC_ARRAY_SIZE(fields))
		return fields[i].key;
	return i < NSC_CONF_KEYS ?
		nsc_lifecycle_keys[i - NSC_ARRAY_SIZE(fields)].name : NULL;
}

/* The number of a key; NSC_CONF_KEYS: there is no such key. */
static size_t key_number(const char *name)
{
	size_t i = 0;

	while (i < NSC_CONF_KEYS && strcmp(nsc_conf_key(i), name) != 0)
		i++;
	return i;
}

struct reader {
	const char *file;
	struct nsc_conf *conf;
	struct nsc_error *err;
};

static int conf_wrong(const struct reader *r, const config_setting_t *s,
		      const char *expected)
{
	return nsc_error_set(r->err, EINVAL, "%s: line %u: %s: expected %s",
			     r->file, config_setting_source_line(s),
			     config_setting_name(s), expected);
}

static int conf_read_names(const struct reader *r, const config_setting_t *s,
			   char ***ret)
{
	size_t n = 0;

	if (!config_setting_is_array(s) && !config_setting_is_list(s))
		return conf_wrong(r, s, "a list of names: [ \"a\", \"b\" ]");
	nsc_text_free_vector(*ret);
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	for (int i = 0; i < config_setting_length(s); i++) {
		const char *name = config_setting_get_string_elem(s, i);

		if (!name || !*name)
			return conf_wrong(r, s,
					  "a list of names: [ \"a\", \"b\" ]");
		if (nsc_text_append(ret, &n, name) < 0)
			return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	}
	return 0;
}

static int read_choice(const struct reader *r, const config_setting_t *s,
		       const struct field *f, void *to)
{
	const char *text = config_setting_get_string(s);
	char expected[128] = "one of";

	for (unsigned int i = 0; text && f->choices[i]; i++) {
		if (strcmp(text, f->choices[i]) != 0)
			continue;
		*(unsigned int *)to = i;
		return 0;
	}
	for (unsigned int i = 0; f->choices[i]; i++) {
		strcat(expected, i ? ", \"" : " \"");
		strcat(expected, f->choices[i]);
		strcat(expected, "\"");
	}
	return conf_wrong(r, s, expected);
}

static int conf_read_number(const struct reader *r, const config_setting_t *s,
			    const struct field *f, void *to)
{
	int type = config_setting_type(s);
	long long value = config_setting_get_int64(s);
	char expected[64];

	if (type == CONFIG_TYPE_INT)
		value = config_setting_get_int(s);
	if ((type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) &&
	    value >= f->min && value <= f->max) {
		*(unsigned int *)to = (unsigned int)value;
		return 0;
	}
	snprintf(expected, sizeof(expected), "a number from %lld to %lld",
		 f->min, f->max);
	return conf_wrong(r, s, expected);
}

/* "90s", "12h", "30d", "8w" */
static int age_parse(const char *text, long long *ret)
{
	static const char units[] = "smhdw";
	static const int seconds[] = { 1, 60, 3600, 86400, 604800 };
	size_t n = strlen(text);
	const char *unit = n ? strchr(units, text[n - 1]) : NULL;
	char number[16];

	if (!unit || n > sizeof(number))
		return -EINVAL;
	memcpy(number, text, n - 1);
	number[n - 1] = '\0';
	if (nsc_text_number(number, 0, INT32_MAX, ret) < 0)
		return -EINVAL;
	*ret *= seconds[unit - units];
	return 0;
}

static int read_amount(const struct reader *r, const config_setting_t *s,
		       bool age, long long *to)
{
	int (*parse)(const char *, long long *) = age ? age_parse :
							nsc_text_bytes;
	int type = config_setting_type(s);
	const char *text = config_setting_get_string(s);
	long long value = config_setting_get_int64(s);

	if (type == CONFIG_TYPE_INT)
		value = config_setting_get_int(s);
	else if (type != CONFIG_TYPE_INT64 &&
		 (!text || parse(text, &value) < 0))
		value = -1;
	if (value < 0)
		return conf_wrong(r, s, age ? "a time such as \"30d\", or a "
				  "number of seconds" :
				  "a size such as \"10G\", or a number of "
				  "bytes");
	*to = value;
	return 0;
}

/* Templates in the path are expanded where it is used. */
static int read_path(const struct reader *r, const config_setting_t *s,
		     char **to)
{
	const char *text = config_setting_get_string(s);

	if (!text || text[0] != '/' || !text[1])
		return conf_wrong(r, s, "an absolute path");
	free(*to);
	return nsc_text_copy(to, text) == 0 ? 0 :
		       nsc_error_sys(r->err, ENOMEM, "%s", r->file);
}

static bool is_v6(const struct field *f)
{
	return f->key[strlen(f->key) - 1] == '6';
}

static int read_pool(const struct reader *r, const config_setting_t *s,
		     const struct field *f, struct nsc_address *to)
{
	const char *text = config_setting_get_string(s);
	struct nsc_address pool;
	char expected[96];

	if (text && nsc_address_parse(text, true, &pool) == 0 &&
	    (pool.family == AF_INET6) == is_v6(f) &&
	    pool.length >= f->min && pool.length <= f->max &&
	    nsc_address_is_network(&pool)) {
		*to = pool;
		return 0;
	}
	snprintf(expected, sizeof(expected), "a network such as \"%s\", "
		 "/%lld to /%lld", is_v6(f) ? "fd10:210::/64" :
					      "10.210.0.0/16", f->min, f->max);
	return conf_wrong(r, s, expected);
}

static int read_address(const struct reader *r, const config_setting_t *s,
			const struct field *f, struct nsc_address *to)
{
	const char *text = config_setting_get_string(s);
	struct nsc_address address;

	if (!text || nsc_address_parse(text, false, &address) < 0 ||
	    (address.family == AF_INET6) != is_v6(f))
		return conf_wrong(r, s,
				  is_v6(f) ?
					  "an address such as \"fd10:210::1\"" :
					  "an address such as \"10.210.0.1\"");
	*to = address;
	return 0;
}

/* A gateway must be one of the addresses of its pool. */
static int conf_check_gateways(const struct nsc_conf *conf,
			       struct nsc_error *err)
{
	if (conf->address_gateway.family &&
	    !nsc_address_covers(&conf->address_pool, &conf->address_gateway))
		return nsc_error_set(err, EINVAL, "%s: address_gateway: is "
				     "not in address_pool",
				     nsc_conf_file(conf, "address_gateway"));
	if (conf->address_gateway6.family &&
	    !nsc_address_covers(&conf->address_pool6, &conf->address_gateway6))
		return nsc_error_set(err, EINVAL, "%s: address_gateway6: is "
				     "not in address_pool6",
				     nsc_conf_file(conf, "address_gateway6"));
	return 0;
}

static int read_field(const struct reader *r, const config_setting_t *s,
		      const struct field *f)
{
	void *to = (char *)r->conf + f->at;

	switch (f->kind) {
	case KIND_NAMES:
		return conf_read_names(r, s, to);
	case KIND_CHOICE:
		return read_choice(r, s, f, to);
	case KIND_NUMBER:
		return conf_read_number(r, s, f, to);
	case KIND_BOOL:
		if (config_setting_type(s) != CONFIG_TYPE_BOOL)
			return conf_wrong(r, s, "true or false");
		*(bool *)to = config_setting_get_bool(s);
		return 0;
	case KIND_PATH:
		return read_path(r, s, to);
	case KIND_PARENTS:
		return nsc_parents_read(r->file, s, to, r->err);
	case KIND_POOL:
		return read_pool(r, s, f, to);
	case KIND_ADDRESS:
		return read_address(r, s, f, to);
	case KIND_AGE:
	case KIND_BYTES:
		return read_amount(r, s, f->kind == KIND_AGE, to);
	}
	return -EINVAL;
}

static int conf_read_lifecycle(const struct reader *r,
			       const config_setting_t *s,
			       const struct nsc_lifecycle_key *key)
{
	const struct field f = {
		.kind = key->choices ? KIND_CHOICE : KIND_NUMBER,
		.at = offsetof(struct nsc_conf, lifecycle) + key->at,
		.choices = key->choices, .max = key->max,
	};

	return read_field(r, s, &f);
}

static int conf_unknown(const struct reader *r, const config_setting_t *s)
{
	const char *name = config_setting_name(s);
	struct nsc_nearest nearest = NSC_NEAREST_INIT(name);
	char did[96];

	for (size_t i = 0; i < NSC_CONF_KEYS; i++)
		nsc_nearest_offer(&nearest, nsc_conf_key(i));
	return nsc_error_set(r->err, EINVAL, "%s: line %u: %s: unknown key%s",
			     r->file, config_setting_source_line(s), name,
			     nsc_nearest_text(&nearest, did, sizeof(did)));
}

/* Note which file has the key, for messages about its value. */
static int read_setting(const struct reader *r, const config_setting_t *s)
{
	const size_t others = NSC_ARRAY_SIZE(fields);
	size_t i = key_number(config_setting_name(s));

	if (i == NSC_CONF_KEYS)
		return conf_unknown(r, s);
	r->conf->from[i] = (uint16_t)(r->conf->n_files - 1);
	return i < others ? read_field(r, s, &fields[i]) :
		conf_read_lifecycle(r, s, &nsc_lifecycle_keys[i - others]);
}

const char *nsc_conf_file(const struct nsc_conf *conf, const char *key)
{
	size_t i = key_number(key);

	return conf->files[i < NSC_CONF_KEYS ? conf->from[i] : 0];
}

static struct nsc_conf *defaults(void)
{
	struct nsc_conf *conf = calloc(1, sizeof(*conf));

	if (!conf)
		return NULL;
	conf->start_timeout = 30;
	conf->first_uid = NSC_FIRST_UID_HOST;
	conf->id_pool_first = 1879048192;
	conf->id_pool_count = 134217728;
	conf->exempt_users = calloc(1, sizeof(char *));
	conf->exempt_groups = calloc(1, sizeof(char *));
	conf->exempt_services = calloc(1, sizeof(char *));
	if (conf->exempt_users && conf->exempt_groups &&
	    conf->exempt_services)
		return conf;
	nsc_conf_free(conf);
	return NULL;
}

/* The installed file has only comments, which libconfig reads slowly. */
static bool has_settings(const char *text)
{
	for (text += strspn(text, "\n"); *text == '#';
	     text += strspn(text, "\n"))
		text += strcspn(text, "\n");
	return *text;
}

static int conf_read_all(const struct reader *r, config_t *config,
			 const char *text)
{
	config_setting_t *root;
	int ret = 0;

	/* @include would read files that nobody has checked. */
	if (strstr(text, "@include"))
		return nsc_error_set(r->err, EINVAL, "%s: @include is not "
				     "allowed", r->file);
	if (!config_read_string(config, has_settings(text) ? text : ""))
		return nsc_error_set(r->err, EINVAL, "%s: line %d: %s: write "
				     "KEY = \"text\", KEY = 5 or KEY = [ "
				     "\"a\", \"b\" ], each key once", r->file,
				     config_error_line(config),
				     config_error_text(config));
	root = config_root_setting(config);
	for (int i = 0; ret == 0 && i < config_setting_length(root); i++)
		ret = read_setting(r, config_setting_get_elem(root,
						(unsigned int)i));
	return ret;
}

/* Read one more file, whose values take the place of earlier ones. */
static int conf_add(struct nsc_conf *conf, const char *text, const char *file,
		    struct nsc_error *err)
{
	const struct reader r = { file, conf, err };
	config_t config;
	int ret;

	if (nsc_text_append(&conf->files, &conf->n_files, file) < 0)
		return nsc_error_sys(err, ENOMEM, "%s", file);
	config_init(&config);
	ret = conf_read_all(&r, &config, text);
	config_destroy(&config);
	return ret;
}

/* Check the values that depend on each other. */
static int conf_finish(const struct nsc_conf *conf, struct nsc_error *err)
{
	if ((uint64_t)conf->id_pool_first + conf->id_pool_count > UINT32_MAX)
		return nsc_error_set(err, ERANGE, "%s: id_pool_count: the "
				     "pool ends beyond 4294967295",
				     nsc_conf_file(conf, "id_pool_count"));
	return conf_check_gateways(conf, err);
}

int nsc_conf_parse(const char *text, const char *file, struct nsc_conf **ret,
		   struct nsc_error *err)
{
	_cleanup_conf_ struct nsc_conf *conf = defaults();
	int error = conf ? conf_add(conf, text, file, err) :
			   nsc_error_sys(err, ENOMEM, "%s", file);

	if (error == 0)
		error = conf_finish(conf, err);
	if (error == 0)
		*ret = NSC_TAKE_PTR(conf);
	return error;
}

/* A file that does not exist is as good as an empty one: 1. */
static int conf_load(struct nsc_conf *conf, int dirfd, const char *dirname,
		     const char *name, struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *file = NULL;
	_cleanup_fd_ int fd = nsc_file_open_at(dirfd, dirname, name, err);
	int error = 0;

	if (fd < 0 && fd != -ENOENT)
		return fd;
	if (asprintf(&file, "%s/%s", dirname, name) < 0) {
		file = NULL;
		return nsc_error_sys(err, ENOMEM, "%s", name);
	}
	if (fd >= 0)
		error = nsc_file_read(fd, file, NSC_FILE_MAX, &text, NULL,
				      err);
	if (error == 0)
		error = conf_add(conf, text ? text : "", file, err);
	return error < 0 ? error : fd < 0;
}

static int load_dropins(struct nsc_conf *conf, const struct nsc_dropins *d,
			struct nsc_error *err)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < d->n; i++) {
		error = conf_load(conf, d->fd, d->path, d->names[i], err);
		if (error > 0)
			error = nsc_dropins_changed(d, d->names[i], err);
	}
	return error < 0 ? error : nsc_dropins_check(d, NSC_DROPINS_CONF, err);
}

static int conf_load_all(int dirfd, const char *dirname, const char *name,
			 struct nsc_conf **ret, struct nsc_error *err)
{
	_cleanup_dropins_ struct nsc_dropins d = NSC_DROPINS_INIT;
	_cleanup_conf_ struct nsc_conf *conf = defaults();
	int error = conf ? conf_load(conf, dirfd, dirname, name, err) :
			   nsc_error_sys(err, ENOMEM, "%s", name);

	if (error >= 0)
		error = nsc_dropins_open(dirfd, dirname, name,
					 NSC_DROPINS_CONF, &d, err);
	if (error == 0)
		error = load_dropins(conf, &d, err);
	if (error == 0)
		error = conf_finish(conf, err);
	if (error == 0)
		*ret = NSC_TAKE_PTR(conf);
	return error;
}

int nsc_conf_load(int dirfd, const char *dirname, const char *name,
		  struct nsc_conf **ret, struct nsc_error *err)
{
	int error = -EAGAIN;

	for (int i = 0; error == -EAGAIN && i < NSC_DROPINS_TRIES; i++) {
		nsc_error_clear(err);
		error = conf_load_all(dirfd, dirname, name, ret, err);
	}
	return error;
}

void nsc_conf_free(struct nsc_conf *conf)
{
	if (!conf)
		return;
	nsc_text_free_vector(conf->exempt_users);
	nsc_text_free_vector(conf->exempt_groups);
	nsc_text_free_vector(conf->exempt_services);
	nsc_parents_free(&conf->cgroup_parents);
	nsc_text_free_vector(conf->files);
	free(conf->pidfile);
	free(conf);
}
