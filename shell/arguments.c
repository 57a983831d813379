#include "arguments.h"

#include <stdlib.h>
#include <string.h>

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
