/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When sessions and containers end: keys of nscontainer.conf, which an object
 * "lifecycle" in container.json overrides one by one.
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

/* Times in seconds; 0: none. */
struct nsc_lifecycle {
	unsigned int stop;		/* enum nsc_stop */
	unsigned int linger;
	unsigned int on_disconnect;	/* enum nsc_disconnect */
	unsigned int idle_timeout;	/* of a session */
	unsigned int max_lifetime;	/* of the container */
	unsigned int max_sessions;
};

#define NSC_LIFECYCLE_UNSET UINT_MAX	/* container.json does not say */

/* What both formats have: the name, the place, and what may be there. */
struct nsc_lifecycle_key {
	const char *name;
	size_t at;			/* of an unsigned int in the struct */
	unsigned int max;		/* of a number, from 0 */
	const char *const *choices;	/* else the names of an enum */
};

#define NSC_LIFECYCLE_KEYS 6
extern const struct nsc_lifecycle_key
	nsc_lifecycle_keys[NSC_LIFECYCLE_KEYS];

/* Nothing is set. */
void nsc_lifecycle_unset(struct nsc_lifecycle *lifecycle);

/* What over sets, base elsewhere. */
void nsc_lifecycle_merge(const struct nsc_lifecycle *base,
			 const struct nsc_lifecycle *over,
			 struct nsc_lifecycle *ret);

/* "empty", "logout", "never". */
const char *nsc_lifecycle_stop_name(unsigned int stop);

/* The value of nsc_lifecycle_keys[i]. */
unsigned int nsc_lifecycle_get(const struct nsc_lifecycle *lifecycle,
			       size_t i);

/* What only a container with control groups can have is an error without. */
int nsc_lifecycle_check(const struct nsc_lifecycle *lifecycle, bool groups,
			struct nsc_error *err);

#endif
