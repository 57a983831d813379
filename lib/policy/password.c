/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, as root of the host. */
#include "policy/password.h"

#include <shadow.h>
#include <stddef.h>
#include <time.h>

#define DAY 86400	/* seconds */

bool nsc_password_expired(const char *name)
{
	struct spwd entry, *found = NULL;
	char buffer[4096];
	long today = (long)(time(NULL) / DAY);

	if (getspnam_r(name, &entry, buffer, sizeof(buffer), &found) != 0 ||
	    !found)
		return false;
	if (found->sp_lstchg == 0)
		return true;
	return found->sp_lstchg > 0 && found->sp_max >= 0 &&
	       today - found->sp_lstchg > found->sp_max;
}
