/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of nsshell, and its work inside a container. */
#ifndef NSC_SHELL_ARGUMENTS_H
#define NSC_SHELL_ARGUMENTS_H

#include <stdbool.h>

/*
 * Make the arguments for shell, in new memory that shares the strings of argv
 * and has one new string; NULL without memory.  "-nsshell", or "-l" or
 * "--login" as the first argument, requests a login shell ("-bash"), if
 * may_login allows it; all other arguments are passed on unchanged. argc may be
 * 0.
 */
char **nsc_shell_arguments(int argc, char **argv, const char *shell,
			   bool may_login);

#define NSC_SHELL_REFUSED 126	/* exit status for the container */
#define NSC_SHELL_NOT_FOUND 127	/* exit status for the shell */

/*
 * Inside a container there is nothing to join: exec the shell to which the link
 * in the container's mark leads.  A container of another engine has no mark:
 * use the shell of the user in its /etc/passwd, else /bin/bash, else /bin/sh.
 * Returns an exit status only on failure.
 */
int nsc_shell_inside(int argc, char **argv);

#endif
