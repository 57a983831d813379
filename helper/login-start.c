/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login-start open|check CONF USER: a login program runs this to get a session
 * in a user's container, which may have to be started first, or only to check
 * whether it would start; see lib/session/helper.h.
 *
 * Runs as root of the host, and inherits only a socket for the answer from the
 * login program, which a user may have stopped.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/paths.h"
#include "api/api.h"

int main(int argc, char **argv)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	bool opens = argc == 4 && !strcmp(argv[1], "open");
	int ret;

	if (argc != 4 || (!opens && strcmp(argv[1], "check") != 0) ||
	    fcntl(NSC_HELPER_SOCKET, F_SETFD, FD_CLOEXEC) < 0) {
		fputs("login-start: is run by pam_container(8)\n", stderr);
		return 2;
	}
	umask(022);
	ret = nscontainer_open_user(argv[3], argv[2], &container, &err);
	if (ret == 0)
		ret = nsc_api_serve_login(container, !opens, &err);
	nscontainer_close(container);
	if (ret < 0 || !opens)
		nsc_api_answer_login(&err);
	return ret < 0 ? 1 : 0;
}
