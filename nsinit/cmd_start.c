/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit start USER: start a user's container. */
#include "nsinit.h"

int nsinit_start(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	int ret = nsinit_open(options, &container, &err);

	if (ret == 0)
		ret = nscontainer_start(container, options->replace ?
					NSCONTAINER_START_REPLACE : 0, &err);
	nscontainer_close(container);
	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}
