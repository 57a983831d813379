/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of other forms.  Runs in: nsinit alone. */
#include "config/convert.h"

#include <stdio.h>
#include <string.h>

#include "util/fd.h"

json_t *nsc_convert_either(const json_t *object, const char *a, const char *b)
{
	json_t *value = json_object_get(object, a);

	return value ? value : json_object_get(object, b);
}

static const struct {
	const char *name;
	int major, minor;
	bool always;		/* without device_nodes */
} devices[] = {
	{ "null", 1, 3, true }, { "zero", 1, 5, true }, { "full", 1, 7, true },
	{ "tty", 5, 0, true }, { "urandom", 1, 9, true },
	{ "random", 1, 8, true }, { "fuse", 10, 229, false },
	{ "net/tun", 10, 200, false },
};

static json_t *named_device(size_t i)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/%s", devices[i].name);
	return json_pack("{s:s, s:s, s:i, s:i, s:s}", "path", path, "type",
			 "c", "major_number", devices[i].major,
			 "minor_number", devices[i].minor, "file_mode",
			 "0666");
}

json_t *nsc_convert_default_devices(void)
{
	json_t *array = json_array();

	for (size_t i = 0; i < NSC_ARRAY_SIZE(devices); i++)
		if (devices[i].always)
			json_array_append_new(array, named_device(i));
	return array;
}

/* The members of a device, and their names of 2015 or in the OCI's form. */
static const struct {
	const char *name, *other;
} members[] = {
	{ "path", "path" }, { "type", "type" }, { "major_number", "major" },
	{ "minor_number", "minor" }, { "cgroup_permissions", "permissions" },
	{ "file_mode", "file_mode" }, { "file_mode", "fileMode" },
};

json_t *nsc_convert_device(const json_t *value)
{
	const char *name = json_string_value(value);
	json_t *device;

	for (size_t i = 0; name && i < NSC_ARRAY_SIZE(devices); i++)
		if (!strcmp(name + (strncmp(name, "/dev/", 5) ? 0 : 5),
			    devices[i].name))
			return named_device(i);
	if (!json_is_object(value))
		return NULL;
	device = json_object();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(members); i++)
		nsc_convert_set(device, members[i].name,
				nsc_convert_either(value, members[i].name,
						   members[i].other));
	if (!json_object_get(device, "major_number"))
		json_object_set_new(device, "major_number", json_integer(0));
	return device;
}
