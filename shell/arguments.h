/* SPDX-License-Identifier: Apache-2.0 */
/* What nsshell's arguments mean, and what it does inside a container. */
#ifndef NSC_SHELL_ARGUMENTS_H
#define NSC_SHELL_ARGUMENTS_H

#include <stdbool.h>

/*
 * The arguments for shell, in new memory whose strings are those of argv and
 * one new one; NULL without memory.  "-nsshell", and "-l" or "--login" as the
 * first argument, ask for a login shell ("-bash"), which may_login allows;
 * all else is passed on unchanged.  argc may be 0.
 */
char **nsc_shell_arguments(int argc, char **argv, const char *shell,
			   bool may_login);

#define NSC_SHELL_REFUSED 126	/* exit status: the container */
#define NSC_SHELL_NOT_FOUND 127	/* exit status: the shell */

/*
 * In a container there is nothing to join: exec the shell that the link in
 * the container's mark leads to; in one of another engine's, which has none,
 * that of the user's entry in its /etc/passwd, else /bin/bash, else /bin/sh.
 * Returns an exit status on failure only.
 */
int nsc_shell_inside(int argc, char **argv);

#endif
