/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host.  Nothing that is made stays. */
#include "container/nested.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "linux/device.h"
#include "linux/mount.h"
#include "linux/namespace.h"

#define NESTED "this host is itself a container, "

/* The first id of the range that the host does not have, or its end. */
static uint64_t nested_lacks(const struct nsc_id_mapping *own, int n,
			     uint64_t id, uint64_t end)
{
	for (int i = 0; i < n && id < end; i++) {
		uint64_t first = own[i].container_id;

		if (id < first || id >= first + own[i].size)
			continue;
		id = first + own[i].size;
		i = -1;
	}
	return id;
}

static int nested_check_ids(const char *file, const struct nsc_id_mapping *map,
			    size_t n, struct nsc_error *err)
{
	struct nsc_id_mapping own[NSC_MAPPINGS_MAX];
	int n_own = nsc_idmap_read(0, file, own);

	for (size_t i = 0; i < n && n_own >= 0; i++) {
		uint64_t end = (uint64_t)map[i].host_id + map[i].size;
		uint64_t id = nested_lacks(own, n_own, map[i].host_id, end);

		if (id < end)
			return nsc_error_set(err, ERANGE, "%s: " NESTED "which "
				"does not have the id %lu: give it more ids, "
				"or its users lower ones by /etc/subuid and "
				"/etc/subgid, id_pool_first or uid_mappings, "
				"or set namespaces.NEWUSER to false", file,
				(unsigned long)id);
	}
	return 0;
}

static int check_devices(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	const struct nsc_device_node *node;

	if (config->cgroups.devices.given && !config->cgroups.allow_all_devices)
		return nsc_error_set(err, EPERM, "cgroups.allowed_devices: "
				     NESTED "which may not set such rules: "
				     "remove the key: nothing but the nodes "
				     "in /dev can be opened");
	for (size_t i = 0; (node = nsc_config_device(config, i)); i++) {
		_cleanup_fd_ int fd = nsc_device_open(node, err);

		if (fd < 0)
			return fd;
	}
	return 0;
}

/* The kernel allows a new one where the host's own is wholly visible. */
static int check_kernel_types(struct nsc_error *err)
{
	static const char *const types[] = { "proc", "sysfs" };

	for (size_t i = 0; i < NSC_ARRAY_SIZE(types); i++) {
		_cleanup_fd_ int fd = nsc_mount_new(types[i], NULL, 0, err);

		if (fd == -EPERM)
			return nsc_error_set(err, EPERM, "file system '%s': "
				NESTED "in which parts of it are hidden: let "
				"its engine allow nesting (Incus, LXC: "
				"security.nesting; podman: unmask=ALL; docker: "
				"systempaths=unconfined)", types[i]);
		if (fd < 0)
			return fd;
	}
	return 0;
}

static int check_rootfs_map(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	const struct nsc_idmap_pair pair = {
		0, plan->root_uid, 0, plan->root_gid,
	};
	_cleanup_fd_ int fd = -1;
	_cleanup_fd_ int mount = -1;
	_cleanup_fd_ int userns = -1;

	if (!(config->namespaces & CLONE_NEWUSER) ||
	    !strcmp(config->rootfs, "/"))
		return 0;
	fd = nsc_mount_open_source(config->rootfs, err);
	mount = fd < 0 ? fd : nsc_mount_clone(fd, false, err);
	/* The start has a better message. */
	if (mount < 0)
		return nsc_error_clear(err);
	userns = nsc_idmap_userns(&pair, err);
	if (userns < 0 || nsc_mount_idmap(mount, userns, err) < 0)
		return nsc_error_context(err, "rootfs '%s'", config->rootfs);
	return 0;
}

int nsc_nested_check(const struct nsc_plan *plan, struct nsc_error *err)
{
	int ret;

	if (!nsc_namespace_is_nested())
		return 0;
	ret = check_kernel_types(err);
	if (ret == 0)
		ret = nested_check_ids("uid_map", plan->uid_map,
				       plan->n_uid_map, err);
	if (ret == 0)
		ret = nested_check_ids("gid_map", plan->gid_map,
				       plan->n_gid_map, err);
	if (ret == 0)
		ret = check_devices(plan, err);
	if (ret == 0)
		ret = check_rootfs_map(plan, err);
	return ret < 0 ? nsc_error_context(err, "%s", plan->config->file) : 0;
}

static void nested_add(char ***list, size_t *n, const char *key,
		       const char *what, long long value)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: " NESTED "where %s %lld", key, what,
		 value);
	(void)!nsc_text_append(list, n, text);
}

static void missing_rlimits(const struct nsc_process *process, char ***list,
			    size_t *n)
{
	for (unsigned int i = 0; i < NSC_RLIMIT_MAX; i++) {
		char key[64];
		struct rlimit host;

		if (!(process->rlimits.set & UINT64_C(1) << i) ||
		    prlimit(1, i, NULL, &host) < 0 ||
		    process->rlimits.of[i].hard <= host.rlim_max)
			continue;
		snprintf(key, sizeof(key), "rlimits: %s", nsc_rlimit_name(i));
		nested_add(list, n, key, "it is at most",
			   (long long)host.rlim_max);
	}
}

void nsc_nested_missing(const struct nsc_plan *plan, char ***list, size_t *n)
{
	const struct nsc_process *process = &plan->config->process;
	long long score = 0;
	char text[16];

	if (!nsc_namespace_is_nested())
		return;
	if (nsc_file_read_text(AT_FDCWD, "/proc/1/oom_score_adj", text,
			       sizeof(text)) > 0)
		score = strtoll(text, NULL, 10);
	if (process->oom_score_adj != NSC_OOM_LEAVE &&
	    process->oom_score_adj < score)
		nested_add(list, n, "oom_score_adj", "it cannot be less than",
			   score);
	missing_rlimits(process, list, n);
	if (!plan->config->default_devices && plan->config->n_devices)
		(void)!nsc_text_append(list, n, "device_nodes: " NESTED "whose "
				       "own nodes are bound, with their owner "
				       "and mode");
}
