/* What nsshell's arguments mean for the shell that it runs. */
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

#endif
