/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/engine_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"

#define TIMEOUT 10	/* seconds, as for hooks */

static int append_argument(struct nsc_reader *r, const json_t *element,
			   void *to)
{
	_cleanup_free_ char *text = NULL;
	int ret = nsc_read_template(r, element, NULL, &text);

	return ret < 0 ? ret : nsc_field_append(r, to, text);
}

static int read_command(struct nsc_reader *r, const json_t *value,
			const struct nsc_field *f, void *to)
{
	struct nsc_config_hook *command = to;
	int ret;

	command->timeout = TIMEOUT;
	ret = nsc_field_object(r, value, f->members, command);
	if (ret == 0 && !command->path)
		ret = nsc_field_refuse_member(r, "path", "is missing");
	return ret;
}

#define AT(member) offsetof(struct nsc_config_hook, member)
static const struct nsc_field command_fields[] = {
	{ .name = "path", .read = nsc_read_path, .at = AT(path) },
	{ .name = "args", .read = nsc_read_array, .at = AT(args),
	  .element = append_argument },
	{ .name = "timeout", .read = nsc_read_number, .at = AT(timeout),
	  .min = 1, .max = 3600 },
	{ .name = NULL },
};
#undef AT

#define AT(member) offsetof(struct nsc_config, member)
const struct nsc_field nsc_engine_fields[] = {
	{ .name = "start", .read = read_command, .at = AT(engine_start),
	  .members = command_fields },
	{ .name = "stop", .read = read_command, .at = AT(engine_stop),
	  .members = command_fields },
	{ .name = NULL },
};
#undef AT

/* Keys of a container that its engine decides; rootfs must be the first. */
static const char *const conflicts[] = {
	"rootfs", "rootfs_verity", "overlay", "overlay_size", "readonly_fs",
	"no_pivot_root", "hostname", "namespaces", "networks", "routes",
	"cgroups", "mounts", "device_nodes", "uid_mappings", "gid_mappings",
	"home", "home_required", "home_size", "init", "sysctl", "masked_paths",
	"readonly_paths", "root_paths", "hooks",
	"context.mount_label", "context.restrictions", "max_terminals",
	"accept", "devices", "time_offsets",
};

const char *nsc_external_conflict(const json_t *object)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(conflicts); i++) {
		const char *member = strchr(conflicts[i], '.');

		if (member ? nsc_field_has(json_object_get(object, "context"),
					   member + 1) :
			     nsc_field_has(object, conflicts[i]))
			return conflicts[i];
	}
	return NULL;
}

static int use_template(struct nsc_config *config, const char *template,
			const struct nsc_user *user, struct nsc_error *err)
{
	struct nsc_reader reader = {
		.file = "nscontainer.conf", .user = user, .err = err,
		.path = "pidfile",
	};
	json_t *value = json_string(template);
	int ret = value ? nsc_read_path(&reader, value, NULL,
					&config->pidfile) :
			  nsc_error_sys(err, ENOMEM, "pidfile");

	json_decref(value);
	return ret;
}

int nsc_external_finish(struct nsc_config *config, const char *template,
			const struct nsc_user *user, struct nsc_error *err)
{
	const char *key = config->own_key;
	int ret = 0;

	if (!config->pidfile && template &&
	    (!key || strcmp(key, conflicts[0]) != 0))
		ret = use_template(config, template, user, err);
	if (ret < 0)
		return ret;
	if (!config->pidfile &&
	    (config->engine_start.path || config->engine_stop.path))
		return nsc_error_set(err, EINVAL, "%s: engine: needs pidfile: "
				     "it starts and stops a container that "
				     "another engine makes", config->file);
	if (!config->pidfile)
		return 0;
	if (key)
		return nsc_error_set(err, EINVAL, "%s: %s: cannot be combined "
				     "with pidfile '%s': the engine decides "
				     "this",
				     config->file, key, config->pidfile);
	free(config->rootfs);
	config->rootfs = NULL;
	return 0;
}
