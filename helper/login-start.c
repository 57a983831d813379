/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login-start open|check CONF USER: a login program runs this to get a session
 * in a user's container, which may have to be started first, or only to check
 * whether it would start; see lib/session/helper.h.
 *
 * login-start renew CONF USER: a monitor of any version runs this, to have a
 * container that programs of this version can join (lib/monitor/renewal.c).
 *
 * Runs as root of the host, and inherits only a socket for the answer from the
 * login program, which a user may have stopped.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "util/fd.h"
#include "util/paths.h"
#include "util/version.h"
#include "api/api.h"

static const char *const words[] = {
	[NSC_API_OPEN] = "open",
	[NSC_API_RENEW] = "renew",
	[NSC_API_CHECK] = "check",
};

int main(int argc, char **argv)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container = NULL;
	unsigned int work = 0;
	int ret;

	if (nsc_version_print(argc, argv, "login-start"))
		return 0;
	while (argc == 4 && work < NSC_ARRAY_SIZE(words) &&
	       strcmp(argv[1], words[work]) != 0)
		work++;
	if (argc != 4 || work == NSC_ARRAY_SIZE(words) ||
	    fcntl(NSC_HELPER_SOCKET, F_SETFD, FD_CLOEXEC) < 0) {
		fputs("login-start: is run by pam_container(8)\n", stderr);
		return 2;
	}
	umask(022);
	ret = nscontainer_open_user(argv[3], argv[2], &container, &err);
	if (ret == 0)
		ret = nsc_api_serve_login(container, work, &err);
	if (ret < 0 && work == NSC_API_RENEW)
		syslog(LOG_AUTHPRIV | LOG_ERR, "nscontainer: only programs of "
		       "another version can join the container of '%s', and "
		       "no new one starts: %s", argv[3], err.text);
	nscontainer_close(container);
	if (ret < 0 || work != NSC_API_OPEN)
		nsc_api_answer_login(&err);
	return ret < 0 ? 1 : 0;
}
