/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start, root of the host. */
#include "config/cdi_path.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/text.h"

#define LINKS_MAX 40

/*
 * Read the link at path, whose last component begins at name.  *safe: only root
 * could have changed a directory so far.
 */
static bool read_link(char *path, size_t name, char target[PATH_MAX],
		      bool *safe)
{
	struct stat st, dir;
	char first = path[name];
	ssize_t n = -1;

	path[name] = '\0';
	*safe = *safe && stat(path, &dir) == 0 && dir.st_uid == 0 &&
		!(dir.st_mode & 022);
	path[name] = first;
	if (*safe && lstat(path, &st) == 0 && S_ISLNK(st.st_mode) &&
	    st.st_uid == 0)
		n = readlink(path, target, PATH_MAX - 1);
	if (n > 0)
		target[n] = '\0';
	return n > 0;
}

/* Drop the last component of done, which ends with '/'. */
static void go_up(char *done)
{
	char *slash;

	if (!done[1])
		return;
	done[strlen(done) - 1] = '\0';
	slash = strrchr(done, '/');
	slash[1] = '\0';
}

int nsc_cdi_resolve(char **path)
{
	char done[PATH_MAX] = "/", rest[PATH_MAX], next[PATH_MAX];
	unsigned int links = 0;
	bool safe = true;

	if (snprintf(rest, sizeof(rest), "%s", *path) >= (int)sizeof(rest))
		return 0;
	while (*rest) {
		char target[PATH_MAX];
		size_t skip = strspn(rest, "/"), at = strlen(done);
		size_t len = strcspn(rest + skip, "/");
		const char *tail = rest + skip + len;
		bool more = tail[strspn(tail, "/")];

		if (at + len + 2 > sizeof(done) || links > LINKS_MAX)
			return 0;
		if (len == 2 && !strncmp(rest + skip, "..", 2)) {
			go_up(done);
		} else if (len && !(len == 1 && rest[skip] == '.')) {
			memcpy(done + at, rest + skip, len);
			done[at + len] = '\0';
			if (read_link(done, at, target, &safe)) {
				done[*target == '/' ? 1 : at] = '\0';
				links++;
				if (snprintf(next, sizeof(next), "%s%s",
					     target, tail) >= (int)sizeof(next))
					return 0;
				strcpy(rest, next);
				continue;
			}
			strcpy(done + at + len, more ? "/" : "");
		}
		memmove(rest, tail, strlen(tail) + 1);
	}
	if (strlen(done) > 1 && done[strlen(done) - 1] == '/')
		done[strlen(done) - 1] = '\0';
	free(*path);
	return nsc_text_copy(path, done);
}
