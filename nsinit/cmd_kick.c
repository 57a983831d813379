/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit kick: end one or all sessions of a container that goes on. */
#include <stdio.h>
#include <stdlib.h>

#include "nsinit.h"

static int cmd_kick_wrong(const char *text)
{
	fprintf(stderr, "nsinit: kick: %s\n", text);
	return NSINIT_USAGE;
}

int nsinit_kick(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	int at = options->root ? 0 : 1;		/* index of the pid */
	const char *text = options->n_arguments > at ? options->arguments[at] :
						       NULL;
	char *end = NULL;
	long pid = text ? strtol(text, &end, 10) : 0;
	int ret;

	if (options->n_arguments < at || options->n_arguments > at + 1)
		return cmd_kick_wrong(
			"expected a user or --root DIR, and optionally the "
			"pid of a session");
	if (text && (text[0] < '1' || text[0] > '9' || *end || pid > 4194304))
		return cmd_kick_wrong("expected a pid that 'nsinit ps' shows");
	ret = nsinit_open(options, &container, &err);
	if (ret == 0)
		ret = nscontainer_kick(container, (int)pid, options->timeout,
				       &err);
	nscontainer_close(container);
	return nsinit_end(ret, &err);
}
