/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the builder and the worker, root of the host.  It describes the
 * effective configuration, with the edits of devices, and not container.json.
 */
#include "container/bundle.h"

#include <jansson.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "config/convert.h"
#include "container/hooks_state.h"
#include "linux/namespace.h"
#include "util/fd.h"
#include "util/file.h"

static json_t *bundle_texts(char *const *vector)
{
	json_t *array = json_array();

	for (; vector && *vector; vector++)
		json_array_append_new(array, json_string(*vector));
	return array;
}

static json_t *bundle_process(const struct nsc_plan *plan)
{
	const struct nsc_process *p = &plan->config->process;
	json_t *env = bundle_texts(p->env);

	return json_pack("{s:b, s:{s:I, s:I}, s:o, s:s, s:b}",
			 "terminal", p->terminal, "user",
			 "uid", (json_int_t)(plan->login ? plan->user->uid : 0),
			 "gid", (json_int_t)(plan->login ? plan->user->gid : 0),
			 "env", env, "cwd", p->cwd ? p->cwd : "/",
			 "noNewPrivileges", p->no_new_privs);
}

static json_t *bundle_options(const struct nsc_config_mount *m)
{
	json_t *array = json_pack("[s, s, s]", m->writable ? "rw" : "ro",
				  "nosuid", "nodev");

	if (m->type == NSC_MOUNT_BIND)
		json_array_append_new(array, json_string("rbind"));
	if (m->attributes & MOUNT_ATTR_NOEXEC)
		json_array_append_new(array, json_string("noexec"));
	json_array_append_new(array, json_string(m->slave ? "rslave" :
							    "rprivate"));
	return array;
}

static void bundle_mount(json_t *array, const struct nsc_config_mount *m)
{
	const char *type = nsc_mount_types[m->type];

	json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:o}",
		"destination", m->destination, "type", type,
		"source", m->source ? m->source : type,
		"options", bundle_options(m)));
}

/* The mounts of each container come first, as a start makes them. */
static json_t *bundle_mounts(const struct nsc_config *config)
{
	static const char *const usual[][2] = {
		{ "/proc", "proc" }, { "/sys", "sysfs" }, { "/dev", "tmpfs" },
		{ "/dev/pts", "devpts" }, { "/dev/shm", "tmpfs" },
	};
	json_t *array = json_array();

	for (size_t i = 0; i < NSC_ARRAY_SIZE(usual); i++)
		json_array_append_new(array, json_pack("{s:s, s:s, s:s}",
			"destination", usual[i][0], "type", usual[i][1],
			"source", usual[i][1]));
	for (size_t i = 0; i < config->n_mounts; i++)
		bundle_mount(array, &config->mounts[i]);
	return array;
}

static json_t *bundle_namespaces(const struct nsc_config *config)
{
	json_t *array = json_array();

	for (size_t i = 0; i < NSC_NAMESPACES; i++)
		if (config->namespaces & nsc_namespaces[i].flag)
			json_array_append_new(array, json_pack("{s:s}", "type",
						nsc_convert_namespace(i)));
	return array;
}

static json_t *bundle_map(const struct nsc_id_mapping *map, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, json_pack("{s:I, s:I, s:I}",
			"containerID", (json_int_t)map[i].container_id,
			"hostID", (json_int_t)map[i].host_id,
			"size", (json_int_t)map[i].size));
	return array;
}

static json_t *bundle_devices(const struct nsc_plan *plan)
{
	const struct nsc_device_node *d;
	json_t *array = json_array();

	for (size_t i = 0; (d = nsc_config_device(plan->config, i)); i++) {
		bool user = plan->login;
		const char type[] = { d->type, '\0' };
		uid_t uid = d->uid != NSC_DEVICE_OF_USER ? d->uid :
			    user ? plan->user->uid : 0;
		gid_t gid = d->gid != NSC_DEVICE_OF_USER ? d->gid :
			    user ? plan->user->gid : 0;

		json_array_append_new(array, json_pack("{s:s, s:s, s:I, s:I, "
			"s:I, s:I, s:I}", "path", d->path, "type", type,
			"major", (json_int_t)d->major,
			"minor", (json_int_t)d->minor,
			"fileMode", (json_int_t)d->mode,
			"uid", (json_int_t)uid, "gid", (json_int_t)gid));
	}
	return array;
}

static json_t *bundle_make(const struct nsc_plan *plan, const char *rootfs)
{
	const struct nsc_config *config = plan->config;
	json_t *root = json_pack("{s:s, s:{s:s, s:b}, s:o, s:o, s:{s:o, s:o, "
		"s:o, s:o}, s:{}}", "ociVersion", NSC_OCI_VERSION,
		"root", "path", rootfs, "readonly", config->readonly_fs,
		"process", bundle_process(plan),
		"mounts", bundle_mounts(config), "linux",
		"namespaces", bundle_namespaces(config),
		"uidMappings", bundle_map(plan->uid_map, plan->n_uid_map),
		"gidMappings", bundle_map(plan->gid_map, plan->n_gid_map),
		"devices", bundle_devices(plan), "annotations");

	if (root && config->hostname)
		json_object_set_new(root, "hostname",
				    json_string(config->hostname));
	return root;
}

int nsc_bundle_write(const struct nsc_plan *plan, int dir, const char *rootfs,
		     struct nsc_error *err)
{
	json_t *root = bundle_make(plan, rootfs);
	_cleanup_free_ char *text = root ? json_dumps(root, JSON_INDENT(2)) :
					   NULL;

	json_decref(root);
	/* A path that is not UTF-8 cannot be in it; few hooks read it. */
	return !text ? 0 : nsc_file_write_at(dir, NSC_FILE_BUNDLE, text,
					     strlen(text), 0600, err);
}
