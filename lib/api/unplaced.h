/* SPDX-License-Identifier: Apache-2.0 */
/* Logins of contained users that are still on the host. */
#ifndef NSC_API_UNPLACED_H
#define NSC_API_UNPLACED_H

#include "api/api.h"

/*
 * Append a record of NSCONTAINER_KEYS_SESSIONS for each login process that has
 * our PAM module, and is root of the host outside of any container, while its
 * user belongs into one.  container NULL: for all users.  Processes that cannot
 * be examined are skipped.
 */
int nsc_api_unplaced(const struct nscontainer *container,
		     struct nscontainer_record **list, struct nsc_error *err);

#endif
