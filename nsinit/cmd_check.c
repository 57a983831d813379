/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit check: read what a login would read, and print the effect. */
#include "nsinit.h"

int nsinit_check(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *record = NULL;
	struct nscontainer *container = NULL;
	int ret = nsinit_open(options, &container, &err);

	if (ret == 0)
		ret = nscontainer_check(container, &record, &err);
	if (ret == 0)
		nsinit_print(record, options->json);
	nscontainer_record_free(record);
	nscontainer_close(container);
	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}
