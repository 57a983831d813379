/* SPDX-License-Identifier: Apache-2.0 */
/* Id maps of a user namespace, user_namespaces(7). */
#ifndef NSC_LINUX_IDMAP_H
#define NSC_LINUX_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

struct nsc_id_mapping {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};

#define NSC_MAPPINGS_MAX 340	/* the kernel's limit */
#define NSC_IDMAP_RANGE 65536u	/* ids of a container */
#define NSC_IDMAP_OWN 48	/* own ids that fit into a map in any case */

/*
 * Make the automatic map: each of the n ids in own, which are ascending, maps
 * to itself; every other id from 0 to 65535 maps to first + id.  Returns the
 * number of entries in map, or 0 if the kernel does not accept such a map.
 */
size_t nsc_idmap_automatic(const uint32_t *own, size_t n, uint32_t first,
			   struct nsc_id_mapping map[NSC_MAPPINGS_MAX]);

/* Do two mappings share an id of the host? */
static inline bool nsc_idmap_overlap(const struct nsc_id_mapping *a,
				     const struct nsc_id_mapping *b)
{
	return (uint64_t)a->host_id < (uint64_t)b->host_id + b->size &&
	       (uint64_t)b->host_id < (uint64_t)a->host_id + a->size;
}

/* Get the host id for a container id; -ENOENT if it is not mapped. */
int nsc_idmap_to_host(const struct nsc_id_mapping *map, size_t n, uint32_t id,
		      uint32_t *ret);

/*
 * Write /proc/PID/<file>; file is "uid_map" or "gid_map".  Returns 0 or a
 * negative errno.
 */
int nsc_idmap_write(pid_t pid, const char *file,
		    const struct nsc_id_mapping *map, size_t n,
		    struct nsc_error *err);

/*
 * Read /proc/PID/<file> (pid 0: the caller) into map; the host ids are in the
 * caller's user namespace.  Returns the number of entries, or a negative errno.
 */
int nsc_idmap_read(pid_t pid, const char *file,
		   struct nsc_id_mapping map[NSC_MAPPINGS_MAX]);

/*
 * Make a user namespace for an id-mapped mount, mount_setattr(2): files of uid
 * and gid on the disk belong to host_uid and host_gid in the mount.  Returns a
 * descriptor or a negative errno.
 */
struct nsc_idmap_pair {
	uid_t uid, host_uid;
	gid_t gid, host_gid;
};

int nsc_idmap_userns(const struct nsc_idmap_pair *pair, struct nsc_error *err);

#endif
