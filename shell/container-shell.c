/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of nsshell inside: mounted in the container over the user's login
 * shell.  Static, so that it runs in any rootfs.
 *
 * Runs as the user, in the container, without privileges, except the ambient
 * capabilities of container.json, which it passes on; execs the shell that
 * nsc_shell_inside() finds.
 */
#include <stdio.h>
#include <unistd.h>

#include "arguments.h"
#include "linux/capability.h"
#include "util/paths.h"
#include "util/version.h"

int main(int argc, char **argv)
{
	if (nsc_version_print(argc, argv, "container-shell"))
		return 0;
	/* If run on the host by mistake, it must not be a shell there. */
	if (access(NSC_MARK_DIR, F_OK) < 0 && access(NSC_RUNDIR, F_OK) == 0) {
		fputs("container-shell runs only inside a container: use "
		      "nsshell on the host\n", stderr);
		return NSC_SHELL_REFUSED;
	}
	nsc_capability_pass_on();
	return nsc_shell_inside(argc, argv);
}
