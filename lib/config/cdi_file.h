/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file of the Container Device Interface, version 0.8 of its
 * specification: https://github.com/cncf-tags/container-device-interface.
 * Runs in: nsinit, login-start.
 */
#ifndef NSC_CONFIG_CDI_FILE_H
#define NSC_CONFIG_CDI_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/container_config.h"
#include "util/error.h"

/* A device node as the file has it; what it lacks, the host's node has. */
struct nsc_cdi_node {
	char *path;		/* inside */
	char *host_path;	/* NULL: path */
	char type;		/* 'c', 'b'; 0: the host's */
	uint32_t major, minor;
	mode_t mode;
	bool has_mode;		/* false: the host's */
	bool has_uid, has_gid;	/* false: those of the container's user */
	uint32_t uid, gid;	/* inside */
	unsigned int access;	/* NSC_DEVICE_* */
};

struct nsc_cdi_edits {
	char **env;			/* or NULL */
	struct nsc_cdi_node *nodes;
	size_t n_nodes;
	struct nsc_config_mount *mounts;
	size_t n_mounts;
	struct nsc_config_hook *hooks;
	size_t n_hooks;
	uint32_t *gids;
	size_t n_gids;
	/* The first part that no container can have here, and why; or NULL. */
	char *unsupported;
};

struct nsc_cdi_device {
	char *name;			/* after '=' */
	struct nsc_cdi_edits edits;
};

struct nsc_cdi_file {
	char *path;
	char *version;
	char *kind;			/* "vendor.com/class" */
	struct nsc_cdi_device *devices;
	size_t n_devices;
	struct nsc_cdi_edits edits;	/* for each of its devices */
};

/*
 * Read the text of a file, YAML if the path ends with ".yaml".  A file that the
 * specification does not allow is an error, which names the place.  Free *ret
 * with nsc_cdi_file_free(), also after an error.
 */
int nsc_cdi_file_parse(const char *path, const char *text,
		       struct nsc_cdi_file *ret, struct nsc_error *err);

void nsc_cdi_file_free(struct nsc_cdi_file *file);

/* Is this "vendor.com/class=name"? */
bool nsc_cdi_name_valid(const char *name);

#endif
