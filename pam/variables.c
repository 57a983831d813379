/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, before it enters and just after. */
#include "variables.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/fd.h"
#include "session/environment.h"

#define SYSTEMD_ENDED "systemd.existing"
#define BUS_ADDRESS "DBUS_SESSION_BUS_ADDRESS"

int nsc_variables_put(pam_handle_t *pamh, const struct nsc_user *user,
		      const struct nsc_state *state, struct nsc_error *err)
{
	_cleanup_free_ char *shell = NULL;
	const char *name = strrchr(user->shell, '/');

	/* Programs start $SHELL, which must not be nsshell again. */
	if (asprintf(&shell, "SHELL=%s", state->shell) < 0) {
		shell = NULL;
		return nsc_error_sys(err, ENOMEM, "environment");
	}
	if (name && !strcmp(name, "/nsshell") &&
	    pam_putenv(pamh, shell) != PAM_SUCCESS)
		return nsc_error_sys(err, ENOMEM, "environment");
	for (char **e = state->process.env; e && *e; e++)
		if (pam_putenv(pamh, *e) != PAM_SUCCESS)
			return nsc_error_set(err, EINVAL, "environment: PAM "
					     "refused an entry");
	return 0;
}

/* Replace the value from earlier modules; NULL: remove it. */
static void replace(pam_handle_t *pamh, const struct nsc_state *state,
		    const char *name, const char *entry)
{
	if (nsc_environment_has(state, name) ||
	    (!entry && !pam_getenv(pamh, name)))
		return;
	(void)pam_putenv(pamh, entry ? entry : name);
}

/*
 * Values from pam_systemd refer to the host.  Without a bus address, programs
 * look for the bus in the runtime directory.  At the end, pam_systemd would ask
 * for the release of the session over the system bus, which is not inside; with
 * this mark of its own, of a session that others end, it does not: logind sees
 * the end of the process.  systemd 262 has no such mark; it asks, and complains
 * in syslog.
 */
void nsc_variables_put_runtime_dir(pam_handle_t *pamh,
				   const struct nsc_user *user,
				   const struct nsc_state *state)
{
	_cleanup_free_ char *entry =
		nsc_environment_runtime_dir(user->uid);

	replace(pamh, state, NSC_RUNTIME_DIR, entry);
	replace(pamh, state, BUS_ADDRESS, NULL);
	(void)pam_set_data(pamh, SYSTEMD_ENDED, pamh, NULL);
}
