/* SPDX-License-Identifier: Apache-2.0 */
/* Remove old recordings, as nscontainer.conf says: docs/design/0095. */
#ifndef NSC_RECORD_RETENTION_H
#define NSC_RECORD_RETENTION_H

#include <stdint.h>

#include "util/error.h"

struct nsc_retention {
	int64_t max_age;	/* seconds; 0: any */
	int64_t max_size;	/* bytes of all recordings; 0: any */
	int64_t min_free;	/* bytes of their file system; 0: any */
};

/*
 * Remove the recordings that ended first, until all that are left may stay.
 * One that goes on stays.  told is called for each that has gone.  Returns 0,
 * also if somebody else does it now or looks at recordings, or a negative
 * errno.
 */
int nsc_retention_apply(const struct nsc_retention *retention,
			void (*told)(const char *user, const char *id,
				     const char *digest),
			struct nsc_error *err);

/*
 * Keep retention away while the returned descriptor is open.  Returns a
 * negative errno if there is no directory of recordings.
 */
int nsc_retention_hold(struct nsc_error *err);

#endif
