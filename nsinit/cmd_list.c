/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit list: list the running containers. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "nsinit.h"

#define ROW "%-16s %8s  %-19s  %8s  %10s  %-8s  %-15s  %s%s\n"
#define ADDRESSES 1024

static bool is_true(const struct nscontainer_record *record, const char *key)
{
	bool value = false;

	(void)!nscontainer_record_bool(record, key, &value);
	return value;
}

/* The addresses of all interfaces, or "-". */
static const char *addresses(const struct nscontainer_record *record,
			     char text[ADDRESSES])
{
	size_t len = 0;
	const char *key;

	strcpy(text, "-");
	for (unsigned int i = 0; (key = nscontainer_record_key(record, i));
	     i++) {
		const char *value = nscontainer_record_text(record, key);
		const char *name = strrchr(key, '.');

		if (!name || strcmp(name, ".addresses") != 0 || !*value ||
		    len + strlen(value) + 2 > ADDRESSES)
			continue;
		len += (size_t)sprintf(text + len, "%s%s", len ? " " : "",
				       value);
	}
	return text;
}

static const char *condition(const struct nscontainer_record *record)
{
	return is_true(record, "ending") ? "ending" :
	       is_true(record, "draining") ? "draining" :
	       nscontainer_record_text(record, "stale");
}

/* A line of its own, since few containers have any. */
static void print_devices(const struct nscontainer_record *record)
{
	const char *devices = nscontainer_record_text(record, "devices");
	const char *exclusive = nscontainer_record_text(record,
							"exclusive_devices");
	const char *nodes = nscontainer_record_text(record, "device_nodes");

	if (devices && *devices && strcmp(devices, "-") != 0)
		printf("    devices: %s%s%s\n", devices,
		       *exclusive ? ", exclusive: " : "", exclusive);
	if (nodes && *nodes && strcmp(nodes, "-") != 0)
		printf("    nodes: %s\n", nodes);
}

static void print_why(const struct nscontainer_record *record)
{
	const char *why = nscontainer_record_text(record, "why");

	if (is_true(record, "stale"))
		printf("    %s\n", why);
}

static void cmd_list_print_row(const struct nscontainer_record *record,
			       bool why)
{
	/* Another engine's container has a pid file instead of a rootfs. */
	const char *rootfs = nscontainer_record_text(record, "rootfs");
	const char *dir = nscontainer_record_text(record, "directory");
	bool external = !strcmp(rootfs, "-"), user = !strcmp(dir, "-");
	char since[32], text[ADDRESSES];

	printf(ROW, user ? nscontainer_record_text(record, "user") : dir,
	       nscontainer_record_text(record, "pid"),
	       nsinit_time(record, "since", since),
	       nscontainer_record_text(record, "sessions"),
	       nscontainer_record_text(record, "generation"),
	       condition(record), addresses(record, text),
	       external ? "pidfile " : "", external ?
	       nscontainer_record_text(record, "external") : rootfs);
	print_devices(record);
	if (why)
		print_why(record);
}

static void cmd_list_print_rows(const struct nscontainer_record *record,
				bool why)
{
	printf(ROW, "USER", "PID", "SINCE", "SESSIONS", "GENERATION", "STALE",
	       "ADDRESSES", "ROOTFS", "");
	for (; record; record = nscontainer_record_next(record))
		cmd_list_print_row(record, why);
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
	return nsinit_end(ret, &err);
}
