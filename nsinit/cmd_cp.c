/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit cp: copy files into a user's container, or out of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "nsinit.h"

/* The path of "USER:PATH"; NULL if it is a path of the host. */
static const char *path_inside(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon && colon != text && !memchr(text, '/', (size_t)(colon -
		       text)) ? colon + 1 : NULL;
}

static int cmd_cp_run(const struct nsinit_options *options,
		      const char *container_path,
		      const struct nscontainer_copy_request *request)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	const char *operand = options->arguments[request->out ? 0 : 1];
	char *user = strndup(operand, (size_t)(container_path - operand) - 1);
	int ret = user ? nscontainer_open_user(user, options->conf, &container,
					       &err) : -ENOMEM;

	umask(options->mask);
	if (ret == 0)
		ret = nscontainer_copy(container, request, &err);
	nscontainer_close(container);
	free(user);
	return nsinit_end(ret, &err);
}

int nsinit_cp(const struct nsinit_options *options)
{
	const char *from = path_inside(options->arguments[0]);
	const char *to = path_inside(options->arguments[1]);
	const struct nscontainer_copy_request request = {
		.from = from ? from : options->arguments[0],
		.to = to ? *to ? to : "." : options->arguments[1],
		.user = options->user, .out = from,
	};

	if (!strcmp(options->arguments[0], "-") ||
	    !strcmp(options->arguments[1], "-")) {
		fputs("nsinit cp: '-' is not standard input or output: 'nsinit "
		      "exec USER -- tar' copies by a pipe; write ./- for a "
		      "file of that name\n", stderr);
		return NSINIT_USAGE;
	}
	if (!from == !to) {
		fputs("nsinit cp: one of the two paths is USER:PATH, in the "
		      "user's container; write a path of the host with a "
		      "colon as ./PATH\n", stderr);
		return NSINIT_USAGE;
	}
	return cmd_cp_run(options, from ? from : to, &request);
}
