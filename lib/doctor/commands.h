/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions behind "nsinit doctor" and "nsinit try", and behind those that
 * change what is kept of a user.  They are not part of
 * libnscontainer, so that steps and findings may change between versions.
 * Errors, records and handles are those of <nscontainer.h>.
 */
#ifndef NSC_DOCTOR_COMMANDS_H
#define NSC_DOCTOR_COMMANDS_H

#include <stdbool.h>

#include "nscontainer.h"

/*
 * A trial login of the user: temporary processes run the code of
 * pam_container(8), up to a command that the login shell runs inside.  If the
 * container does not run, it is started, and ends as its policy says.  service
 * is NULL or a PAM service; the trial then includes whether the service calls
 * the module.  The process must have one thread.  Returns 0 if a login would
 * work; otherwise the error is the one that pam_container(8) would log.
 *
 * *ret is a list of the steps, or NULL, also after an error; the last step is
 * then the failed one.  The caller frees the list.
 */
#define NSC_KEYS_TRY(KEY) \
	KEY("step", TEXT, "name of the step") \
	KEY("result", TEXT, "ok, warning, failed") \
	KEY("ms", REAL, "milliseconds that the step took") \
	KEY("text", TEXT, "the finding, or the reason of the failure")

int nsc_try_run(const struct nscontainer *container, const char *service,
		struct nscontainer_record **ret, struct nscontainer_error *err);

/*
 * Look for ways past the containers, and for causes of refused logins: in the
 * project's files, the PAM services, sshd's settings for each user, and the
 * kernel.  conf is the path of nscontainer.conf, or NULL for the installed one.
 * users is a list of names that ends with NULL; if it is NULL or empty, the
 * users of /etc/passwd who may log in, and those with a directory in users/,
 * are examined.  Nothing is changed beyond what nscontainer_check() changes.
 *
 * *ret is a list of findings, or NULL if there are none.  The caller frees it,
 * also after an error, which means that some examinations were impossible.
 */
#define NSC_KEYS_DOCTOR(KEY) \
	KEY("severity", TEXT, "hole, risk, note") \
	KEY("check", TEXT, "name of the finding, as below") \
	KEY("file", TEXT, "path of the file that it is about, or null") \
	KEY("line", INT, "line of the file; 0: no particular line") \
	KEY("text", TEXT, "the finding") \
	KEY("remedy", TEXT, "the line to write, or another remedy") \
	KEY("users", TEXTS, "affected users; empty: everybody")

/*
 * nscontainer_check() for each user that nsc_doctor_run() would look at, and
 * for those who stay on the host.  *ret is a list, which the caller frees;
 * *ret_refused: would a login be refused?
 */
#define NSC_KEYS_CHECK_ALL(KEY) \
	KEY("user", TEXT, "name of the user") \
	KEY("result", TEXT, "ok, host, refused") \
	KEY("text", TEXT, "path of container.json; why a login stays on the " \
	    "host, or is refused")

int nsc_check_all(const char *conf, struct nscontainer_record **ret,
		  bool *ret_refused, struct nscontainer_error *err);

/*
 * Convert a file, or standard input for "-", to container.json, or with to_oci
 * to an OCI config.json.  The caller frees both texts, also after an error;
 * then json, if it is not NULL, would be refused by a start.
 */
struct nsc_conversion {
	char *json;
	char *notes;		/* "KEY: what became of it", lines */
};

int nsc_convert_run(const char *file, bool to_oci, struct nsc_conversion *ret,
		    struct nscontainer_error *err);

/*
 * The findings of the doctor about configuration without effect; NULL: there
 * are none.
 */
void nsc_check_unused(const char *conf, struct nscontainer_record **ret);

int nsc_doctor_run(const char *conf, const char *const *users,
		   struct nscontainer_record **ret,
		   struct nscontainer_error *err);

/*
 * Remove what is kept of the user or directory in /var/lib/nscontainer, or only
 * the layer of its overlay.  -EBUSY: a container uses it; -ENOENT: nothing is
 * kept.  After a crash, the data is either untouched or nobody's, and the next
 * call removes the rest.
 */
int nsc_kept_purge(const struct nscontainer *container, bool layer,
		   struct nscontainer_error *err);

/*
 * Note that the account with the user's name is gone: end its containers, and
 * refuse what is kept to the next account of this name.  No data is no error.
 */
int nsc_kept_disown(const struct nscontainer *container,
		    struct nscontainer_error *err);

/* Accept the present account as the one for which data is kept. */
int nsc_kept_adopt(const struct nscontainer *container,
		   struct nscontainer_error *err);

#endif
