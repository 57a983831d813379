/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, login-start. */
#include "config/cdi_version.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "util/fd.h"

/* Those before are refused by the interface's own implementation, too. */
static const char *const versions[] = {
	"0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0", "0.8.0",
	"1.0.0", "1.1.0",
};

/* Members of containerEdits, or of the objects in it. */
static const struct {
	const char *list, *member, *version;
} later[] = {
	{ "mounts", "type", "0.4.0" },
	{ "deviceNodes", "hostPath", "0.5.0" },
	{ NULL, "intelRdt", "0.7.0" },
	{ NULL, "additionalGids", "0.7.0" },
	{ NULL, "additionalGIDs", "0.7.0" },
	{ "intelRdt", "schemata", "1.1.0" },
	{ "intelRdt", "enableMonitoring", "1.1.0" },
	{ NULL, "netDevices", "1.1.0" },
};

bool nsc_cdi_is_empty(const json_t *value)
{
	return !value || json_is_false(value) ||
	       (json_is_string(value) && !*json_string_value(value)) ||
	       (json_is_array(value) && !json_array_size(value));
}

static bool has(const json_t *object, const char *member)
{
	return !nsc_cdi_is_empty(json_object_get(object, member));
}

struct need {
	const char *version, *what;
};

static void need(struct need *n, const char *version, const char *what)
{
	if (strcmp(n->version, version) < 0)
		*n = (struct need){ version, what };
}

static void edits_need(const json_t *edits, struct need *n)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(later); i++) {
		const char *member = later[i].member;
		const json_t *list = later[i].list ?
			json_object_get(edits, later[i].list) : edits;
		bool found = has(list, member);

		for (size_t k = 0; k < json_array_size(list); k++)
			found |= has(json_array_get(list, k), member);
		if (found)
			need(n, later[i].version, member);
	}
}

static void device_needs(const json_t *device, struct need *n)
{
	const json_t *name = json_object_get(device, "name");
	const char *text = json_string_value(name);

	if (!text || isdigit((unsigned char)*text))
		need(n, "0.5.0", "a name that begins with a digit");
	if (json_object_size(json_object_get(device, "annotations")))
		need(n, "0.6.0", "annotations");
	edits_need(json_object_get(device, "containerEdits"), n);
}

int nsc_cdi_version_check(const char *path, const json_t *root,
			  struct nsc_error *err)
{
	const char *text = json_string_value(json_object_get(root,
							     "cdiVersion"));
	const char *kind = json_string_value(json_object_get(root, "kind"));
	const json_t *devices = json_object_get(root, "devices");
	const char *version = *text == 'v' ? text + 1 : text;
	struct need n = { "0.3.0", "" };
	const char *class;
	size_t i = 0;

	while (i < NSC_ARRAY_SIZE(versions) &&
	       strcmp(versions[i], version) != 0)
		i++;
	if (i == NSC_ARRAY_SIZE(versions))
		return nsc_error_set(err, EINVAL, "%s: cdiVersion: is not one "
				     "of 0.3.0 to 1.1.0", path);
	class = strchr(kind, '/');
	if (class && strchr(class, '.'))
		need(&n, "0.6.0", "a class with '.'");
	if (json_object_size(json_object_get(root, "annotations")))
		need(&n, "0.6.0", "annotations");
	edits_need(json_object_get(root, "containerEdits"), &n);
	for (i = 0; i < json_array_size(devices); i++)
		device_needs(json_array_get(devices, i), &n);
	if (strcmp(version, n.version) < 0)
		return nsc_error_set(err, EINVAL, "%s: cdiVersion: %s needs "
				     "at least %s", path, n.what, n.version);
	return 0;
}
