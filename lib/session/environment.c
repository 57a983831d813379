/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, inside; nsshell and nsinit exec. */
#include "session/environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/fd.h"
#include "util/text.h"
#include "util/paths.h"

#define USER_PATH "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"

static size_t name_length(const char *entry)
{
	return strcspn(entry, "=");
}

/* Add the entry, replacing an entry with the same name. */
static int environment_put(char ***vector, size_t *n, const char *entry)
{
	size_t len = name_length(entry);

	for (size_t i = 0; i < *n; i++) {
		char *copy;

		if (name_length((*vector)[i]) != len ||
		    strncmp((*vector)[i], entry, len) != 0)
			continue;
		if (nsc_text_copy(&copy, entry) < 0)
			return -ENOMEM;
		free((*vector)[i]);
		(*vector)[i] = copy;
		return 0;
	}
	return nsc_text_append(vector, n, entry);
}

static int put_pair(char ***vector, size_t *n, const char *key,
		    const char *value)
{
	_cleanup_free_ char *entry = NULL;
	int error = nsc_text_pair(key, value, &entry);

	return error < 0 ? error : environment_put(vector, n, entry);
}

static bool kept(char *const *patterns, const char *entry)
{
	size_t len = name_length(entry);

	if (entry[len] != '=' || len == 0)
		return false;
	for (; patterns && *patterns; patterns++) {
		size_t n = strlen(*patterns);

		if (n && (*patterns)[n - 1] == '*') {
			if (len >= n - 1 && !strncmp(entry, *patterns, n - 1))
				return true;
		} else if (n == len && !strncmp(entry, *patterns, n)) {
			return true;
		}
	}
	return false;
}

static int environment_make(const struct nsc_state *state, char *const *from,
			    char ***vector, size_t *n)
{
	int ret;

	ret = put_pair(vector, n, "PATH",
		       state->run_uid == 0 ? NSC_PATH : USER_PATH);
	if (ret == 0)
		ret = put_pair(vector, n, "HOME", state->home);
	if (ret == 0)
		ret = put_pair(vector, n, "USER", state->name);
	if (ret == 0)
		ret = put_pair(vector, n, "LOGNAME", state->name);
	if (ret == 0)
		ret = put_pair(vector, n, "SHELL", state->shell);
	for (; ret == 0 && from && *from; from++)
		if (kept(state->keep_env, *from))
			ret = environment_put(vector, n, *from);
	for (char **e = state->process.env; ret == 0 && e && *e; e++)
		ret = environment_put(vector, n, *e);
	return ret;
}

int nsc_environment_make(const struct nsc_state *state, char *const *from,
			 char ***ret, struct nsc_error *err)
{
	char **vector = NULL;
	size_t n = 0;
	int error = environment_make(state, from, &vector, &n);

	if (error < 0) {
		nsc_text_free_vector(vector);
		return nsc_error_sys(err, -error, "environment");
	}
	*ret = vector;
	return 0;
}

int nsc_environment_add(char ***vector, const char *entry)
{
	size_t n = 0;

	while (*vector && (*vector)[n])
		n++;
	return environment_put(vector, &n, entry);
}

bool nsc_environment_has(const struct nsc_state *state, const char *name)
{
	char *const only[] = { (char *)(uintptr_t)name, NULL };

	for (char **e = state->process.env; e && *e; e++)
		if (kept(only, *e))
			return true;
	return false;
}

char *nsc_environment_runtime_dir(uid_t uid)
{
	char entry[64];
	struct stat st;

	snprintf(entry, sizeof(entry), NSC_RUNTIME_DIR "=/run/user/%u", uid);
	if (lstat(entry + sizeof(NSC_RUNTIME_DIR), &st) < 0 ||
	    !S_ISDIR(st.st_mode) || st.st_uid != uid ||
	    (st.st_mode & 07777) != 0700)
		return NULL;
	return strdup(entry);
}

static void environment_drop(char **vector, const char *name)
{
	char *const only[] = { (char *)(uintptr_t)name, NULL };
	char **to = vector;

	for (; *vector; vector++) {
		if (kept(only, *vector))
			free(*vector);
		else
			*to++ = *vector;
	}
	*to = NULL;
}

int nsc_environment_set_runtime_dir(const struct nsc_state *state,
				    char ***vector, struct nsc_error *err)
{
	_cleanup_free_ char *entry =
		nsc_environment_runtime_dir(state->run_uid);

	if (nsc_environment_has(state, NSC_RUNTIME_DIR))
		return 0;
	environment_drop(*vector, NSC_RUNTIME_DIR);
	if (entry && nsc_environment_add(vector, entry) < 0)
		return nsc_error_sys(err, ENOMEM, "environment");
	return 0;
}
