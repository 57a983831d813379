/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit list: list the running containers. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "nsinit.h"

#define ROW "%-16s %8s  %-19s  %8s  %10s  %-8s  %s%s\n"

static void cmd_list_print_row(const struct nscontainer_record *record)
{
	/* Another engine's container has a pid file instead of a rootfs. */
	const char *rootfs = nscontainer_record_text(record, "rootfs");
	bool external = !strcmp(rootfs, "-"), draining = false, ending = false;
	char since[32];

	nscontainer_record_bool(record, "draining", &draining);
	nscontainer_record_bool(record, "ending", &ending);

	printf(ROW, nscontainer_record_text(record, "user"),
	       nscontainer_record_text(record, "pid"),
	       nsinit_time(record, "since", since),
	       nscontainer_record_text(record, "sessions"),
	       nscontainer_record_text(record, "generation"),
	       ending ? "ending" :
	       draining ? "draining" : nscontainer_record_text(record, "stale"),
	       external ? "pidfile " : "", external ?
	       nscontainer_record_text(record, "external") : rootfs);
}

static void cmd_list_print_rows(const struct nscontainer_record *record,
				bool why)
{
	printf(ROW, "USER", "PID", "SINCE", "SESSIONS", "GENERATION", "STALE",
	       "ROOTFS", "");
	for (; record; record = nscontainer_record_next(record)) {
		const char *text = nscontainer_record_text(record, "why");

		cmd_list_print_row(record);
		if (why && strcmp(text, "-") != 0)
			printf("    %s\n", text);
	}
}

static int find_one(const struct nsinit_options *options,
		    struct nscontainer_record **ret,
		    struct nscontainer_error *err)
{
	struct nscontainer *container = NULL;
	int error = nsinit_open(options, &container, err);

	if (error == 0)
		error = nscontainer_find(container, ret, err);
	nscontainer_close(container);
	return error;
}

int nsinit_list(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *list = NULL;
	int ret = options->n_arguments ? find_one(options, &list, &err) :
					 nscontainer_list(&list, &err);

	if (options->json)
		nsinit_print_list(list);
	else
		cmd_list_print_rows(list, options->why);
	nscontainer_record_free(list);
	if (ret == -ESRCH)
		return NSINIT_NOT_RUNNING;
	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}
