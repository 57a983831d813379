/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit try: a trial login, step by step. */
#include <stdio.h>

#include "nsinit.h"
#include "doctor/commands.h"

static void print_steps(const struct nscontainer_record *step)
{
	printf("%-16s %-8s %9s  %s\n", "STEP", "RESULT", "MS", "");
	for (; step; step = nscontainer_record_next(step))
		printf("%-16s %-8s %9s  %s\n",
		       nscontainer_record_text(step, "step"),
		       nscontainer_record_text(step, "result"),
		       nscontainer_record_text(step, "ms"),
		       nscontainer_record_text(step, "text"));
}

int nsinit_try(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *steps = NULL;
	struct nscontainer *container = NULL;
	int ret = nsinit_open(options, &container, &err);

	if (ret == 0)
		ret = nsc_try_run(container, options->service, &steps, &err);
	if (options->json)
		nsinit_print_list(steps);
	else if (steps)
		print_steps(steps);
	fflush(stdout);
	nscontainer_record_free(steps);
	nscontainer_close(container);
	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}
