/* Runs in: nsinit alone. */
#include "config/lists.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "config/container_config.h"

enum mount_type { MOUNT_NONE, MOUNT_BIND, MOUNT_TMPFS, MOUNT_DEVTMPFS,
		  MOUNT_OTHER };
static const char *const mount_types[] = {
	"", "bind", "tmpfs", "devtmpfs", "proc", "sysfs", "mqueue", "cgroup",
	"overlay", "devpts", NULL,
};

struct mount {
	unsigned int type;
	bool writable;
	bool private;
	char *source;
	char *destination;
};

#define AT(member) offsetof(struct mount, member)
const struct nsc_field nsc_mount_fields[] = {
	{ .name = "type", .read = nsc_read_choice, .at = AT(type),
	  .choices = mount_types },
	{ .name = "source", .read = nsc_read_template, .at = AT(source) },
	{ .name = "destination", .read = nsc_read_path,
	  .at = AT(destination) },
	{ .name = "writable", .read = nsc_read_bool, .at = AT(writable) },
	{ .name = "private", .read = nsc_read_bool, .at = AT(private) },
	{ .name = NULL },
};
#undef AT

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

static int read_permissions(struct nsc_reader *r, const json_t *value,
			    const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);

	(void)f;
	(void)to;
	if (!text || strlen(text) > 3 || strspn(text, "rwm") != strlen(text))
		return nsc_field_wrong(r, value, "letters out of \"rwm\"");
	return 0;
}

static int read_file_mode(struct nsc_reader *r, const json_t *value,
			  const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	json_int_t mode = json_integer_value(value);
	char *end = NULL;

	(void)f;
	if (text)
		mode = strtoll(text, &end, 8);
	/* The 2014 code wrote the file type into it as well. */
	if ((!text && !json_is_integer(value)) || (text && (!*text || *end)) ||
	    mode < 0 || (mode & ~(json_int_t)0170000) > 0777)
		return nsc_field_wrong(r, value, "permission bits: a number, "
				       "or an octal string such as \"0666\"");
	*(mode_t *)to = (mode_t)mode & 0777;
	return 0;
}

struct device {
	char *path;
	char type;
	int32_t major;
	int32_t minor;
	mode_t mode;
};

static int read_device_number(struct nsc_reader *r, const json_t *value,
			      const struct nsc_field *f, void *to)
{
	int ret = nsc_read_integer(r, value, f, NULL);

	if (ret == 0)
		*(int32_t *)to = (int32_t)json_integer_value(value);
	return ret;
}

#define AT(member) offsetof(struct device, member)
const struct nsc_field nsc_device_fields[] = {
	{ .name = "path", .read = nsc_read_text, .at = AT(path) },
	{ .name = "type", .read = read_device_type, .at = AT(type) },
	{ .name = "major_number", .read = read_device_number,
	  .at = AT(major), .min = -1, .max = 4095 },
	{ .name = "minor_number", .read = read_device_number,
	  .at = AT(minor), .min = -1, .max = 1048575 },
	{ .name = "cgroup_permissions", .read = read_permissions },
	{ .name = "file_mode", .read = read_file_mode, .at = AT(mode) },
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

/* Make room for one more element of a list; NULL without memory. */
static void *grow(struct nsc_reader *r, void *list, size_t n, size_t size)
{
	void *grown = reallocarray(list, n + 1, size);

	if (!grown) {
		nsc_error_sys(r->err, ENOMEM, "%s", r->file);
		return NULL;
	}
	memset((char *)grown + n * size, 0, size);
	return grown;
}

static bool has(const json_t *object, const char *key)
{
	return json_object_get(object, key) != NULL;
}

static int check_mount(struct nsc_reader *r, const struct mount *m)
{
	if (m->type == MOUNT_NONE)
		return nsc_field_refuse_member(r, "type", "is missing");
	if (m->type == MOUNT_DEVTMPFS && m->destination)
		return nsc_field_refuse_member(r, "destination", "/dev is "
					       "managed: remove it");
	if (m->type >= MOUNT_OTHER)
		return nsc_field_refuse_member(r, "type", "not supported yet");
	if (m->type != MOUNT_DEVTMPFS && !m->destination)
		return nsc_field_refuse_member(r, "destination", "is missing");
	if (m->type == MOUNT_BIND && (!m->source || m->source[0] != '/'))
		return nsc_field_refuse_member(r, "source", "expected an "
					       "absolute path of the host");
	if (m->destination && !strcmp(m->destination, "/"))
		return nsc_field_refuse_member(r, "destination",
					       "\"/\" is the rootfs");
	return 0;
}

static int read_mount(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_config *config = to;
	struct mount m = { .source = NULL };
	struct nsc_config_mount *list;
	int ret = nsc_field_object(r, element, nsc_mount_fields, &m);

	if (ret == 0)
		ret = check_mount(r, &m);
	if (ret < 0 || m.type == MOUNT_DEVTMPFS) {
		free(m.source);
		free(m.destination);
		return ret;
	}
	list = grow(r, config->mounts, config->n_mounts, sizeof(*list));
	if (!list) {
		free(m.source);
		free(m.destination);
		return -ENOMEM;
	}
	config->mounts = list;
	list[config->n_mounts++] = (struct nsc_config_mount){
		.tmpfs = m.type == MOUNT_TMPFS, .source = m.source,
		.destination = m.destination, .writable = m.writable,
	};
	return 0;
}

int nsc_read_mounts(struct nsc_reader *r, const json_t *value,
		    const struct nsc_field *f, void *to)
{
	(void)f;
	return nsc_field_array(r, value, read_mount, to);
}

/* Is path a name below /dev that leads nowhere else? */
static bool device_path_valid(const char *path)
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

	*device = (struct device){ .mode = 0666, .type = 'c' };
	ret = nsc_field_object(r, element, nsc_device_fields, device);
	if (ret == 0 && !has(element, "type"))
		ret = nsc_field_refuse_member(r, "type", "is missing");
	if (ret == 0 && (!has(element, "major_number") ||
			 !has(element, "minor_number")))
		ret = nsc_field_refuse(r, "major_number and minor_number: "
				       "are missing");
	return ret;
}

static int read_device_node(struct nsc_reader *r, const json_t *element,
			    void *to)
{
	struct nsc_config *config = to;
	struct nsc_device_node *list;
	struct device device;
	int ret = read_one_device(r, element, &device);

	if (ret == 0 && (device.major < 0 || device.minor < 0))
		ret = nsc_field_refuse(r, "a node needs both numbers: -1 (any) "
				       "is for cgroups.allowed_devices");
	if (ret == 0 && (!device.path || !device_path_valid(device.path)))
		ret = nsc_field_refuse_member(r, "path",
					      "expected a path below /dev");
	list = ret < 0 ? NULL : grow(r, config->devices, config->n_devices,
				     sizeof(*list));
	if (!list) {
		free(device.path);
		return ret < 0 ? ret : -ENOMEM;
	}
	config->devices = list;
	list[config->n_devices++] = (struct nsc_device_node){
		.path = device.path, .type = device.type,
		.major = (unsigned int)device.major,
		.minor = (unsigned int)device.minor, .mode = device.mode,
	};
	return 0;
}

int nsc_read_device_nodes(struct nsc_reader *r, const json_t *value,
			  const struct nsc_field *f, void *to)
{
	struct nsc_config *config = to;

	(void)f;
	config->default_devices = false;
	return nsc_field_array(r, value, read_device_node, to);
}

static int check_device(struct nsc_reader *r, const json_t *element, void *to)
{
	struct device device;
	int ret = read_one_device(r, element, &device);

	(void)to;
	free(device.path);
	return ret;
}

int nsc_read_devices(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	(void)f;
	(void)to;
	return nsc_field_array(r, value, check_device, NULL);
}

struct mappings {
	struct nsc_id_mapping *list;
	size_t n;
};

static bool overlap(uint32_t a, uint32_t b, uint32_t size_a, uint32_t size_b)
{
	return a < (uint64_t)b + size_b && b < (uint64_t)a + size_a;
}

static int read_mapping(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_id_mapping m = { 0, 0, 0 };
	struct mappings *all = to;
	struct nsc_id_mapping *list;
	int ret = nsc_field_object(r, element, nsc_mapping_fields, &m);

	if (ret < 0)
		return ret;
	if (json_object_size(element) != 3)
		return nsc_field_refuse(r, "expected container_id, host_id "
					"and size");
	if ((uint64_t)m.container_id + m.size > UINT32_MAX ||
	    (uint64_t)m.host_id + m.size > UINT32_MAX)
		return nsc_field_refuse_member(r, "size",
					       "ends beyond 4294967294");
	for (size_t i = 0; i < all->n; i++)
		if (overlap(m.container_id, all->list[i].container_id, m.size,
			    all->list[i].size) ||
		    overlap(m.host_id, all->list[i].host_id, m.size,
			    all->list[i].size))
			return nsc_field_refuse(r, "overlaps an earlier "
						"mapping");
	if (all->n == NSC_MAPPINGS_MAX)
		return nsc_field_refuse(r, "more mappings than the kernel "
					"takes");
	list = grow(r, all->list, all->n, sizeof(*list));
	if (!list)
		return -ENOMEM;
	list[all->n++] = m;
	all->list = list;
	return 0;
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
