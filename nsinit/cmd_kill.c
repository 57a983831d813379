/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit kill: signal the processes of a user's container. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "nsinit.h"

/* A number up to max; -1: it is none. */
static int number_of(const char *text, int max)
{
	char *end;
	long number = strtol(text, &end, 10);

	return text[0] < '0' || text[0] > '9' || *end || number > max ?
		       -1 : (int)number;
}

/* RTMIN, RTMIN+3, RTMAX-3; 0: none. */
static int real_time_signal_of(const char *text)
{
	bool min = !strncasecmp(text, "RTMIN", 5);
	int offset = text[5] == (min ? '+' : '-') ?
			     number_of(text + 6, SIGRTMAX - SIGRTMIN) :
			     text[5] ? -1 : 0;

	return offset < 0 ? 0 : min ? SIGRTMIN + offset : SIGRTMAX - offset;
}

/* TERM, SIGTERM, term or 15; 0: none. */
static int signal_of(const char *text)
{
	int number = number_of(text, SIGRTMAX);

	if (number >= 0)
		return number;
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	if (!strncasecmp(text, "RTMIN", 5) || !strncasecmp(text, "RTMAX", 5))
		return real_time_signal_of(text);
	for (int i = 1; i < NSIG; i++) {
		const char *name = sigabbrev_np(i);

		if (name && !strcasecmp(name, text))
			return i;
	}
	return 0;
}

int nsinit_kill(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	int signal_number = signal_of(options->arguments[0]);
	struct nscontainer *container = NULL;
	int ret;

	if (!signal_number) {
		fprintf(stderr, "nsinit kill: '%s' is no signal: 'kill -l' "
			"lists them\n", options->arguments[0]);
		return NSINIT_USAGE;
	}
	ret = nscontainer_open_user(options->arguments[1], options->conf,
				    &container, &err);
	if (ret == 0)
		ret = nscontainer_signal(container, signal_number, &err);
	nscontainer_close(container);
	return nsinit_end(ret, &err);
}
