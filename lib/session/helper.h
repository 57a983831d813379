/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Have a container started, or only checked.  The helper holds the locks for
 * which other logins wait: the caller of su can stop, slow and kill the login
 * program, but not the helper.
 */
#ifndef NSC_SESSION_HELPER_H
#define NSC_SESSION_HELPER_H

#include <stdbool.h>

#include "util/error.h"

/* Seconds that an audited login waits for a check, if it takes so long. */
#define NSC_HELPER_CHECK_S 5

struct nsc_helper {
	const char *conf_path;	/* of nscontainer.conf */
	const char *user;
	bool check;		/* only check whether it would start */
	unsigned int timeout;	/* seconds */
};

/* With it comes a descriptor, the session's lock on 'sessions'. */
struct nsc_helper_answer {
	struct nsc_error err;	/* code 0: no error */
	unsigned int number;	/* of the instance */
	bool changed;		/* these two as in struct nsc_session */
	char note[256];
};

/*
 * Run the helper and wait for its answer; it inherits nothing from this
 * process, and stops waiting for its turn when this process ends.  *ret_lock is
 * the descriptor, or -1 if it was only to check.  Returns 0 or a negative
 * errno.
 */
int nsc_helper_ask(const struct nsc_helper *helper,
		   struct nsc_helper_answer *ret, int *ret_lock,
		   struct nsc_error *err);

#endif
