/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit net: what a container reached, and what its lists refused. */
#include <stdio.h>

#include "nsinit.h"

static void cmd_net_print_rows(const struct nscontainer_record *r)
{
	char last[32];

	printf("%-8s %-9s %6s %10s %14s  %-19s  %s\n", "ACTION", "PROTOCOL",
	       "PORT", "PACKETS", "BYTES", "LAST", "TO");
	for (; r; r = nscontainer_record_next(r))
		printf("%-8s %-9s %6s %10s %14s  %-19s  %s\n",
		       nscontainer_record_text(r, "action"),
		       nscontainer_record_text(r, "protocol"),
		       nscontainer_record_text(r, "port"),
		       nscontainer_record_text(r, "packets"),
		       nsinit_value(r, "bytes"), nsinit_time(r, "last", last),
		       nscontainer_record_text(r, "to"));
}

int nsinit_net(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *list = NULL;
	struct nscontainer *container = NULL;
	int ret = nsinit_open(options, &container, &err);

	if (ret == 0)
		ret = nscontainer_network(container, &list, &err);
	nscontainer_close(container);
	if (ret < 0)
		return nsinit_end(ret, &err);
	if (options->json)
		nsinit_print_list(list);
	else
		cmd_net_print_rows(list);
	nscontainer_record_free(list);
	return NSINIT_OK;
}
