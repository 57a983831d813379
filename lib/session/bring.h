/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of the host's /tmp that a login brings into its container, such as
 * the Kerberos tickets that an earlier PAM module has made.  A file moves to
 * the same name in the container's /tmp, so that the variable that names it
 * stays true, and whoever removes it at the end of the session finds it there.
 */
#ifndef NSC_SESSION_BRING_H
#define NSC_SESSION_BRING_H

#include <limits.h>
#include <sys/types.h>

#include "util/error.h"
#include "policy/user.h"

#define NSC_BRING_FILES 8	/* session.bring has no more names */

struct nsc_bring {
	const struct nsc_user *user;
	size_t n;
	struct nsc_bring_file {
		int fd;				/* of the file on the host */
		off_t size;
		char name[NAME_MAX + 1];	/* in /tmp */
	} files[NSC_BRING_FILES];
	struct nsc_error err;	/* the first failure of nsc_bring_put() */
};

/*
 * Open the file that the value of a variable names: "/tmp/x" or "FILE:/tmp/x".
 * It must be a regular file of the user's; the user can name no other.  A value
 * that is as good inside (a path in the user's home, KCM) adds nothing.
 * Returns 0 or a negative errno.
 */
int nsc_bring_add(struct nsc_bring *bring, const char *value,
		  struct nsc_error *err);

/* On the host, just before the login enters: remove the files' names. */
void nsc_bring_take(const struct nsc_bring *bring);

/*
 * In the container's namespaces, with all capabilities there: make the files.
 * A login does not fail for this: it is bring->err that says what is missing.
 */
void nsc_bring_put(struct nsc_bring *bring);

void nsc_bring_free(struct nsc_bring *bring);
#define _cleanup_bring_ __attribute__((cleanup(nsc_bring_free)))

#endif
