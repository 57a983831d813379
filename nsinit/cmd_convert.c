/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit convert: other forms of a configuration to container.json. */
#include <stdio.h>
#include <stdlib.h>

#include "nsinit.h"
#include "doctor/commands.h"

int nsinit_convert(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nsc_conversion result = { NULL, NULL };
	int ret = nsc_convert_run(options->arguments[0], options->oci,
				  &result, &err);

	if (result.notes)
		fputs(result.notes, stderr);
	if (result.json)
		puts(result.json);
	fflush(stdout);
	free(result.json);
	free(result.notes);
	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}
