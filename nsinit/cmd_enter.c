/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit enter: a shell of the container's root, for the administrator. */
#include <stdio.h>
#include <unistd.h>

#include "nsinit.h"

static void print_banner(const char *user)
{
	fprintf(stderr,
		"You are root in the container of '%s', and not on the host. "
		"Whoever is root inside\ncan have replaced each program and "
		"file here, and sees what you type: no secrets\nof the host. "
		"'exit' leads back.\n", user);
}

int nsinit_enter(const struct nsinit_options *options)
{
	const struct nscontainer_exec_request request = {
		.user = "0", .cwd = "/", .flags = NSCONTAINER_EXEC_TTY,
	};

	if (!isatty(STDIN_FILENO)) {
		fputs("nsinit enter: standard input is no terminal: use "
		      "'nsinit exec --user root'\n", stderr);
		return NSINIT_USAGE;
	}
	return nsinit_exec_run(options, true, &request, print_banner);
}
