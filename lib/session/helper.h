/* SPDX-License-Identifier: Apache-2.0 */
/* Have a container started, or only checked. */
#ifndef NSC_SESSION_HELPER_H
#define NSC_SESSION_HELPER_H

#include <stdbool.h>

#include "util/error.h"

struct nsc_helper {
	const char *conf_path;	/* of nscontainer.conf */
	const char *user;
	/*
	 * Holds 'lock' of the run directory; -1: only check whether it would
	 * start.
	 */
	int lock;
	bool replace;		/* stop a running one first */
	unsigned int timeout;	/* seconds */
};

/*
 * Run the helper and wait for its answer; it inherits nothing from this
 * process.  Returns 0 or a negative errno.
 */
int nsc_helper_start(const struct nsc_helper *helper, struct nsc_error *err);

#endif
