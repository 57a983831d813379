/* SPDX-License-Identifier: Apache-2.0 */
/* nscontainer.conf (libconfig format): the host's policy. */
#ifndef NSC_POLICY_CONF_H
#define NSC_POLICY_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/address.h"
#include "util/error.h"
#include "policy/lifecycle.h"
#include "policy/cgroup_parents.h"

enum nsc_on_error { NSC_ON_ERROR_REFUSE, NSC_ON_ERROR_HOST };
enum nsc_placement { NSC_PLACEMENT_SESSION, NSC_PLACEMENT_START };
enum nsc_mode { NSC_MODE_ENFORCE, NSC_MODE_AUDIT };
enum nsc_nested { NSC_NESTED_IGNORE, NSC_NESTED_REFUSE };
/* NSC_ON_CHANGE_HOST: container.json has no on_change. */
enum nsc_on_change { NSC_ON_CHANGE_KEEP, NSC_ON_CHANGE_DRAIN,
		     NSC_ON_CHANGE_RECYCLE, NSC_ON_CHANGE_HOST };

#define NSC_FIRST_UID_HOST UINT32_MAX
#define NSC_CONF_KEYS 31	/* see nsc_conf_key() */

struct nsc_conf {
	char **exempt_users;		/* NULL-terminated, never NULL */
	char **exempt_groups;
	char **exempt_services;
	enum nsc_mode mode;		/* "enforce" (default), "audit" */
	enum nsc_on_error on_error;	/* "refuse" (default), "host" */
	struct nsc_lifecycle lifecycle;	/* default: all 0 */
	enum nsc_placement placement;	/* "session" (default), "start" */
	enum nsc_nested nested;		/* "ignore" (default), "refuse" */
	enum nsc_on_change on_change;	/* "keep" (default), ... */
	unsigned int start_timeout;	/* seconds, default 30 */
	bool debug;
	char *pidfile;			/* template, or NULL */
	uint32_t first_uid;		/* NSC_FIRST_UID_HOST: the host's */
	uint32_t id_pool_first;		/* default 1879048192 */
	uint32_t id_pool_count;		/* default 134217728, number of ids */
	struct nsc_cgroup_parents cgroup_parents;
	struct nsc_address address_pool;	/* family 0: no pool */
	struct nsc_address address_gateway;
	struct nsc_address address_pool6;
	struct nsc_address address_gateway6;
	struct nsc_address bridge_pool;	/* family 0: one that is free */
	struct nsc_address bridge_pool6;	/* family 0: no IPv6 */
	unsigned int record;		/* enum nsc_record: the least */
	long long record_max_age;	/* seconds; 0 (default): any */
	long long record_max_size;	/* bytes; 0 (default): any */
	long long record_min_free;	/* bytes; 0 (default): any */
	char **files;			/* that were read, in their order */
	size_t n_files;
	uint16_t from[NSC_CONF_KEYS];	/* the file of each key; see below */
};

/*
 * Read dirfd/name (messages call dirfd by dirname), a file of root, and then
 * its drop-ins, see dropins.h.  A key of a later file takes the place of an
 * earlier one, except that cgroup_parents are appended.  A missing
 * file means the defaults.  Unknown keys, wrong types and values out of range
 * are errors with file and line; @include is refused.  Returns 0 or a negative
 * errno.
 */
int nsc_conf_load(int dirfd, const char *dirname, const char *name,
		  struct nsc_conf **ret, struct nsc_error *err);
/* The same from memory. */
int nsc_conf_parse(const char *text, const char *file, struct nsc_conf **ret,
		   struct nsc_error *err);

/* The file that a key's value is from, the first one for a default. */
const char *nsc_conf_file(const struct nsc_conf *conf, const char *key);

void nsc_conf_free(struct nsc_conf *conf);
static inline void nsc_conf_cleanup(struct nsc_conf **conf)
{
	nsc_conf_free(*conf);
	*conf = NULL;
}
#define _cleanup_conf_ __attribute__((cleanup(nsc_conf_cleanup)))

/* The names of enum nsc_on_change before NSC_ON_CHANGE_HOST, then NULL. */
extern const char *const nsc_conf_on_change[];

/* The key of number i, or NULL beyond the last one. */
const char *nsc_conf_key(size_t i);

#endif
