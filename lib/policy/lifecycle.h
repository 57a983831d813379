/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lifecycle of sessions and containers: keys of nscontainer.conf, each of
 * which the object "lifecycle" in container.json can override.
 */
#ifndef NSC_POLICY_LIFECYCLE_H
#define NSC_POLICY_LIFECYCLE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"

enum nsc_stop { NSC_STOP_EMPTY, NSC_STOP_LOGOUT, NSC_STOP_NEVER };
enum nsc_disconnect { NSC_DISCONNECT_HANGUP, NSC_DISCONNECT_KILL,
		      NSC_DISCONNECT_KEEP };

/* Times are in seconds; 0: none. */
struct nsc_lifecycle {
	unsigned int stop;		/* enum nsc_stop */
	unsigned int linger;
	unsigned int on_disconnect;	/* enum nsc_disconnect */
	unsigned int idle_timeout;	/* of a session */
	unsigned int max_lifetime;	/* of the container */
	unsigned int max_sessions;
};

#define NSC_LIFECYCLE_UNSET UINT_MAX	/* not set in container.json */

/* Common to both formats: name, location and allowed values. */
struct nsc_lifecycle_key {
	const char *name;
	size_t at;			/* of an unsigned int in the struct */
	unsigned int max;		/* maximum; the minimum is 0 */
	const char *const *choices;	/* for an enum: its names */
};

#define NSC_LIFECYCLE_KEYS 6
extern const struct nsc_lifecycle_key
	nsc_lifecycle_keys[NSC_LIFECYCLE_KEYS];

/* Mark all keys as not set. */
void nsc_lifecycle_unset(struct nsc_lifecycle *lifecycle);

/* Take the keys that over sets, and the others from base. */
void nsc_lifecycle_merge(const struct nsc_lifecycle *base,
			 const struct nsc_lifecycle *over,
			 struct nsc_lifecycle *ret);

/* "empty", "logout", "never". */
const char *nsc_lifecycle_stop_name(unsigned int stop);

/* The value of nsc_lifecycle_keys[i]. */
unsigned int nsc_lifecycle_get(const struct nsc_lifecycle *lifecycle,
			       size_t i);

/*
 * Settings that need control groups are an error if groups is false.  Returns 0
 * or a negative errno.
 */
int nsc_lifecycle_check(const struct nsc_lifecycle *lifecycle, bool groups,
			struct nsc_error *err);

#endif
