/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsshell, as the user, on the host. */
#include "accounts.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "linux/credential.h"
#include "util/fd.h"

bool nsc_accounts_own_group(const char *group)
{
	_cleanup_file_ FILE *file = fopen("/etc/group", "re");
	_cleanup_free_ gid_t *own = NULL;
	int n = nsc_credential_own_groups(&own);
	const struct group *entry;

	while (file && n >= 0 && (entry = fgetgrent(file))) {
		if (strcmp(entry->gr_name, group) != 0)
			continue;
		/* The last entry is the process's gid. */
		for (int i = 0; i <= n; i++)
			if (own[i] == entry->gr_gid)
				return true;
		return false;
	}
	return false;
}

void nsc_accounts_name(uid_t uid, char *ret, size_t size)
{
	_cleanup_file_ FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	snprintf(ret, size, "%u", uid);
	while (file && (entry = fgetpwent(file)))
		if (entry->pw_uid == uid) {
			snprintf(ret, size, "%s", entry->pw_name);
			return;
		}
}

uid_t nsc_accounts_uid(const char *name)
{
	_cleanup_file_ FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	while (file && (entry = fgetpwent(file)))
		if (!strcmp(entry->pw_name, name))
			return entry->pw_uid;
	return (uid_t)-1;
}
