/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsshell, as the user; container-shell, inside. */
#include "arguments.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fd.h"
#include "util/paths.h"

char **nsc_shell_arguments(int argc, char **argv, const char *shell,
			   bool may_login)
{
	const char *slash = strrchr(shell, '/');
	const char *base = slash ? slash + 1 : shell;
	bool login = argc > 0 && argv[0][0] == '-';
	int first = 1, n = 0;
	char **ret = calloc((size_t)argc + 2, sizeof(*ret));
	char *name = malloc(strlen(base) + 2);

	if (!ret || !name) {
		free(ret);
		free(name);
		return NULL;
	}
	if (argc > 1 && (!strcmp(argv[1], "-l") ||
			 !strcmp(argv[1], "--login"))) {
		login = true;
		first = 2;
	}
	strcpy(name, login && may_login ? "-" : "");
	strcat(name, base);
	ret[n++] = name;
	for (int i = first; i < argc; i++)
		ret[n++] = argv[i];
	return ret;
}

/* Accept any program except this one. */
static bool is_shell(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && strcmp(name, "/nsshell") != 0 &&
	       strcmp(name, "/container-shell") != 0 && access(path, X_OK) == 0;
}

/* Without the name service: this program is static, in a foreign rootfs. */
static void find_shell(char shell[PATH_MAX])
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	strcpy(shell, access("/bin/bash", X_OK) == 0 ? "/bin/bash" :
						       "/bin/sh");
	while (file && (entry = fgetpwent(file))) {
		if (entry->pw_uid != getuid())
			continue;
		if (is_shell(entry->pw_shell))
			snprintf(shell, PATH_MAX, "%s", entry->pw_shell);
		break;
	}
	if (file)
		fclose(file);
}

int nsc_shell_inside(int argc, char **argv)
{
	char shell[PATH_MAX];
	ssize_t n = readlink(NSC_MARK_SHELL, shell, sizeof(shell) - 1);
	_cleanup_free_ char **args = NULL;

	if (n > 0)
		shell[n] = '\0';
	else
		find_shell(shell);
	args = nsc_shell_arguments(argc, argv, shell, true);
	if (!args || setenv("SHELL", shell, 1) < 0) {
		fputs("nsshell: out of memory\n", stderr);
		return NSC_SHELL_REFUSED;
	}
	execv(shell, args);
	fprintf(stderr, "nsshell: run the container's shell '%s': %s\n",
		shell, nsc_error_text(errno));
	return NSC_SHELL_NOT_FOUND;
}
