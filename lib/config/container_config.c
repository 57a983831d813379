/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of container.json.  Runs in: nsinit and login-start.
 *
 * The tables describe each key; a key without an entry is refused.
 */
#include "config/container_config.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "config/attribute_keys.h"
#include "config/cdi.h"
#include "config/cgroup_keys.h"
#include "policy/conf.h"
#include "config/engine_keys.h"
#include "config/field.h"
#include "config/array_keys.h"
#include "config/merge.h"
#include "config/mount_keys.h"
#include "config/network_keys.h"
#include "config/process_keys.h"
#include "config/rest.h"
#include "config/rootfs_keys.h"
#include "config/route_keys.h"
#include "config/session_keys.h"
#include "linux/namespace.h"

#define AT(member) offsetof(struct nsc_config, member)

#define NSC_BRING_DEFAULT "KRB5CCNAME"	/* Kerberos tickets */
#define NSC_PIDS 2048		/* the default of podman */
#define NSC_TERMINALS 256
#define NSC_TERMINALS_MAX (1 << 20)	/* NR_UNIX98_PTY_MAX of the kernel */

static const char *const overlay_names[] = { "none", "tmpfs", "persistent",
					     NULL };
static const char *const home_names[] = { "bind", "private", "none", NULL };

/* In the order of the bits of enum nsc_accept. */
static const char *const accept_names[] = { "exposed-files", "foreign-ids",
					    NULL };

static const char *const default_keep_env[] = {
	"TERM", "LANG", "LANGUAGE", "LC_*", "TZ", "COLORTERM", "MAIL",
	"SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "SSH_AUTH_SOCK",
	"SSH_ORIGINAL_COMMAND", "DISPLAY", "XDG_*",
};

static const cap_value_t default_capabilities[] = {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_KILL,
	CAP_SETGID, CAP_SETUID, CAP_SETPCAP, CAP_NET_BIND_SERVICE,
	CAP_SYS_CHROOT, CAP_AUDIT_WRITE, CAP_SETFCAP,
};

#define HOSTNAME_LETTERS "abcdefghijklmnopqrstuvwxyz"                          \
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

/* The names of users have more letters than those of hosts, or are longer. */
static void make_hostname(char *name)
{
	size_t skip;

	for (char *c = name; *c; c++)
		if (!strchr(HOSTNAME_LETTERS, *c))
			*c = '-';
	skip = strspn(name, "-.");
	memmove(name, name + skip, strlen(name + skip) + 1);
	name[strnlen(name, 64)] = '\0';
}

static int read_hostname(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	_cleanup_free_ char *name = NULL;
	int ret = nsc_read_template(r, value, f, &name);
	size_t len;

	if (ret < 0)
		return ret;
	if (strchr(json_string_value(value), '%'))
		make_hostname(name);
	/* A name in another alphabet leaves nothing. */
	if (!*name && strchr(json_string_value(value), '%')) {
		free(name);
		name = strdup("container");
		if (!name)
			return nsc_error_sys(r->err, ENOMEM, "hostname");
	}
	len = strlen(name);
	if (len < 1 || len > 64 || name[0] == '-' ||
	    strspn(name, HOSTNAME_LETTERS) != len)
		return nsc_field_wrong(r, value, "1 to 64 letters, digits, "
				       "'.', '_' and '-'");
	free(*(char **)to);
	*(char **)to = NSC_TAKE_PTR(name);
	return 0;
}

static int read_user(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	int ret = nsc_read_template(r, value, f, to);
	const char *text = ret < 0 ? "x" : *(char **)to;
	const char *colon = strchr(text, ':');

	if (!*text || *text == ':' || (colon && (!colon[1] ||
						 strchr(colon + 1, ':'))))
		return nsc_field_wrong(r, value, "name, uid, name:group or "
				       "uid:gid");
	return ret;
}

static int read_namespaces(struct nsc_reader *r, const json_t *value,
			   const struct nsc_field *f, void *to)
{
	bool on[NSC_NAMESPACES] = { false };
	unsigned int flags = 0;
	int ret = nsc_field_object(r, value, f->members, on);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < NSC_NAMESPACES; i++)
		if (on[i])
			flags |= nsc_namespaces[i].flag;
	if (!(flags & CLONE_NEWNS))
		return nsc_field_refuse(r, "NEWNS must be true: without a "
					"mount namespace the container would "
					"change the host's mounts");
	if (!(flags & CLONE_NEWPID))
		return nsc_field_refuse(r, "NEWPID must be true: without a "
					"pid namespace the container's "
					"processes would outlive it");
	*(unsigned int *)to = flags;
	return 0;
}

static int read_capabilities(struct nsc_reader *r, const json_t *value,
			     const struct nsc_field *f, void *to)
{
	(void)f;
	*(uint64_t *)to = 0;
	return nsc_field_array(r, value, nsc_read_capability, to);
}

static int read_accepted(struct nsc_reader *r, const json_t *value, void *to)
{
	const struct nsc_field choice = { .choices = accept_names };
	unsigned int i = 0;
	int ret = nsc_read_choice(r, value, &choice, &i);

	if (ret == 0)
		*(unsigned int *)to |= 1U << i;
	return ret;
}

static int read_accept(struct nsc_reader *r, const json_t *value,
		       const struct nsc_field *f, void *to)
{
	(void)f;
	return nsc_field_array(r, value, read_accepted, to);
}

/* The range of each key is the same as in nscontainer.conf. */
static int config_read_lifecycle(struct nsc_reader *r, const json_t *value,
				 const struct nsc_field *f, void *to)
{
	const struct nsc_lifecycle_key *key = nsc_lifecycle_keys;
	struct nsc_field field = *f;

	while (strcmp(key->name, f->name) != 0)
		key++;
	field.choices = key->choices;
	field.max = key->max;
	return key->choices ? nsc_read_choice(r, value, &field, to) :
			      nsc_read_number(r, value, &field, to);
}

/* Offsets: the index in the array of read_namespaces(). */
static const struct nsc_field namespace_fields[] = {
	{ .name = "NEWNS", .read = nsc_read_bool, .at = 0 },
	{ .name = "NEWUTS", .read = nsc_read_bool, .at = 1 },
	{ .name = "NEWIPC", .read = nsc_read_bool, .at = 2 },
	{ .name = "NEWUSER", .read = nsc_read_bool, .at = 3 },
	{ .name = "NEWPID", .read = nsc_read_bool, .at = 4 },
	{ .name = "NEWNET", .read = nsc_read_bool, .at = 5 },
	{ .name = "NEWCGROUP", .read = nsc_read_bool, .at = 6 },
	{ .name = "NEWTIME", .read = nsc_read_bool, .at = 7 },
	{ .name = NULL },
};

static const struct nsc_field context_fields[] = {
	{ .name = "apparmor_profile", .read = nsc_read_text,
	  .at = AT(process.apparmor_profile) },
	{ .name = "process_label", .read = nsc_read_text,
	  .at = AT(process.selinux_label) },
	{ .name = "mount_label", .read = nsc_read_text,
	  .at = AT(mount_label) },
	/* Without effect: the restrictions hold in every container. */
	{ .name = "restrictions", .read = nsc_read_text,
	  .at = AT(restrictions) },
	{ .name = NULL },
};

static const struct nsc_field lifecycle_fields[] = {
	{ .name = "on_change", .read = nsc_read_choice, .at = AT(on_change),
	  .choices = nsc_conf_on_change },
#define KEY(key)                                                               \
	{                                                                      \
		.name = #key, .read = config_read_lifecycle,                   \
		.at = AT(lifecycle.key)                                        \
	}
	KEY(stop), KEY(linger), KEY(on_disconnect), KEY(idle_timeout),
	KEY(max_lifetime), KEY(max_sessions),
#undef KEY
	{ .name = NULL },
};

static const struct nsc_field config_fields[] = {
	{ .name = "rootfs", .read = nsc_read_rootfs, .at = AT(rootfs) },
	{ .name = "rootfs_verity", .read = nsc_read_hash,
	  .at = AT(rootfs_verity) },
	{ .name = "pidfile", .read = nsc_read_path, .at = AT(pidfile) },
	{ .name = "engine", .read = nsc_read_members,
	  .members = nsc_engine_fields },
	{ .name = "overlay", .read = nsc_read_choice, .at = AT(overlay),
	  .choices = overlay_names },
	{ .name = "overlay_size", .read = nsc_read_data_size,
	  .at = AT(overlay_size) },
	{ .name = "readonly_fs", .read = nsc_read_bool,
	  .at = AT(readonly_fs) },
	{ .name = "no_pivot_root", .read = nsc_read_bool,
	  .at = AT(no_pivot_root) },
	{ .name = "hostname", .read = read_hostname, .at = AT(hostname) },
	{ .name = "user", .read = read_user, .at = AT(user) },
	{ .name = "working_dir", .read = nsc_read_path,
	  .at = AT(process.cwd) },
	{ .name = "environment", .read = nsc_read_environment,
	  .at = AT(process.env) },
	{ .name = "tty", .read = nsc_read_bool, .at = AT(process.terminal) },
	{ .name = "max_terminals", .read = nsc_read_number,
	  .at = AT(max_terminals), .max = NSC_TERMINALS_MAX },
	{ .name = "namespaces", .read = read_namespaces,
	  .at = AT(namespaces), .members = namespace_fields },
	{ .name = "capabilities", .read = read_capabilities,
	  .at = AT(process.capabilities) },
	{ .name = "ambient", .read = read_capabilities,
	  .at = AT(process.ambient) },
	{ .name = "no_new_privs", .read = nsc_read_bool,
	  .at = AT(process.no_new_privs) },
	{ .name = "networks", .read = nsc_read_array,
	  .members = nsc_network_fields, .element = nsc_read_network },
	{ .name = "routes", .read = nsc_read_array,
	  .members = nsc_route_fields, .element = nsc_read_route },
	{ .name = "cgroups", .read = nsc_read_members,
	  .members = nsc_cgroup_fields },
	{ .name = "context", .read = nsc_read_members,
	  .members = context_fields },
	{ .name = "mounts", .read = nsc_read_array,
	  .members = nsc_mount_fields, .element = nsc_read_mount },
	{ .name = "device_nodes", .read = nsc_read_device_nodes,
	  .members = nsc_device_fields },
	{ .name = "devices", .read = nsc_read_array,
	  .members = nsc_cdi_fields, .element = nsc_read_cdi_device },
	{ .name = "uid_mappings", .read = nsc_read_uid_mappings,
	  .members = nsc_mapping_fields },
	{ .name = "gid_mappings", .read = nsc_read_gid_mappings,
	  .members = nsc_mapping_fields },
	{ .name = "home", .read = nsc_read_choice, .at = AT(home),
	  .choices = home_names },
	{ .name = "home_size", .read = nsc_read_data_size,
	  .at = AT(home_size) },
	{ .name = "home_required", .read = nsc_read_bool,
	  .at = AT(home_required) },
	{ .name = "session", .read = nsc_read_members,
	  .members = nsc_session_fields },
	{ .name = "lifecycle", .read = nsc_read_members,
	  .members = lifecycle_fields },
	{ .name = "init", .read = nsc_read_init },
	{ .name = "rlimits", .read = nsc_read_rlimits,
	  .members = nsc_rlimit_fields },
	{ .name = "sysctl", .read = nsc_read_sysctl },
	{ .name = "masked_paths", .read = nsc_read_paths,
	  .at = AT(masked_paths) },
	{ .name = "readonly_paths", .read = nsc_read_paths,
	  .at = AT(readonly_paths) },
	{ .name = "root_paths", .read = nsc_read_paths, .at = AT(root_paths) },
	{ .name = "hooks", .read = nsc_read_members,
	  .members = nsc_hooks_fields },
	{ .name = "umask", .read = nsc_read_umask, .at = AT(process.umask),
	  .max = 0777 },
	{ .name = "oom_score_adj", .read = nsc_read_signed,
	  .at = AT(process.oom_score_adj), .min = -1000, .max = 1000 },
	{ .name = "scheduler", .read = nsc_read_scheduler,
	  .members = nsc_scheduler_fields },
	{ .name = "io_priority", .read = nsc_read_io_priority,
	  .members = nsc_io_priority_fields },
	{ .name = "cpu_affinity", .read = nsc_read_affinity },
	{ .name = "time_offsets", .read = nsc_read_members,
	  .members = nsc_time_fields },
	{ .name = "personality", .read = nsc_read_personality },
	{ .name = "seccomp", .read = nsc_read_seccomp, .at = AT(seccomp) },
	{ .name = "accept", .read = read_accept, .at = AT(accept) },
	{ .name = NULL },
};

static int set_defaults(struct nsc_config *config, const char *file)
{
	size_t n = 0;

	config->file = strdup(file);
	config->seccomp = strdup(NSC_SECCOMP_DEFAULT);
	config->process.env = calloc(1, sizeof(*config->process.env));
	if (!config->file || !config->seccomp || !config->process.env)
		return -ENOMEM;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(default_keep_env); i++)
		if (nsc_text_append(&config->keep_env, &n,
				    default_keep_env[i]) < 0)
			return -ENOMEM;
	n = 0;
	if (nsc_text_append(&config->bring, &n, NSC_BRING_DEFAULT) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(default_capabilities); i++)
		config->process.capabilities |=
			UINT64_C(1) << default_capabilities[i];
	config->namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			     CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
			     CLONE_NEWCGROUP;
	nsc_lifecycle_unset(&config->lifecycle);
	/* All containers share the ids of kernel.pid_max and threads-max. */
	config->cgroups.limits.number[NSC_CGROUP_N_PIDS] = NSC_PIDS;
	config->cgroups.limits.wished = 1U << NSC_CGROUP_N_PIDS;
	/* All containers share the terminals of kernel.pty.max. */
	config->max_terminals = NSC_TERMINALS;
	config->default_devices = true;
	config->automatic_mappings = true;
	config->login_shell = true;
	config->on_change = NSC_ON_CHANGE_HOST;
	config->process.umask = -1;
	config->process.sched_policy = -1;
	config->process.io_priority = -1;
	config->process.personality = -1;
	config->process.oom_score_adj = NSC_OOM_LEAVE;
	/* A core dump would run the host's helper, core(5). */
	nsc_rlimit_set(&config->process.rlimits, RLIMIT_CORE, 0, 0);
	return 0;
}

/* Only a user namespace keeps root inside from what the masks cover. */
static int check_masks(struct nsc_reader *r, const struct nsc_config *config)
{
	char text[128];

	for (size_t i = 0; i < config->n_mounts; i++) {
		if (config->mounts[i].masked ||
		    config->namespaces & CLONE_NEWUSER)
			continue;
		snprintf(text, sizeof(text), "mounts[%zu].masked: false needs "
			 "namespaces.NEWUSER, or root inside could change the "
			 "host's kernel", i);
		return nsc_field_refuse(r, text);
	}
	return 0;
}

/* Check the keys that depend on each other. */
static int check_together(struct nsc_reader *r, struct nsc_config *config)
{
	bool userns = config->namespaces & CLONE_NEWUSER;

	if (!config->automatic_mappings && !userns)
		return nsc_field_refuse(r, "uid_mappings and gid_mappings: "
					"need namespaces.NEWUSER");
	if (!config->automatic_mappings &&
	    (!config->n_uid_mappings || !config->n_gid_mappings))
		return nsc_field_refuse(r, "uid_mappings and gid_mappings: "
					"expected both or none");
	for (size_t i = 0; i < config->n_mounts; i++)
		if (config->mounts[i].idmap && !userns)
			return nsc_field_refuse(r, "mounts: idmap needs "
						"namespaces.NEWUSER");
	if (config->hostname && !(config->namespaces & CLONE_NEWUTS))
		return nsc_field_refuse(r, "hostname: needs "
					"namespaces.NEWUTS, or it would "
					"rename the host");
	if (!(config->namespaces & CLONE_NEWTIME) &&
	    (nsc_offset_set(&config->time_offsets[0]) ||
	     nsc_offset_set(&config->time_offsets[1])))
		return nsc_field_refuse(r, "time_offsets: needs "
					"namespaces.NEWTIME");
	if (nsc_hooks_wrong(config))
		return nsc_field_refuse(r, nsc_hooks_wrong(config));
	if (config->recording.hidden && !config->recording.input)
		return nsc_field_refuse(r, "session.record_hidden_input: needs "
					"session.record_input");
	if (config->process.ambient & ~config->process.capabilities)
		return nsc_field_refuse(r, "ambient: has a capability that "
					"capabilities does not have");
	if (nsc_rootfs_keys_check(r, config) < 0 ||
	    nsc_networks_check(r, config) < 0 || check_masks(r, config) < 0 ||
	    nsc_routes_check(r, config) < 0 ||
	    nsc_check_sysctl(r, config->sysctl, config->namespaces) < 0)
		return -EINVAL;
	if (!config->rootfs)
		config->rootfs = strdup(r->dir);
	if (!config->rootfs)
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	return nsc_config_cgroups_finish(r, config);
}

static int config_read_all(struct nsc_reader *r,
			   struct nsc_json_source *sources, size_t n,
			   struct nsc_config *config)
{
	json_t *root = nsc_merge(r, sources, n);
	int ret;

	if (!root)
		return -r->err->code;
	ret = nsc_field_object(r, root, config_fields, config);
	config->own_key = nsc_external_conflict(root);
	config->rest = nsc_config_rest(root);
	json_decref(root);
	r->path[0] = ret < 0 ? r->path[0] : '\0';
	return ret < 0 ? ret : check_together(r, config);
}

int nsc_config_parse_files(const struct nsc_config_files *files,
			   const char *file, const char *dir,
			   const struct nsc_user *user,
			   struct nsc_config **ret, struct nsc_error *err)
{
	_cleanup_config_ struct nsc_config *config =
		calloc(1, sizeof(*config));
	struct nsc_json_source *sources = calloc(files->n, sizeof(*sources));
	struct nsc_reader reader = {
		.file = file, .dir = dir, .user = user, .err = err,
		.root = config_fields,
	};
	int error = 0;

	if (!config || !sources || set_defaults(config, file) < 0) {
		nsc_merge_free(sources, sources ? files->n : 0);
		return nsc_error_sys(err, ENOMEM, "%s", file);
	}
	for (size_t i = 0; error == 0 && i < files->n; i++) {
		sources[i].file = files->list[i].path;
		sources[i].text = files->list[i].text;
		if (strlen(sources[i].text) > NSC_FILE_MAX)
			error = nsc_error_set(err, EFBIG, "%s: is too large",
					      sources[i].file);
	}
	if (error == 0)
		error = config_read_all(&reader, sources, files->n, config);
	nsc_merge_free(sources, files->n);
	if (error < 0)
		return error;
	config->content = files->content;
	*ret = NSC_TAKE_PTR(config);
	return 0;
}

int nsc_config_parse(const char *text, const char *file, const char *dir,
		     const struct nsc_user *user, struct nsc_config **ret,
		     struct nsc_error *err)
{
	struct nsc_config_file one = {
		/* Neither is changed. */
		.path = (char *)(uintptr_t)file,
		.text = (char *)(uintptr_t)text,
	};
	const struct nsc_config_files files = { .list = &one, .n = 1 };

	return nsc_config_parse_files(&files, file, dir, user, ret, err);
}

static int add_keys(char ***keys, size_t *n, const char *prefix,
		    const struct nsc_field *table)
{
	int ret = 0;

	for (const struct nsc_field *f = table; ret == 0 && f->name; f++) {
		char path[128];

		snprintf(path, sizeof(path), "%s%s", prefix, f->name);
		ret = nsc_text_append(keys, n, path);
		if (ret < 0 || !f->members)
			continue;
		snprintf(path, sizeof(path), "%s%s.", prefix, f->name);
		ret = add_keys(keys, n, path, f->members);
	}
	return ret;
}

char **nsc_config_keys(void)
{
	char **keys = NULL;
	size_t n = 0;

	if (add_keys(&keys, &n, "", config_fields) == 0)
		return keys;
	nsc_text_free_vector(keys);
	return NULL;
}

void nsc_config_free(struct nsc_config *config)
{
	if (!config)
		return;
	free(config->file);
	free(config->rootfs);
	free(config->rootfs_verity);
	free(config->hostname);
	free(config->user);
	free(config->process.cwd);
	free(config->process.cpu_affinity);
	free(config->restrictions);
	free(config->shell);
	free(config->message);
	free(config->record_message);
	free(config->process.apparmor_profile);
	free(config->process.selinux_label);
	free(config->mount_label);
	nsc_text_free_vector(config->sysctl);
	nsc_text_free_vector(config->init);
	nsc_text_free_vector(config->masked_paths);
	nsc_text_free_vector(config->root_paths);
	nsc_text_free_vector(config->readonly_paths);
	nsc_config_hooks_free(config->hooks, config->n_hooks);
	nsc_config_hook_free(&config->engine_start);
	nsc_config_hook_free(&config->engine_stop);
	free(config->pidfile);
	free(config->seccomp);
	nsc_text_free_vector(config->process.env);
	nsc_text_free_vector(config->bring);
	nsc_text_free_vector(config->keep_env);
	nsc_networks_free(config);
	for (size_t i = 0; i < config->n_routes; i++)
		free(config->routes[i].interface);
	free(config->routes);
	nsc_config_mounts_free(config->mounts, config->n_mounts);
	nsc_config_devices_free(config);
	nsc_config_cgroups_free(&config->cgroups);
	free(config->uid_mappings);
	free(config->gid_mappings);
	free(config);
}
