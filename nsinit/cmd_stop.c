/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit stop: ask all processes of a container to end, then kill them. */
#include <stdio.h>

#include "nsinit.h"

int nsinit_stop(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	int ret;

	if (!options->root == !options->n_arguments) {
		fputs("nsinit: stop: expected either a user or --root DIR\n",
		      stderr);
		return NSINIT_USAGE;
	}
	ret = nsinit_open(options, &container, &err);
	if (ret == 0)
		ret = nscontainer_stop(container, options->timeout, &err);
	nscontainer_close(container);
	return nsinit_end(ret, &err);
}
