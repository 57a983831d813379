/*
 * nsshell's inside: mounted in the container in the place of the user's login
 * shell.  Static, so that it runs in any rootfs.
 *
 * Runs as the user, in the container, without privileges; execs the shell that
 * nsc_shell_inside() finds.
 */
#include "../shell/arguments.h"

int main(int argc, char **argv)
{
	return nsc_shell_inside(argc, argv);
}
