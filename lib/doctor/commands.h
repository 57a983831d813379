/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What "nsinit doctor" and "nsinit try" are made of: no part of libnscontainer,
 * so that steps and findings may change with the product.  Errors, records and
 * handles are those of <nscontainer.h>.
 */
#ifndef NSC_DOCTOR_COMMANDS_H
#define NSC_DOCTOR_COMMANDS_H

#include "nscontainer.h"

/*
 * A login of the user that is not one: by the code of pam_container(8), in
 * processes that end, up to a command that the login shell runs inside.  A
 * container that does not run is started for it and ends as its policy says.
 * service is a PAM service, or NULL; with one it is also asked whether that
 * comes to the module.  0: a login would work.  Otherwise the error is what
 * pam_container(8) would log; the process must have one thread.
 *
 * *ret is a list of the steps, the last one being that which failed, also
 * where the result is an error; it is the caller's, or NULL.
 */
#define NSC_KEYS_TRY(KEY) \
	KEY("step", TEXT, "its name") \
	KEY("result", TEXT, "ok, warning, failed") \
	KEY("ms", REAL, "milliseconds that it took") \
	KEY("text", TEXT, "what was found, or why it failed")

int nsc_try_run(const struct nscontainer *container, const char *service,
		struct nscontainer_record **ret, struct nscontainer_error *err);

/*
 * Look for ways past the containers, and for what keeps their users out: the
 * project's files, the PAM services, what sshd says of each user, the kernel.
 * conf is the path of nscontainer.conf, or NULL; users ends with NULL: whom to
 * look at, or NULL or empty: those of /etc/passwd who may log in, and those
 * with a file of their own.  Changes nothing but what nscontainer_check() does.
 *
 * *ret is a list, or NULL where nothing was found; it is the caller's, also
 * where the result is an error, which says that something could not be looked
 * at.
 */
#define NSC_KEYS_DOCTOR(KEY) \
	KEY("severity", TEXT, "hole, risk, note") \
	KEY("check", TEXT, "a short name that stays the same") \
	KEY("file", TEXT, "path; null: of none") \
	KEY("line", INT, "of the file; 0: of none") \
	KEY("text", TEXT, "what was found") \
	KEY("remedy", TEXT, "the line to write, or what to do") \
	KEY("users", TEXTS, "whom it concerns; none: everybody")

int nsc_doctor_run(const char *conf, const char *const *users,
		   struct nscontainer_record **ret,
		   struct nscontainer_error *err);

#endif
