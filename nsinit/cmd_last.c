/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit last: list past sessions, the newest first. */
#include <stdio.h>
#include <string.h>

#include "nsinit.h"

static const char *end_text(const struct nscontainer_record *r, char text[32])
{
	const char *state = nscontainer_record_text(r, "state");
	int64_t signal;

	if (strcmp(state, "closed") != 0)
		return state;
	if (nscontainer_record_int64(r, "signal", &signal) < 0)
		return nscontainer_record_text(r, "exit");
	snprintf(text, 32, "signal %d", (int)signal);
	return text;
}

static void cmd_last_print_row(const struct nscontainer_record *r)
{
	char opened[32], duration[32], end[32];

	printf("%-16s %8s  %-12s %-16s %-8s  %-19s %12s  %s\n",
	       nscontainer_record_text(r, "user"),
	       nscontainer_record_text(r, "pid"), nsinit_value(r, "service"),
	       nsinit_value(r, "rhost"), nsinit_value(r, "tty"),
	       nsinit_time(r, "opened", opened),
	       nsinit_duration(r, "duration", duration), end_text(r, end));
}

static void cmd_last_print_rows(const struct nscontainer_record *r)
{
	printf("%-16s %8s  %-12s %-16s %-8s  %-19s %12s  %s\n", "USER", "PID",
	       "SERVICE", "FROM", "TTY", "OPENED", "DURATION", "EXIT");
	for (; r; r = nscontainer_record_next(r))
		cmd_last_print_row(r);
}

int nsinit_last(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *list = NULL;
	struct nscontainer *container = NULL;
	int ret = options->n_arguments ?
			  nsinit_open(options, &container, &err) : 0;

	if (ret == 0)
		ret = nscontainer_history(container, &list, &err);
	nscontainer_close(container);
	if (ret < 0)
		return nsinit_fail(&err, NSINIT_FAILED);
	if (options->json)
		nsinit_print_list(list);
	else
		cmd_last_print_rows(list);
	ret = nsinit_noted(options->arguments[0], list, NSINIT_OK);
	nscontainer_record_free(list);
	return ret;
}
