/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Convert other forms of a container's configuration to container.json, and
 * container.json to the config.json of the OCI runtime specification.  Runs in:
 * nsinit alone.
 */
#ifndef NSC_CONFIG_CONVERT_H
#define NSC_CONFIG_CONVERT_H

#include <jansson.h>
#include <stdbool.h>

#include "linux/namespace.h"
#include "util/error.h"

/* A conversion: from is read, to is written, and a note tells of each key. */
struct nsc_convert {
	const json_t *from;
	json_t *to;
	json_t *notes;		/* an array of strings */
};

/*
 * Convert text, the content of file: an earlier or later form of
 * container.json, or, if it has ociVersion, an OCI config.json.  With to_oci,
 * the result is an OCI config.json.  Returns a new object, or NULL with an
 * error; notes gets "KEY: what became of it", a string for each key.
 */
json_t *nsc_convert(const char *text, const char *file, bool to_oci,
		    json_t *notes, struct nsc_error *err);

/* --- shared by the files convert*.c ------------------------------------ */

void nsc_convert_note(struct nsc_convert *c, const char *key, const char *fmt,
		      ...) __attribute__((format(printf, 3, 4)));

/* The member key of object, made as an object if there is none. */
json_t *nsc_convert_object(json_t *object, const char *key);

/* The same for an array. */
json_t *nsc_convert_array(json_t *object, const char *key);

/* object.key = a new reference to value, unless that is NULL or null. */
void nsc_convert_set(json_t *object, const char *key, const json_t *value);

/* The first of two members that is there, or NULL. */
json_t *nsc_convert_either(const json_t *object, const char *a, const char *b);

/* A device with the names of container.json; NULL if it cannot be one. */
json_t *nsc_convert_device(const json_t *value);

/* The devices that a container has without device_nodes. */
json_t *nsc_convert_default_devices(void);

/* The name there of nsc_namespaces[i]. */
const char *nsc_convert_namespace(size_t i);

/* Members that only have another name in an OCI config.json. */
struct nsc_convert_name {
	const char *path;	/* there; NULL ends the table */
	const char *name;	/* in container.json */
};
extern const struct nsc_convert_name nsc_convert_names[];

/* The value at a path such as "linux.resources.cpu", or NULL. */
const json_t *nsc_convert_at(const json_t *value, const char *path);

/* Does every container have a file system of this type there? */
bool nsc_convert_is_mounted(const char *type, const char *destination);

/* io_weight (1 to 10000) of a blkio weight (10 to 1000), as engines do it. */
long long nsc_convert_weight(long long weight);

/* The key mounts, from an OCI config.json. */
void nsc_convert_mounts(struct nsc_convert *c);

void nsc_convert_from_oci(struct nsc_convert *c);
void nsc_convert_to_oci(struct nsc_convert *c);

#endif
