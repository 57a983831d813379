/*
 * nsinit start USER: start a user's container.  With --login it is the helper
 * of pam_container.so, which reads the result from a descriptor.
 */
#include "nsinit.h"

int nsinit_start(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	int ret = nsinit_open(options, &container, &err);
	unsigned int flags =
		(options->login ? NSCONTAINER_START_LOGIN : 0) |
		(options->replace ? NSCONTAINER_START_REPLACE : 0);

	if (ret == 0)
		ret = nscontainer_start(container, flags, &err);
	nscontainer_close(container);
	if (ret < 0 && !options->login)
		nsinit_fail(&err, NSINIT_FAILED);
	return ret < 0 ? NSINIT_FAILED : NSINIT_OK;
}
