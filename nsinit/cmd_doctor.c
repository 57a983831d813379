/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit doctor: find holes in the host's setup, and refused users. */
#include <stdio.h>
#include <string.h>

#include "nsinit.h"
#include "doctor/commands.h"

#define UNREADABLE 2		/* exit status: some checks were impossible */

/* The reader must know the limits of a clean result. */
static const char not_looked_at[] =
	"Not looked at: what sudoers and polkit allow, Match blocks of sshd "
	"for addresses,\nan sshd started with other options, services that do "
	"not use PAM (web, mail,\ndatabases, timers of a service manager), "
	"and what root does.\n";

static bool is_hole(const struct nscontainer_record *finding)
{
	return !strcmp(nscontainer_record_text(finding, "severity"), "hole");
}

void nsinit_print_finding(const struct nscontainer_record *finding)
{
	const char *file = nscontainer_record_text(finding, "file");
	const char *users = nscontainer_record_text(finding, "users");
	int64_t line = 0;

	printf("%s %s", nscontainer_record_text(finding, "severity"),
	       nscontainer_record_text(finding, "check"));
	nscontainer_record_int64(finding, "line", &line);
	if (strcmp(file, "-") != 0)
		printf(" %s", file);
	if (line)
		printf(":%d", (int)line);
	printf("\n    %s\n    remedy: %s\n",
	       nscontainer_record_text(finding, "text"),
	       nscontainer_record_text(finding, "remedy"));
	if (*users)
		printf("    users: %s\n", users);
}

int nsinit_doctor(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *list = NULL;
	int ret = nsc_doctor_run(options->conf, (const char *const *)
				 options->arguments, &list, &err);
	int status = ret < 0 ? UNREADABLE : NSINIT_OK;

	for (const struct nscontainer_record *f = list; f;
	     f = nscontainer_record_next(f)) {
		if (is_hole(f) && status == NSINIT_OK)
			status = NSINIT_FAILED;
		if (!options->json)
			nsinit_print_finding(f);
	}
	if (options->json)
		nsinit_print_list(list);
	else
		fputs(not_looked_at, stdout);
	fflush(stdout);
	nscontainer_record_free(list);
	if (ret < 0)
		nsinit_fail(&err, UNREADABLE);
	return status;
}
