/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit check: read what a login would read, and print the effect. */
#include "nsinit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/commands.h"

/* Name what nobody reads; true: somebody may be let out by a mistake. */
static bool name_unused(const char *conf)
{
	struct nscontainer_record *list = NULL;
	bool risk = false;

	nsc_check_unused(conf, &list);
	for (const struct nscontainer_record *f = list; f;
	     f = nscontainer_record_next(f)) {
		risk |= !strcmp(nscontainer_record_text(f, "severity"),
				"risk");
		fprintf(stderr, "nsinit: warning: %s: %s\n",
			nscontainer_record_text(f, "file"),
			nscontainer_record_text(f, "text"));
	}
	nscontainer_record_free(list);
	return risk;
}

static int check_all(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *list = NULL;
	bool refused = false, risk;
	int ret = nsc_check_all(options->conf, &list, &refused, &err);

	if (options->json)
		nsinit_print_list(list);
	for (const struct nscontainer_record *u = list; u && !options->json;
	     u = nscontainer_record_next(u))
		printf("%-16s %-8s %s\n", nscontainer_record_text(u, "user"),
		       nscontainer_record_text(u, "result"),
		       nscontainer_record_text(u, "text"));
	fflush(stdout);
	nscontainer_record_free(list);
	risk = name_unused(options->conf);
	if (ret < 0)
		return nsinit_fail(&err, NSINIT_FAILED);
	return refused || risk ? NSINIT_FAILED : NSINIT_OK;
}

/* Does the word also name a directory here with a container.json? */
static bool is_directory(const char *word)
{
	char path[512];

	return snprintf(path, sizeof(path), "%s/container.json", word) <
	       (int)sizeof(path) && access(path, F_OK) == 0;
}

int nsinit_check(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *record = NULL;
	struct nscontainer *container = NULL;
	struct nsinit_options named = *options;
	int ret;

	if (options->all)
		return check_all(options);
	/* No name of a user has a slash, or begins with a dot. */
	if (named.n_arguments && (strchr(named.arguments[0], '/') ||
				  named.arguments[0][0] == '.'))
		named.root = named.arguments[0];
	ret = nsinit_open(&named, &container, &err);
	if (ret == 0)
		ret = nscontainer_check(container, &record, &err);
	if (ret == 0)
		nsinit_print(record, options->json);
	fflush(stdout);
	if (!named.root)
		name_unused(options->conf);
	nscontainer_record_free(record);
	nscontainer_close(container);
	if (ret < 0 && !named.root && named.n_arguments &&
	    is_directory(named.arguments[0]))
		fprintf(stderr, "nsinit: a directory of that name has a "
			"container.json: 'nsinit check ./%s' checks it\n",
			named.arguments[0]);
	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}
