/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program and nsinit. */
#include "policy/cgroup_parents.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"

struct reader {
	const char *file;
	struct nsc_cgroup_parent *parent;
	struct nsc_error *err;
};

static int parents_wrong(const struct reader *r, const config_setting_t *s,
			 const char *expected)
{
	const char *name = config_setting_name(s);

	return nsc_error_set(r->err, EINVAL, "%s: line %u: cgroup_parents%s%s: "
			     "expected %s", r->file,
			     config_setting_source_line(s), name ? "." : "",
			     name ? name : "", expected);
}

static int parents_read_names(const struct reader *r, const config_setting_t *s,
			      char ***ret)
{
	static const char expected[] = "a list of names: [ \"a\", \"b\" ]";
	size_t n = 0;

	if (!config_setting_is_array(s) && !config_setting_is_list(s))
		return parents_wrong(r, s, expected);
	for (int i = 0; i < config_setting_length(s); i++) {
		const char *name = config_setting_get_string_elem(s, i);

		if (!name || !*name)
			return parents_wrong(r, s, expected);
		if (nsc_text_append(ret, &n, name) < 0)
			return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	}
	return 0;
}

static int parents_read_number(const struct reader *r,
			       const config_setting_t *s,
			       enum nsc_cgroup_number n)
{
	const struct nsc_cgroup_key *key = &nsc_cgroup_keys[n];
	struct nsc_cgroup_limits *l = &r->parent->limits;
	int type = config_setting_type(s);
	bool bytes = nsc_cgroup_is_bytes(n) && type == CONFIG_TYPE_STRING;
	char expected[160];
	long long value = type == CONFIG_TYPE_INT ? config_setting_get_int(s) :
						    config_setting_get_int64(s);

	if ((bytes ? nsc_text_bytes(config_setting_get_string(s), &value) < 0 :
		     type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) ||
	    !nsc_cgroup_number_valid(n, value)) {
		snprintf(expected, sizeof(expected), "%" PRId64 " or a number "
			 "from %" PRId64 " to %" PRId64 " (with L at its end "
			 "beyond 2147483647)%s", key->none, key->min, key->max,
			 nsc_cgroup_is_bytes(n) ? ", or bytes such as "
						  "\"2G\"" : "");
		return parents_wrong(r, s, expected);
	}
	l->number[n] = value;
	if (value != 0 || key->none != 0)
		l->set |= 1U << n;
	return 0;
}

static int parents_read_name(const struct reader *r, const config_setting_t *s)
{
	const char *text = config_setting_get_string(s);

	if (!text || !nsc_cgroup_name_valid(text))
		return parents_wrong(r, s,
				     "one name: letters, digits and ._-@+$");
	return nsc_text_copy(&r->parent->name, text) == 0 ? 0 :
		       nsc_error_sys(r->err, ENOMEM, "%s", r->file);
}

static int read_member(const struct reader *r, const config_setting_t *s)
{
	const char *name = config_setting_name(s);

	if (!strcmp(name, "name"))
		return parents_read_name(r, s);
	if (!strcmp(name, "users"))
		return parents_read_names(r, s, &r->parent->users);
	if (!strcmp(name, "groups"))
		return parents_read_names(r, s, &r->parent->groups);
	for (unsigned int n = 0; n < NSC_CGROUP_PARENT_NUMBERS; n++)
		if (!strcmp(name, nsc_cgroup_keys[n].name))
			return parents_read_number(r, s, n);
	return nsc_error_set(r->err, EINVAL, "%s: line %u: cgroup_parents.%s: "
			     "unknown key", r->file,
			     config_setting_source_line(s), name);
}

static int parents_read_parent(const struct reader *r,
			       const config_setting_t *s,
			       const struct nsc_cgroup_parents *others)
{
	struct nsc_cgroup_limits *l = &r->parent->limits;
	const char *problem;
	int ret = 0;

	if (!config_setting_is_group(s))
		return parents_wrong(r, s, "groups: ( { name = \"a\"; ... } )");
	for (int i = 0; ret == 0 && i < config_setting_length(s); i++)
		ret = read_member(r, config_setting_get_elem(s,
						(unsigned int)i));
	if (ret < 0)
		return ret;
	if (!r->parent->name)
		return parents_wrong(r, s, "a name");
	/* The last entry is the current one. */
	for (size_t i = 0; i + 1 < others->n; i++)
		if (!strcmp(others->list[i].name, r->parent->name))
			return parents_wrong(r, s, "each name once");
	if (asprintf(&l->origin, "%s: cgroup_parents: %s", r->file,
		     r->parent->name) < 0) {
		l->origin = NULL;
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	}
	problem = nsc_cgroup_limits_check(l);
	return problem ? nsc_error_set(r->err, EINVAL, "%s.%s", l->origin,
				       problem) : 0;
}

int nsc_parents_read(const char *file, const config_setting_t *setting,
		     struct nsc_cgroup_parents *ret, struct nsc_error *err)
{
	struct reader r = { file, NULL, err };
	int n = config_setting_length(setting);
	struct nsc_cgroup_parent *list;
	int error = 0;

	if (!config_setting_is_list(setting))
		return nsc_error_set(err, EINVAL, "%s: line %u: "
				     "cgroup_parents: expected a list: ( { "
				     "name = \"a\"; ... } )", file,
				     config_setting_source_line(setting));
	if (!n) {
		nsc_parents_free(ret);
		*ret = (struct nsc_cgroup_parents){ NULL, 0 };
	}
	list = reallocarray(ret->list, ret->n + (size_t)n + 1, sizeof(*list));
	if (!list)
		return nsc_error_sys(err, ENOMEM, "%s", file);
	memset(list + ret->n, 0, ((size_t)n + 1) * sizeof(*list));
	ret->list = list;
	for (int i = 0; error == 0 && i < n; i++) {
		r.parent = &ret->list[ret->n++];
		error = parents_read_parent(
			&r, config_setting_get_elem(setting, (unsigned int)i),
			ret);
	}
	return error;
}

/* 1, 0, or an error if a name service does not answer. */
static int is_member(const struct nsc_user *user, const char *name,
		     struct nsc_error *err)
{
	int ret = nsc_user_has_group(user, name);

	return ret < 0 ? nsc_error_sys(err, -ret, "cgroup_parents: group '%s'",
				       name) : ret;
}

static int parents_matches(const struct nsc_cgroup_parent *parent,
			   const struct nsc_user *user, struct nsc_error *err)
{
	for (char **name = parent->users; name && *name; name++)
		if (!strcmp(*name, user->name))
			return 1;
	for (char **name = parent->groups; name && *name; name++) {
		int ret = is_member(user, *name, err);

		if (ret != 0)
			return ret;
	}
	return 0;
}

int nsc_parents_find(const struct nsc_cgroup_parents *parents,
		     const struct nsc_user *user,
		     const struct nsc_cgroup_parent **ret,
		     struct nsc_error *err)
{
	*ret = NULL;
	for (size_t i = 0; i < parents->n; i++) {
		int match = parents_matches(&parents->list[i], user, err);

		if (match < 0)
			return match;
		if (match) {
			*ret = &parents->list[i];
			return 0;
		}
	}
	return 0;
}

void nsc_parents_free(struct nsc_cgroup_parents *parents)
{
	for (size_t i = 0; i < parents->n; i++) {
		free(parents->list[i].name);
		nsc_text_free_vector(parents->list[i].users);
		nsc_text_free_vector(parents->list[i].groups);
		nsc_cgroup_limits_free(&parents->list[i].limits);
	}
	free(parents->list);
}
