/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit kill: signal the processes of a user's container. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "nsinit.h"

/* TERM, SIGTERM, term or 15; 0: none. */
static int signal_of(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	if (text[0] >= '0' && text[0] <= '9')
		return *end || number > SIGRTMAX ? 0 : (int)number;
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
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
