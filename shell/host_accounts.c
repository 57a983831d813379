/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsshell, as the user, on the host. */
#include "host_accounts.h"

#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "linux/credential.h"
#include "util/fd.h"
#include "util/text.h"

/* The ID in a line "NAME:PASSWORD:ID..." of that name; -1: it is another's. */
static long long id_in(char *line, const char *name)
{
	size_t len = strlen(name);
	long long id = -1;
	char *number;

	if (strncmp(line, name, len) != 0 || line[len] != ':')
		return -1;
	number = strchr(line + len + 1, ':');
	if (!number)
		return -1;
	number++;
	number[strcspn(number, ":\n")] = '\0';
	return nsc_text_number(number, 0, UINT32_MAX - 1, &id) < 0 ? -1 : id;
}

/*
 * The ID of the first line of that name in passwd or group; -1: there is none.
 * fgetpwent(3) and fgetgrent(3) make a system call for each line.
 */
static long long find_id(const char *path, const char *name)
{
	_cleanup_file_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	long long id = -1;
	size_t size = 0;

	while (file && id < 0 && getline(&line, &size, file) > 0)
		id = id_in(line, name);
	return id;
}

bool nsc_host_accounts_own_group(const char *group)
{
	long long gid = find_id("/etc/group", group);
	_cleanup_free_ gid_t *own = NULL;
	int n = gid < 0 ? -1 : nsc_credential_own_groups(&own);

	/* The last entry is the process's gid. */
	for (int i = 0; n >= 0 && i <= n; i++)
		if (own[i] == (gid_t)gid)
			return true;
	return false;
}

void nsc_host_accounts_name(uid_t uid, char *ret, size_t size)
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

uid_t nsc_host_accounts_uid(const char *name)
{
	return (uid_t)find_id("/etc/passwd", name);
}
