/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit update: change the limits of a running container. */
#include <stdio.h>
#include <string.h>

#include "nsinit.h"

/* Say what the running container lacks, or has in addition. */
static void tell_why(const struct nscontainer *container)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *record = NULL;
	bool stale = false;

	if (nscontainer_find(container, &record, &err) < 0)
		return;
	nscontainer_record_bool(record, "stale", &stale);
	if (stale)
		printf("stale: %s\n", nscontainer_record_text(record, "why"));
	nscontainer_record_free(record);
}

int nsinit_update(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	int ret;

	if (options->from_file == !!options->n_set) {
		fputs("nsinit update: expected limits such as --memory 2G, or "
		      "--from-file\n", stderr);
		return NSINIT_USAGE;
	}
	ret = nsinit_open(options, &container, &err);
	if (ret == 0)
		ret = nscontainer_update(container, options->from_file ?
					 NULL : options->set, &err);
	if (ret == 0)
		tell_why(container);
	nscontainer_close(container);
	return nsinit_end(ret, &err);
}
