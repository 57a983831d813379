/*
 * nsshell's inside: mounted in the container in the place of the user's login
 * shell.  Static, so that it runs in any rootfs.
 *
 * Runs as the user, in the container, without privileges; execs the shell that
 * the link of the container's mark leads to.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../shell/arguments.h"
#include "container/paths.h"

int main(int argc, char **argv)
{
	char shell[PATH_MAX];
	ssize_t n = readlink(NSC_MARK_SHELL, shell, sizeof(shell) - 1);
	char **args;

	if (n <= 0) {
		fputs("nsshell: this container does not say which shell to "
		      "run: " NSC_MARK_SHELL " is missing\n", stderr);
		return 126;
	}
	shell[n] = '\0';
	args = nsc_shell_arguments(argc, argv, shell, true);
	if (!args || setenv("SHELL", shell, 1) < 0) {
		fputs("nsshell: out of memory\n", stderr);
		return 126;
	}
	execv(shell, args);
	fprintf(stderr, "nsshell: the container has no shell '%s': ", shell);
	perror(NULL);
	return 127;
}
