/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit start: start a user's container, or those of users who linger. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsinit.h"

#define LINGER "/var/lib/systemd/linger"
#define NAME 256

/*
 * logind names its files by cescape() of the user's name: \\ and \xHH.  Returns
 * false for a name that it would not have written.
 */
static bool unescape(const char *text, char name[NAME])
{
	size_t n = 0;

	for (; *text && n < NAME - 1; text++) {
		unsigned int byte = (unsigned char)*text;

		if (byte == '\\' && text[1] == 'x') {
			if (sscanf(text + 2, "%2x", &byte) != 1 || !byte ||
			    !text[3])
				return false;
			text += 3;
		} else if (byte == '\\') {
			byte = (unsigned char)*++text;
			if (!byte)
				return false;
		}
		name[n++] = (char)byte;
	}
	name[n] = '\0';
	return !*text && n;
}

static int start(const char *user, const struct nsinit_options *options,
		 struct nscontainer_error *err)
{
	unsigned int flags = (options->replace ? NSCONTAINER_START_REPLACE :
						 0) |
			     (options->boot ? NSCONTAINER_START_BOOT : 0);
	struct nscontainer *container = NULL;
	int ret = nscontainer_open_user(user, options->conf, &container, err);

	if (ret == 0)
		ret = nscontainer_start(container, flags, err);
	nscontainer_close(container);
	return ret;
}

static int choose(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A user whose container does not start keeps no other from theirs. */
static int start_lingering(const struct nsinit_options *options)
{
	struct dirent **names = NULL;
	int n = scandir(LINGER, &names, choose, alphasort);
	int status = n < 0 && errno != ENOENT ? NSINIT_FAILED : NSINIT_OK;

	if (status != NSINIT_OK)
		perror("nsinit: " LINGER);
	for (int i = 0; i < n; i++) {
		struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
		char name[NAME];
		int ret = unescape(names[i]->d_name, name) ?
				  start(name, options, &err) : -ENOENT;

		/* Others who linger have no container. */
		if (ret < 0 && ret != -ENOENT)
			status = nsinit_fail(&err, NSINIT_FAILED);
		free(names[i]);
	}
	free(names);
	return status;
}

int nsinit_start(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;

	if (!options->n_arguments && options->boot)
		return start_lingering(options);
	if (!options->n_arguments) {
		fputs("nsinit start: whose container?  Give a USER\n", stderr);
		return NSINIT_USAGE;
	}
	return start(options->arguments[0], options, &err) < 0 ?
		       nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}
