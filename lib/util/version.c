/* SPDX-License-Identifier: Apache-2.0 */
#include "version.h"

#include <string.h>
#include <unistd.h>

#include "config.h"

bool nsc_version_print(int argc, char **argv, const char *program)
{
	static const char version[] = " " PACKAGE_VERSION "\n";

	if (argc != 2 || (strcmp(argv[1], "-V") != 0 &&
			  strcmp(argv[1], "--version") != 0))
		return false;
	/* Not by stdio, which would be most of container-init. */
	(void)!write(STDOUT_FILENO, program, strlen(program));
	(void)!write(STDOUT_FILENO, version, strlen(version));
	return true;
}
