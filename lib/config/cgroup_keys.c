/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/cgroup_keys.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"
#include "config/array_keys.h"
#include "config/process_keys.h"
#include "linux/attributes.h"

static const char *const freezer_names[] = { "", "FROZEN", "THAWED", NULL };

static enum nsc_cgroup_number cgroup_number_of(const char *name)
{
	unsigned int n = 0;

	while (n < NSC_CGROUP_NUMBERS &&
	       strcmp(nsc_cgroup_keys[n].name, name) != 0)
		n++;
	return n;
}

static int cgroup_read_limit(struct nsc_reader *r, const json_t *value,
			     const struct nsc_field *f, void *to)
{
	enum nsc_cgroup_number n = cgroup_number_of(f->name);
	const struct nsc_cgroup_key *key = &nsc_cgroup_keys[n];
	struct nsc_cgroup_limits *limits = to;
	json_int_t number = json_integer_value(value);
	bool bytes = nsc_cgroup_is_bytes(n);
	char expected[128];

	if ((!json_is_integer(value) &&
	     !(bytes && nsc_field_bytes(value, &number))) ||
	    !nsc_cgroup_number_valid(n, number)) {
		snprintf(expected, sizeof(expected), "%" PRId64
			 " (nothing), or a number from %" PRId64 " to %" PRId64
			 "%s", key->none, key->min, key->max,
			 bytes ? ", or bytes such as \"2G\"" : "");
		return nsc_field_wrong(r, value, expected);
	}
	limits->number[n] = number;
	limits->set &= ~(1U << n);
	limits->wished &= ~(1U << n);
	/* 0 is a limit of its own if the key's "nothing" is -1. */
	if (number != 0 || key->none != 0)
		limits->set |= 1U << n;
	return 0;
}

/* Is text in the list format of cpuset(7), such as "0-3,5"? */
static bool list_valid(const char *text)
{
	while (isdigit((unsigned char)*text)) {
		char *end;
		unsigned long first = strtoul(text, &end, 10);
		unsigned long last = first;

		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		text = end;
		if (last < first || last >= NSC_PROCESSORS)
			return false;
		if (!*text)
			return true;
		if (*text++ != ',')
			return false;
	}
	return false;
}

int nsc_read_processors(struct nsc_reader *r, const json_t *value,
			const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);
	char **place = to;

	if (!text)
		return -EINVAL;
	if (!*text) {
		free(*place);
		*place = NULL;
		return 0;
	}
	if (!list_valid(text) || strlen(text) >= NSC_CGROUP_VALUE_MAX)
		return nsc_field_wrong(r, value, "numbers and ranges such as "
				       "\"0-3,5\", at most 4095 bytes");
	return nsc_read_text(r, value, f, to);
}

static int cgroup_read_name(struct nsc_reader *r, const json_t *value,
			    const struct nsc_field *f, void *to)
{
	int ret = nsc_read_template(r, value, f, to);

	if (ret == 0 && **(char **)to && !nsc_cgroup_name_valid(*(char **)to))
		return nsc_field_wrong(r, value, "one name: 1 to 64 letters, "
				       "digits and ._-@+$, not beginning with "
				       "'.', '-' or \"cgroup.\"");
	return ret;
}

static int cgroup_read_parent(struct nsc_reader *r, const json_t *value,
			      const struct nsc_field *f, void *to)
{
	int ret = nsc_read_template(r, value, f, to);
	_cleanup_free_ char *copy = ret < 0 ? NULL : strdup(*(char **)to);
	char *save = NULL;
	int n = 0;

	if (ret < 0)
		return ret;
	if (!copy)
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	for (char *name = strtok_r(copy, "/", &save); name;
	     name = strtok_r(NULL, "/", &save))
		if (++n > NSC_CGROUP_PARENTS_MAX ||
		    !nsc_cgroup_name_valid(name))
			return nsc_field_wrong(r, value, "at most 8 names "
					       "such as \"lab/students\", "
					       "without '..'");
	return 0;
}

static int read_slice(struct nsc_reader *r, const json_t *value,
		      const struct nsc_field *f, void *to)
{
	int ret = nsc_read_template(r, value, f, to);
	const char *text = ret < 0 ? "" : *(char **)to;
	size_t len = strlen(text);

	if (ret < 0 || !len)
		return ret;
	if (len < 7 || strcmp(text + len - 6, ".slice") != 0 ||
	    !nsc_cgroup_name_valid(text))
		return nsc_field_wrong(r, value, "the name of a slice unit "
				       "such as \"students.slice\"");
	return 0;
}

static int read_byte_rate(struct nsc_reader *r, const json_t *value,
			  const struct nsc_field *f, void *to)
{
	json_int_t number = 0;

	(void)f;
	if (!nsc_field_bytes(value, &number) || number < 1)
		return nsc_field_wrong(r, value, "a number from 1, or bytes "
				       "such as \"10M\"");
	*(int64_t *)to = number;
	return 0;
}

#define AT(member) offsetof(struct nsc_cgroup_io_max, member)
#define RATE(key, reader, n) { .name = (key), .read = (reader), \
			       .at = AT(rate[(n)]), .min = 1, .max = INT64_MAX }
static const struct nsc_field io_fields[] = {
	{ .name = "major_number", .read = nsc_read_number, .at = AT(major),
	  .min = 0, .max = 4095 },
	{ .name = "minor_number", .read = nsc_read_number, .at = AT(minor),
	  .min = 0, .max = 1048575 },
	RATE("rbps", read_byte_rate, NSC_CGROUP_RBPS),
	RATE("wbps", read_byte_rate, NSC_CGROUP_WBPS),
	RATE("riops", nsc_read_integer, NSC_CGROUP_RIOPS),
	RATE("wiops", nsc_read_integer, NSC_CGROUP_WIOPS),
	{ .name = NULL },
};
#undef RATE
#undef AT

static int add_io_max(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_cgroup_limits *l = to;
	struct nsc_cgroup_io_max io = { .major = 0 };
	struct nsc_cgroup_io_max *list;
	int ret = nsc_field_object(r, element, io_fields, &io);

	if (ret < 0)
		return ret;
	/* As everywhere, a number that is absent is 0. */
	if (!nsc_field_has(element, "major_number"))
		return nsc_field_refuse(r, "expected major_number and "
					"minor_number of a block device");
	if (json_object_size(element) <
	    2 + (size_t)nsc_field_has(element, "minor_number"))
		return nsc_field_refuse(r, "expected one of rbps, wbps, riops "
					"and wiops");
	list = reallocarray(l->io_max, l->n_io_max + 1, sizeof(*list));
	if (!list)
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	l->io_max = list;
	list[l->n_io_max++] = io;
	return 0;
}

static int cgroup_add_pair(struct nsc_reader *r, struct nsc_cgroup_pair **list,
			   size_t *n, const char *name, const char *value)
{
	struct nsc_cgroup_pair *grown = reallocarray(*list, *n + 1,
						     sizeof(*grown));

	if (!grown)
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	*list = grown;
	grown[*n] = (struct nsc_cgroup_pair){ NULL, NULL };
	*n += 1;
	return nsc_text_copy(&grown[*n - 1].name, name) == 0 &&
			       nsc_text_copy(&grown[*n - 1].value, value) == 0 ?
		       0 : nsc_error_sys(r->err, ENOMEM, "%s", r->file);
}

/* Is name a page size as in the kernel's file names, such as "2MB"? */
static bool page_size_valid(const char *name)
{
	size_t len = strspn(name, "0123456789");

	return len >= 1 && len <= 8 && name[0] != '0' &&
	       (!strcmp(name + len, "KB") || !strcmp(name + len, "MB") ||
		!strcmp(name + len, "GB"));
}

static int read_hugetlb(struct nsc_reader *r, const json_t *value,
			const struct nsc_field *f, void *to)
{
	json_t *object = (json_t *)(uintptr_t)value;
	struct nsc_cgroup_limits *l = to;
	const char *name;
	json_t *bytes;

	(void)f;
	if (!json_is_object(value))
		return nsc_field_wrong(r, value, "an object such as "
				       "{\"2MB\": 1073741824}");
	json_object_foreach(object, name, bytes) {
		json_int_t number;
		char text[24];
		int ret;

		if (json_is_null(bytes))
			continue;
		if (!page_size_valid(name))
			return nsc_field_wrong(r, value, "page sizes such as "
					       "\"2MB\" and \"1GB\" as keys");
		if (!nsc_field_bytes(bytes, &number))
			return nsc_field_wrong(r, bytes, "a number of bytes "
					       "such as 1073741824 or \"1G\"");
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, number);
		ret = cgroup_add_pair(r, &l->hugetlb, &l->n_hugetlb, name,
				      text);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* Is name one of an RDMA device, and a word of the kernel's file? */
static bool rdma_name_valid(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len < 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz"
					      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					      "0123456789_-.") == len;
}

/* hca_handles and hca_objects of a device; -1: not given. */
static const struct nsc_field rdma_fields[] = {
	{ .name = "hca_handles", .read = nsc_read_integer, .at = 0,
	  .min = 0, .max = INT32_MAX - 1 },
	{ .name = "hca_objects", .read = nsc_read_integer,
	  .at = sizeof(int64_t), .min = 0, .max = INT32_MAX - 1 },
	{ .name = NULL },
};

static int add_rdma(struct nsc_reader *r, struct nsc_cgroup_limits *l,
		    const char *name, const json_t *device)
{
	int64_t most[] = { -1, -1 };
	char handles[24] = "max", objects[24] = "max", text[80];
	int ret = nsc_field_object(r, device, rdma_fields, most);

	if (ret < 0)
		return ret;
	if (most[0] < 0 && most[1] < 0)
		return nsc_field_wrong(r, device, "hca_handles or "
				       "hca_objects");
	if (most[0] >= 0)
		snprintf(handles, sizeof(handles), "%" PRId64, most[0]);
	if (most[1] >= 0)
		snprintf(objects, sizeof(objects), "%" PRId64, most[1]);
	snprintf(text, sizeof(text), "hca_handle=%s hca_object=%s", handles,
		 objects);
	return cgroup_add_pair(r, &l->rdma, &l->n_rdma, name, text);
}

static int read_rdma(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	json_t *object = (json_t *)(uintptr_t)value;
	const char *name;
	json_t *device;

	(void)f;
	if (!json_is_object(value))
		return nsc_field_wrong(r, value, "an object such as "
				       "{\"mlx5_0\": {\"hca_handles\": 2}}");
	json_object_foreach(object, name, device) {
		size_t len;
		int ret;

		if (json_is_null(device))
			continue;
		if (!rdma_name_valid(name))
			return nsc_field_wrong(r, value, "names of RDMA "
					       "devices such as \"mlx5_0\" as "
					       "keys");
		len = nsc_field_push(r, ".%s", name);
		ret = add_rdma(r, to, name, device);
		if (ret < 0)
			return ret;
		nsc_field_pop(r, len);
	}
	return 0;
}

/* These files build the group; they are not limits. */
static bool file_is_ours(const char *name)
{
	static const char *const files[] = {
		"cgroup.procs", "cgroup.threads", "cgroup.subtree_control",
		"cgroup.type", "cgroup.kill", "cgroup.freeze",
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(files); i++)
		if (!strcmp(files[i], name))
			return true;
	return false;
}

static int read_unified(struct nsc_reader *r, const json_t *value,
			const struct nsc_field *f, void *to)
{
	json_t *object = (json_t *)(uintptr_t)value;
	struct nsc_cgroup_limits *l = to;
	const char *name;
	json_t *content;

	(void)f;
	if (!json_is_object(value))
		return nsc_field_wrong(r, value, "an object such as "
				       "{\"memory.high\": \"1G\"}");
	json_object_foreach(object, name, content) {
		const char *text;
		int ret;

		if (json_is_null(content))
			continue;
		if (!strchr(name, '.') || name[0] == '.' || strlen(name) > 63 ||
		    strspn(name, "abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._") !=
		    strlen(name))
			return nsc_field_wrong(r, value, "names of cgroup v2 "
					       "files, without '/', as keys");
		if (file_is_ours(name))
			return nsc_field_refuse_member(r, name, "this file "
				"builds the container's group: it cannot be "
				"configured");
		text = nsc_field_text(r, content);
		if (!text)
			return -EINVAL;
		if (!*text || strlen(text) >= NSC_CGROUP_VALUE_MAX)
			return nsc_field_wrong(r, content, "1 to 4095 bytes");
		ret = cgroup_add_pair(r, &l->unified, &l->n_unified, name,
				      text);
		if (ret < 0)
			return ret;
	}
	return 0;
}

#define AT(member) offsetof(struct nsc_config, cgroups.member)
#define LIMIT(key)                                                             \
	{                                                                      \
		.name = (key), .read = cgroup_read_limit, .at = AT(limits)     \
	}
const struct nsc_field nsc_cgroup_fields[] = {
	{ .name = "name", .read = cgroup_read_name, .at = AT(name) },
	{ .name = "parent", .read = cgroup_read_parent, .at = AT(parent) },
	{ .name = "slice", .read = read_slice, .at = AT(slice) },
	{ .name = "stay_below",
	  .read = nsc_read_paths,
	  .at = AT(stay_below) },
	{ .name = "allow_all_devices",
	  .read = nsc_read_bool,
	  .at = AT(allow_all_devices) },
	{ .name = "allowed_devices",
	  .read = nsc_read_devices,
	  .at = AT(devices) },
	LIMIT("memory"),
	LIMIT("memory_reservation"),
	LIMIT("memory_swap"),
	LIMIT("memory_high"),
	LIMIT("cpu_shares"),
	LIMIT("cpu_quota"),
	LIMIT("cpu_period"),
	LIMIT("cpu_weight"),
	LIMIT("cpu_idle"),
	LIMIT("cpu_burst"),
	LIMIT("memory_swappiness"),
	{ .name = "cpuset_cpus",
	  .read = nsc_read_processors,
	  .at = AT(limits.cpus) },
	{ .name = "cpuset_mems",
	  .read = nsc_read_processors,
	  .at = AT(limits.mems) },
	{ .name = "freezer",
	  .read = nsc_read_choice,
	  .at = AT(freezer),
	  .choices = freezer_names },
	LIMIT("pids"),
	LIMIT("io_weight"),
	{ .name = "io_max",
	  .read = nsc_read_array, .element = add_io_max,
	  .at = AT(limits),
	  .members = io_fields },
	{ .name = "hugetlb", .read = read_hugetlb, .at = AT(limits) },
	{ .name = "rdma", .read = read_rdma, .at = AT(limits) },
	{ .name = "unified", .read = read_unified, .at = AT(limits) },
	{ .name = NULL },
};

/* Say what is wrong with stay_below; NULL: nothing. */
static const char *stay_below_wrong(const struct nsc_config *config)
{
	const struct nsc_config_cgroups *c = &config->cgroups;

	for (char **path = c->stay_below; path && *path; path++)
		if (!(*path)[1] || strchr(*path, '\n'))
			return "stay_below: expected groups below the root, "
			       "such as \"/slurm\"";
	return c->stay_below && *c->stay_below && !c->allow_all_devices &&
			       !(config->namespaces & CLONE_NEWUSER) ?
		       "stay_below: needs namespaces.NEWUSER, or "
		       "allow_all_devices true: the container's device rules "
		       "do not hold in groups of others" : NULL;
}

int nsc_config_cgroups_finish(struct nsc_reader *r, struct nsc_config *config)
{
	struct nsc_config_cgroups *c = &config->cgroups;
	const char *wrong;
	char text[256];

	if (asprintf(&c->limits.origin, "%s: cgroups",
		     nsc_field_file(r, "cgroups")) < 0) {
		c->limits.origin = NULL;
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	}
	wrong = nsc_cgroup_limits_check(&c->limits);
	if (!wrong)
		wrong = stay_below_wrong(config);
	if (!wrong && c->allow_all_devices && c->devices.given)
		wrong = "allowed_devices: is of no use with "
			"allow_all_devices: remove one of them";
	if (!wrong)
		return 0;
	snprintf(text, sizeof(text), "cgroups.%s", wrong);
	return nsc_field_refuse(r, text);
}

void nsc_config_cgroups_free(struct nsc_config_cgroups *c)
{
	free(c->name);
	free(c->parent);
	free(c->slice);
	nsc_text_free_vector(c->stay_below);
	free(c->devices.rules);
	nsc_cgroup_limits_free(&c->limits);
}
