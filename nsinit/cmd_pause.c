/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit pause and resume: freeze and thaw the processes of a container. */
#include "nsinit.h"

static int cmd_pause_change(const struct nsinit_options *options,
			    int (*run)(const struct nscontainer *container,
				       struct nscontainer_error *err))
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	int ret = nsinit_open(options, &container, &err);

	if (ret == 0)
		ret = run(container, &err);
	nscontainer_close(container);
	return nsinit_end(ret, &err);
}

int nsinit_pause(const struct nsinit_options *options)
{
	return cmd_pause_change(options, nscontainer_pause);
}

int nsinit_resume(const struct nsinit_options *options)
{
	return cmd_pause_change(options, nscontainer_resume);
}
