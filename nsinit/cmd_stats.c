/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit stats: print the resources that one or all containers use. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "nsinit.h"

#define FOLLOW_S 1		/* between two readings */

/* container NULL: all. */
static int show(struct nscontainer *container, bool json,
		struct nscontainer_error *err)
{
	struct nscontainer_record *list = NULL;
	int ret = nscontainer_stats(container, &list, err);
	const struct nscontainer_record *r = list;

	for (; r; r = nscontainer_record_next(r)) {
		nsinit_print(r, json);
		if (!json)
			putchar('\n');
	}
	fflush(stdout);
	nscontainer_record_free(list);
	return ret;
}

int nsinit_stats(const struct nsinit_options *options)
{
	const struct timespec pause = { FOLLOW_S, 0 };
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	bool one = options->root || options->n_arguments, shown = false;
	int ret = one ? nsinit_open(options, &container, &err) : 0;

	/* The output usually ends because its reader has closed the pipe. */
	signal(SIGPIPE, SIG_DFL);
	while (ret == 0) {
		ret = show(container, options->json, &err);
		if (ret < 0 || !options->follow)
			break;
		shown = true;
		nanosleep(&pause, NULL);
	}
	nscontainer_close(container);
	/* The end of the container ends --follow without an error. */
	if (ret == -ESRCH && shown)
		return NSINIT_OK;
	return nsinit_end(ret, &err);
}
