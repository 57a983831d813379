/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: see hooks.c. */
#include "container/hooks_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/fd.h"

static void put_string(FILE *out, const char *name, const char *text,
		       size_t len)
{
	fprintf(out, ",\"%s\":\"", name);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			fprintf(out, c == '"' || c == '\\' ? "\\%c" : "%c", c);
	}
	fputc('"', out);
}

int nsc_hooks_state(const struct nsc_hooks *hooks, char **ret)
{
	static const char *const status[NSC_HOOKS] = {
		"creating", "creating", "created", "running", "stopped",
	};
	const char *bundle = hooks->when == NSC_HOOK_CREATE_CONTAINER ?
				     NSC_RUNDIR : hooks->plan->bundle;
	const char *name = hooks->plan->user->name;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return -ENOMEM;
	fputs("{\"ociVersion\":\"" NSC_OCI_VERSION "\"", out);
	put_string(out, "id", name, strlen(name));
	put_string(out, "status", status[hooks->when],
		   strlen(status[hooks->when]));
	if (hooks->when != NSC_HOOK_STOP)
		fprintf(out, ",\"pid\":%d", (int)hooks->pid);
	put_string(out, "bundle", bundle, strlen(bundle));
	fputs(",\"annotations\":{}}\n", out);
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}
