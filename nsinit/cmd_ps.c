/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit ps: list the sessions of one or all containers. */
#include <stdio.h>
#include <string.h>

#include "nsinit.h"

static const char *size_text(const struct nscontainer_record *r,
			     char text[16])
{
	static const char units[] = "BKMGT";
	double value;
	int i = 0;

	if (nscontainer_record_double(r, "memory", &value) < 0)
		return "-";
	for (; value >= 1024 && units[i + 1]; i++)
		value /= 1024;
	snprintf(text, 16, i ? "%.1f%c" : "%.0f%c", value, units[i]);
	return text;
}

static const char *cpu_text(const struct nscontainer_record *r, char text[16])
{
	double us;

	if (nscontainer_record_double(r, "cpu_us", &us) < 0)
		return "-";
	snprintf(text, 16, "%.2fs", us / 1e6);
	return text;
}

static const char *of_device(const struct nscontainer_record *r,
			     unsigned int i, const char *member)
{
	char key[48];

	snprintf(key, sizeof(key), "devices[%u].%s", i, member);
	return nscontainer_record_text(r, key);
}

/* Lines of their own, since few sessions have any. */
static void cmd_ps_print_devices(const struct nscontainer_record *r)
{
	const char *path, *n;

	for (unsigned int i = 0; (path = of_device(r, i, "path")); i++) {
		n = of_device(r, i, "processes");
		printf("    %s (%s): process %s", path,
		       of_device(r, i, "device"), of_device(r, i, "pid"));
		if (strcmp(n, "1") != 0)
			printf(", %s in all", n);
		printf("\n");
	}
}

static void cmd_ps_print_row(const struct nscontainer_record *r)
{
	char opened[32], idle[32], memory[16], cpu[16];
	bool placed = true;

	(void)!nscontainer_record_bool(r, "placed", &placed);
	printf("%-16s %8s  %-12s %-16s %-8s  %-19s %10s %8s %9s  %s%s\n",
	       nscontainer_record_text(r, "user"),
	       nscontainer_record_text(r, "pid"), nsinit_value(r, "service"),
	       nsinit_value(r, "rhost"), nsinit_value(r, "tty"),
	       nsinit_time(r, "opened", opened),
	       nsinit_duration(r, "idle", idle), size_text(r, memory),
	       cpu_text(r, cpu),
	       nscontainer_record_text(r, "command"),
	       placed ? "" : " (not placed)");
}

static void cmd_ps_print_rows(const struct nscontainer_record *r)
{
	printf("%-16s %8s  %-12s %-16s %-8s  %-19s %10s %8s %9s  %s\n",
	       "USER", "PID", "SERVICE", "FROM", "TTY", "SINCE", "IDLE",
	       "MEMORY", "CPU", "COMMAND");
	for (; r; r = nscontainer_record_next(r)) {
		cmd_ps_print_row(r);
		cmd_ps_print_devices(r);
	}
}

int nsinit_ps(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *list = NULL;
	struct nscontainer *container = NULL;
	bool one = options->root || options->n_arguments;
	int ret = one ? nsinit_open(options, &container, &err) : 0;

	if (ret == 0)
		ret = nscontainer_sessions(container, &list, &err);
	nscontainer_close(container);
	if (options->json)
		nsinit_print_list(list);
	else
		cmd_ps_print_rows(list);
	nscontainer_record_free(list);
	return nsinit_end(ret, &err);
}
