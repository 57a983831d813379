/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit purge, reset, disown and adopt: what is kept of a user. */
#include <errno.h>
#include <stdio.h>

#include "doctor/commands.h"
#include "nsinit.h"

static int cmd_kept_remove(const struct nsinit_options *options, bool layer)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	int ret;

	if (!options->root == !options->n_arguments) {
		fputs("nsinit: expected either a user or --root DIR\n", stderr);
		return NSINIT_USAGE;
	}
	ret = nsinit_open(options, &container, &err);
	if (ret == 0)
		ret = nsc_kept_purge(container, layer, &err);
	nscontainer_close(container);
	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}

int nsinit_purge(const struct nsinit_options *options)
{
	return cmd_kept_remove(options, false);
}

int nsinit_reset(const struct nsinit_options *options)
{
	return cmd_kept_remove(options, true);
}

/* Do it for each user; the first failure does not end it. */
static int cmd_kept_each(const struct nsinit_options *options,
			 int (*run)(const struct nscontainer *container,
				    struct nscontainer_error *err))
{
	int status = NSINIT_OK;

	for (int i = 0; i < options->n_arguments; i++) {
		struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
		struct nscontainer *container = NULL;
		int ret = nscontainer_open_user(options->arguments[i], NULL,
						&container, &err);

		if (ret == 0)
			ret = run(container, &err);
		nscontainer_close(container);
		if (ret < 0)
			status = nsinit_fail(&err, NSINIT_FAILED);
	}
	return status;
}

int nsinit_disown(const struct nsinit_options *options)
{
	return cmd_kept_each(options, nsc_kept_disown);
}

int nsinit_adopt(const struct nsinit_options *options)
{
	return cmd_kept_each(options, nsc_kept_adopt);
}
