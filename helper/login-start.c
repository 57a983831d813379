/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login-start start|replace|check CONF USER: a login program runs this to start
 * a user's container, or only to check whether it would start; see
 * lib/session/helper.c.  The answer is a struct nsc_error on a descriptor.
 *
 * Runs as root of the host, and inherits only the two descriptors from the
 * login program.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/paths.h"
#include "api/api.h"

_Static_assert(sizeof(struct nsc_error) == sizeof(struct nscontainer_error),
	       "pam_container and its helper agree");

static int check(const struct nscontainer *container,
		 struct nscontainer_error *err)
{
	struct nscontainer_record *record = NULL;
	int ret = nscontainer_check(container, &record, err);

	nscontainer_record_free(record);
	return ret;
}

static int run(char **argv, struct nscontainer_error *err)
{
	struct nscontainer *container = NULL;
	int ret = nscontainer_open_user(argv[3], argv[2], &container, err);

	if (ret == 0)
		ret = !strcmp(argv[1], "check") ? check(container, err) :
		      nsc_api_start_for_login(container,
					      !strcmp(argv[1], "replace"), err);
	nscontainer_close(container);
	return ret;
}

int main(int argc, char **argv)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nsc_error report;
	int ret;

	if (argc != 4 || fcntl(NSC_HELPER_LOCK, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(NSC_HELPER_REPORT, F_SETFD, FD_CLOEXEC) < 0) {
		fputs("login-start: is run by pam_container(8)\n", stderr);
		return 2;
	}
	umask(022);
	ret = run(argv, &err);
	/* The reader may have ended. */
	signal(SIGPIPE, SIG_IGN);
	memcpy(&report, &err, sizeof(report));
	nsc_error_send(NSC_HELPER_REPORT, &report);
	return ret < 0 ? 1 : 0;
}
