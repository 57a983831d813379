/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/array_keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "config/container_config.h"
#include "config/process_keys.h"
#include "util/text.h"

static int read_device_type(struct nsc_reader *r, const json_t *value,
			    const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	json_int_t number = json_integer_value(value);

	(void)f;
	if (number == 99 || (text && !strcmp(text, "c")))
		*(char *)to = 'c';
	else if (number == 98 || (text && !strcmp(text, "b")))
		*(char *)to = 'b';
	else
		return nsc_field_wrong(r, value, "99, \"c\", 98 or \"b\"");
	return 0;
}

int nsc_read_permissions(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);

	(void)f;
	if (!text || strlen(text) > 3 || strspn(text, "rwm") != strlen(text))
		return nsc_field_wrong(r, value, "letters out of \"rwm\"");
	*(unsigned int *)to = (strchr(text, 'r') ? NSC_DEVICE_READ : 0) |
			      (strchr(text, 'w') ? NSC_DEVICE_WRITE : 0) |
			      (strchr(text, 'm') ? NSC_DEVICE_MKNOD : 0);
	return 0;
}

struct device {
	char *path;
	char type;
	int32_t major;
	int32_t minor;
	mode_t mode;
	unsigned int access;
};

#define AT(member) offsetof(struct device, member)
const struct nsc_field nsc_device_fields[] = {
	{ .name = "path", .read = nsc_read_text, .at = AT(path) },
	{ .name = "type", .read = read_device_type, .at = AT(type) },
	{ .name = "major_number", .read = nsc_read_signed,
	  .at = AT(major), .min = -1, .max = 4095 },
	{ .name = "minor_number", .read = nsc_read_signed,
	  .at = AT(minor), .min = -1, .max = 1048575 },
	{ .name = "cgroup_permissions", .read = nsc_read_permissions,
	  .at = AT(access) },
	{ .name = "file_mode", .read = nsc_read_mode, .at = AT(mode),
	  .max = 0777 },
	{ .name = NULL },
};
#undef AT

#define AT(member) offsetof(struct nsc_id_mapping, member)
const struct nsc_field nsc_mapping_fields[] = {
	{ .name = "container_id", .read = nsc_read_number,
	  .at = AT(container_id), .min = 0, .max = 4294967294 },
	{ .name = "host_id", .read = nsc_read_number, .at = AT(host_id),
	  .min = 0, .max = 4294967294 },
	{ .name = "size", .read = nsc_read_number, .at = AT(size),
	  .min = 1, .max = 4294967295 },
	{ .name = NULL },
};
#undef AT

bool nsc_device_path_valid(const char *path)
{
	if (strncmp(path, "/dev/", 5) != 0 || strlen(path) > 255)
		return false;
	for (const char *p = path + 4; p; p = strchr(p + 1, '/'))
		if (p[1] == '/' || p[1] == '\0' || p[1] == '.')
			return false;
	return true;
}

static int read_one_device(struct nsc_reader *r, const json_t *element,
			   struct device *device)
{
	int ret;

	*device = (struct device){ .mode = 0666, .type = 'c',
				   .access = NSC_DEVICE_ALL };
	ret = nsc_field_object(r, element, nsc_device_fields, device);
	if (ret == 0 && !nsc_field_has(element, "type"))
		ret = nsc_field_refuse_member(r, "type", "is missing");
	/* The files of 2014 leave out a number that is 0. */
	if (ret == 0 && !nsc_field_has(element, "major_number") &&
	    !nsc_field_has(element, "minor_number"))
		ret = nsc_field_refuse(r, "major_number and minor_number: "
				       "are missing");
	return ret;
}

static int read_device_node(struct nsc_reader *r, const json_t *element,
			    void *to)
{
	struct nsc_config *config = to;
	struct nsc_device_node node;
	struct device device;
	int ret = read_one_device(r, element, &device);

	if (ret == 0 && (device.major < 0 || device.minor < 0))
		ret = nsc_field_refuse(r, "a node needs both numbers: -1 (any) "
				       "is for cgroups.allowed_devices");
	if (ret == 0 && (!device.path || !nsc_device_path_valid(device.path)))
		ret = nsc_field_refuse_member(r, "path",
					      "expected a path below /dev");
	node = (struct nsc_device_node){
		.path = device.path, .type = device.type,
		.major = (unsigned int)device.major,
		.minor = (unsigned int)device.minor, .mode = device.mode,
		.access = device.access,
	};
	if (ret == 0)
		ret = nsc_field_add(r, &config->devices, &config->n_devices,
				    &node, sizeof(node));
	if (ret < 0)
		free(device.path);
	return ret;
}

int nsc_read_device_nodes(struct nsc_reader *r, const json_t *value,
			  const struct nsc_field *f, void *to)
{
	struct nsc_config *config = to;

	(void)f;
	config->default_devices = false;
	return nsc_field_array(r, value, read_device_node, to);
}

static bool lists_replaced(const struct nsc_config *config, const char *path)
{
	for (size_t i = 0; i < config->n_devices; i++)
		if (!strcmp(config->devices[i].path, path))
			return true;
	return false;
}

const struct nsc_device_node *nsc_config_device(const struct nsc_config *config,
						size_t i)
{
	size_t n = config->default_devices ? NSC_DEVICE_DEFAULTS : 0;

	for (size_t k = 0; k < n; k++)
		if (!lists_replaced(config, nsc_device_defaults[k].path) &&
		    !i--)
			return &nsc_device_defaults[k];
	return i < config->n_devices ? &config->devices[i] : NULL;
}

void nsc_config_devices_free(struct nsc_config *config)
{
	for (size_t i = 0; i < config->n_devices; i++) {
		free(config->devices[i].path);
		free(config->devices[i].host_path);
	}
	free(config->devices);
	for (size_t i = 0; i < config->n_cdi; i++) {
		free(config->cdi[i].name);
		free(config->cdi[i].numbers);
	}
	free(config->cdi);
	free(config->gids);
	nsc_text_free_vector(config->gid_names);
}

static int read_rule(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_config_devices *all = to;
	struct nsc_device_rule rule;
	struct device device;
	int ret = read_one_device(r, element, &device);

	/* The path is a note for the reader of the file. */
	free(device.path);
	rule = (struct nsc_device_rule){
		.type = device.type, .major = device.major,
		.minor = device.minor, .access = device.access,
	};
	return ret < 0 ? ret : nsc_field_add(r, &all->rules, &all->n, &rule,
					     sizeof(rule));
}

int nsc_read_devices(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	struct nsc_config_devices *all = to;

	(void)f;
	all->given = true;
	return nsc_field_array(r, value, read_rule, to);
}

struct mappings {
	struct nsc_id_mapping *list;
	size_t n;
};

static bool lists_overlap(uint32_t a, uint32_t b, uint32_t size_a,
			  uint32_t size_b)
{
	return a < (uint64_t)b + size_b && b < (uint64_t)a + size_a;
}

static int read_mapping(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_id_mapping m = { 0, 0, 0 };
	struct mappings *all = to;
	int ret = nsc_field_object(r, element, nsc_mapping_fields, &m);

	if (ret < 0)
		return ret;
	if (!nsc_field_has(element, "size"))
		return nsc_field_refuse(r, "expected container_id, host_id "
					"and size");
	if ((uint64_t)m.container_id + m.size > UINT32_MAX ||
	    (uint64_t)m.host_id + m.size > UINT32_MAX)
		return nsc_field_refuse_member(r, "size",
					       "ends beyond 4294967294");
	for (size_t i = 0; i < all->n; i++)
		if (lists_overlap(m.container_id, all->list[i].container_id,
				  m.size, all->list[i].size) ||
		    lists_overlap(m.host_id, all->list[i].host_id, m.size,
				  all->list[i].size))
			return nsc_field_refuse(r, "overlaps an earlier "
						"mapping");
	if (all->n == NSC_MAPPINGS_MAX)
		return nsc_field_refuse(r, "more mappings than the kernel "
					"accepts");
	return nsc_field_add(r, &all->list, &all->n, &m, sizeof(m));
}

static int read_mappings(struct nsc_reader *r, const json_t *value,
			 struct nsc_id_mapping **list, size_t *n)
{
	struct mappings all = { NULL, 0 };
	int ret = nsc_field_array(r, value, read_mapping, &all);

	free(*list);
	*list = all.list;
	*n = all.n;
	return ret;
}

int nsc_read_uid_mappings(struct nsc_reader *r, const json_t *value,
			  const struct nsc_field *f, void *to)
{
	struct nsc_config *config = to;

	(void)f;
	config->automatic_mappings = false;
	return read_mappings(r, value, &config->uid_mappings,
			     &config->n_uid_mappings);
}

int nsc_read_gid_mappings(struct nsc_reader *r, const json_t *value,
			  const struct nsc_field *f, void *to)
{
	struct nsc_config *config = to;

	(void)f;
	config->automatic_mappings = false;
	return read_mappings(r, value, &config->gid_mappings,
			     &config->n_gid_mappings);
}

static int check_variable(struct nsc_reader *r, const json_t *element,
			  void *to)
{
	const char *text = nsc_field_text(r, element);
	char *const **vector = to;
	size_t len;

	if (!text)
		return -EINVAL;
	len = strspn(text, "abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
	if (!len || text[len] != '=' || isdigit((unsigned char)text[0]))
		return nsc_field_wrong(r, element, "KEY=VALUE");
	for (char *const *v = *vector; strcmp(*v, text) != 0; v++)
		if (!strncmp(*v, text, len + 1))
			return nsc_field_wrong(r, element, "each KEY once");
	return 0;
}

int nsc_read_environment(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	int ret = nsc_read_texts(r, value, f, to);

	return ret < 0 ? ret : nsc_field_array(r, value, check_variable, to);
}

int nsc_read_capability(struct nsc_reader *r, const json_t *element, void *to)
{
	const char *text = nsc_field_text(r, element);

	if (!text)
		return -EINVAL;
	if (!strncasecmp(text, "cap_", 4))
		text += 4;
	/* cap_from_name() also accepts numbers, and names with a suffix. */
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		char *name = cap_to_name(cap);
		bool same = name && !strcasecmp(name + 4, text);

		cap_free(name);
		if (same) {
			*(uint64_t *)to |= UINT64_C(1) << cap;
			return 0;
		}
	}
	return nsc_field_wrong(r, element, "the name of a capability that "
			       "this kernel has");
}
