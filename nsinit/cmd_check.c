/*
 * nsinit check: what a login would read, and what would be done.  With --login
 * it is the helper of pam_container.so where that only audits.
 */
#include <unistd.h>

#include "nsinit.h"

/* Read by a login that waits for it; where that has gone nothing is lost. */
static int report(const struct nscontainer_error *err)
{
	(void)!write(NSCONTAINER_LOGIN_REPORT, err, sizeof(*err));
	return err->code ? NSINIT_FAILED : NSINIT_OK;
}

int nsinit_check(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *record = NULL;
	struct nscontainer *container = NULL;
	int ret = nsinit_open(options, &container, &err);

	if (ret == 0)
		ret = nscontainer_check(container, &record, &err);
	if (ret == 0 && !options->login)
		nsinit_print(record, options->json);
	nscontainer_record_free(record);
	nscontainer_close(container);
	if (options->login)
		return report(&err);
	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}
