/* SPDX-License-Identifier: Apache-2.0 */
/* mounts[] of container.json.  Runs in: see rootfs.h. */
#include "rootfs/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "rootfs/root.h"
#include "linux/mount.h"

#define LOWER_MAX 48		/* see nsc_rootfs_overlay() */

static int put_source(const struct nsc_rootfs *rootfs,
		      const struct nsc_config_mount *m, struct nsc_error *err)
{
	/* A user may own a directory of the path, so follow no links. */
	_cleanup_fd_ int fd = nsc_mount_open_source(m->source, err);
	const struct nsc_bind bind = {
		.path = m->destination, .slave = m->slave,
		.attributes = NSC_MOUNT_SAFE | m->attributes |
			      (m->writable ? 0 : MOUNT_ATTR_RDONLY),
		.userns = m->idmap ? rootfs->userns : -1,
	};

	return fd < 0 ? fd : nsc_rootfs_put_bind(rootfs, fd, &bind, err);
}

/* A layer of an overlay; an id map needs a mount of its own. */
static int open_layer(const struct nsc_rootfs *rootfs, size_t i,
		      const char *path, size_t n, struct nsc_error *err)
{
	const struct nsc_config_mount *m = &rootfs->plan->config->mounts[i];
	_cleanup_fd_ int fd = nsc_mount_open_source(path, err);
	_cleanup_fd_ int mount = -1;
	char name[32];

	if (fd < 0 || !m->idmap)
		return NSC_TAKE_FD(fd);
	mount = nsc_mount_clone(fd, false, err);
	if (mount < 0 || nsc_mount_restrict(mount, MOUNT_ATTR_RDONLY, false,
					    err) < 0 ||
	    nsc_mount_idmap(mount, rootfs->userns, err) < 0)
		return nsc_error_context(err, "source '%s'", path);
	snprintf(name, sizeof(name), "layer-%zu-%zu", i, n);
	return nsc_rootfs_attach_scratch(rootfs, mount, name, err);
}

static int open_lower(const struct nsc_rootfs *rootfs, size_t i,
		      int lower[LOWER_MAX], size_t *n, struct nsc_error *err)
{
	const struct nsc_config_mount *m = &rootfs->plan->config->mounts[i];
	_cleanup_free_ char *copy = strdup(m->source);
	char *save = NULL;

	if (!copy)
		return nsc_error_sys(err, ENOMEM, "overlay");
	for (char *path = strtok_r(copy, ":", &save); path;
	     path = strtok_r(NULL, ":", &save)) {
		int fd;

		if (*n == LOWER_MAX)
			return nsc_error_set(err, E2BIG, "source: more than "
					     "%d directories", LOWER_MAX);
		fd = open_layer(rootfs, i, path, *n, err);
		if (fd < 0)
			return fd;
		lower[(*n)++] = fd;
	}
	return 0;
}

static int put_layers(const struct nsc_rootfs *rootfs, size_t i,
		      const int *lower, size_t n, struct nsc_error *err)
{
	const struct nsc_config_mount *m = &rootfs->plan->config->mounts[i];
	struct nsc_layers layers = { -1, lower, n,
				     NSC_MOUNT_SAFE | m->attributes };
	_cleanup_fd_ int mount = -1;
	_cleanup_fd_ int dir = -1;
	char name[32];

	snprintf(name, sizeof(name), "overlay-%zu", i);
	dir = nsc_rootfs_scratch_dir(rootfs, name, err);
	if (dir < 0)
		return dir;
	layers.dir = dir;
	mount = nsc_rootfs_overlay(rootfs, &layers, err);
	if (mount < 0)
		return mount;
	if (!m->writable &&
	    nsc_mount_restrict(mount, MOUNT_ATTR_RDONLY, false, err) < 0)
		return -err->code;
	return nsc_rootfs_attach(rootfs, mount, m->destination, NSC_TARGET_DIR,
				 err);
}

/* The upper layer is in the scratch tmpfs, and ends with the container. */
static int put_overlay(const struct nsc_rootfs *rootfs, size_t i,
		       struct nsc_error *err)
{
	int lower[LOWER_MAX];
	size_t n = 0;
	int ret = open_lower(rootfs, i, lower, &n, err);

	if (ret == 0)
		ret = put_layers(rootfs, i, lower, n, err);
	while (n)
		close(lower[--n]);
	return ret;
}

static int put_tmpfs(const struct nsc_rootfs *rootfs,
		     const struct nsc_config_mount *m, struct nsc_error *err)
{
	const struct nsc_tmpfs tmpfs = {
		rootfs->plan->root_uid, rootfs->plan->root_gid, m->mode,
		m->size ? m->size : "10%", nsc_rootfs_label(rootfs),
		m->attributes,
	};
	_cleanup_fd_ int mount = nsc_mount_tmpfs(&tmpfs, err);

	return mount < 0 ? mount :
			   nsc_rootfs_attach(rootfs, mount, m->destination,
					     NSC_TARGET_DIR, err);
}

static int put_devpts(const struct nsc_rootfs *rootfs,
		      const struct nsc_config_mount *m, struct nsc_error *err)
{
	_cleanup_fd_ int fd =
		nsc_rootfs_put_devpts(rootfs, m->destination, err);

	return fd < 0 ? fd : 0;
}

static int put_one(const struct nsc_rootfs *rootfs, size_t i,
		   struct nsc_error *err)
{
	const struct nsc_config_mount *m = &rootfs->plan->config->mounts[i];

	switch (m->type) {
	case NSC_MOUNT_BIND:
		return put_source(rootfs, m, err);
	case NSC_MOUNT_TMPFS:
		return put_tmpfs(rootfs, m, err);
	case NSC_MOUNT_PROC:
		return nsc_rootfs_put_proc(rootfs, m->destination, m->writable,
					   m->masked, err);
	case NSC_MOUNT_SYSFS:
		return nsc_rootfs_put_sysfs(rootfs, m->destination, m->writable,
					    m->masked, err);
	case NSC_MOUNT_MQUEUE:
		return nsc_rootfs_put_mqueue(rootfs, m->destination, err);
	case NSC_MOUNT_CGROUP:
		return nsc_rootfs_put_cgroup(rootfs, m->destination,
					     m->writable, err);
	case NSC_MOUNT_OVERLAY:
		return put_overlay(rootfs, i, err);
	case NSC_MOUNT_DEVPTS:
		return put_devpts(rootfs, m, err);
	}
	return nsc_error_set(err, EINVAL, "unknown type");
}

int nsc_rootfs_put_configured(struct nsc_rootfs *rootfs, struct nsc_error *err)
{
	for (size_t i = 0; i < rootfs->plan->config->n_mounts; i++)
		if (put_one(rootfs, i, err) < 0)
			return nsc_error_context(err, "mounts[%zu]", i);
	return 0;
}
