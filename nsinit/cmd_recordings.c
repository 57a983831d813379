/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit recordings, play and search. */
#include <stdio.h>

#include "nsinit.h"
#include "doctor/recording_commands.h"

static void recordings_print_row(const struct nscontainer_record *r)
{
	char from[32], to[32];

	printf("%-27s  %-16s %-10s %-19s  %-19s %10s %4s  %s\n",
	       nscontainer_record_text(r, "id"),
	       nscontainer_record_text(r, "user"), nsinit_value(r, "service"),
	       nsinit_time(r, "from", from), nsinit_time(r, "to", to),
	       nscontainer_record_text(r, "size"),
	       nscontainer_record_text(r, "gaps"),
	       nscontainer_record_text(r, "chain"));
}

static void recordings_print(const struct nscontainer_record *r, bool json)
{
	if (json) {
		nsinit_print_list(r);
		return;
	}
	printf("%-27s  %-16s %-10s %-19s  %-19s %10s %4s  %s\n", "ID", "USER",
	       "SERVICE", "FROM", "TO", "SIZE", "GAPS", "CHAIN");
	for (; r; r = nscontainer_record_next(r))
		recordings_print_row(r);
}

int nsinit_recordings(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *list = NULL;
	bool wrong = false;
	int ret;

	if (options->expire) {
		ret = nsc_recordings_expire(options->conf, &err);
		return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
	}
	ret = nsc_recordings_list(options->arguments[0], options->verify,
				  &list, &wrong, &err);
	if (ret == 0 || list)
		recordings_print(list, options->json);
	if (ret < 0)
		ret = nsinit_fail(&err, NSINIT_FAILED);
	else
		ret = nsinit_noted(options->arguments[0], list,
				   wrong ? NSINIT_FAILED : NSINIT_OK);
	nscontainer_record_free(list);
	return ret;
}

int nsinit_play(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	const struct nsc_play play = {
		.follow = options->follow, .text = options->text,
		.speed = options->speed, .idle = options->idle,
	};
	int ret = nsc_recordings_play(options->arguments[0], &play, &err);

	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}

static bool is_recorded(const char *user)
{
	struct nscontainer_record *list = NULL;
	bool wrong = false, ret;

	(void)!nsc_recordings_list(user, false, &list, &wrong, NULL);
	ret = list;
	nscontainer_record_free(list);
	return ret;
}

/* As grep(1): 1 if there is none. */
int nsinit_search(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	int ret = nsc_recordings_search(options->arguments[0],
					options->arguments[1], &err);

	if (ret < 0)
		return nsinit_fail(&err, NSINIT_USAGE);
	if (ret)
		return NSINIT_OK;
	return nsinit_noted(options->arguments[1],
			    is_recorded(options->arguments[1]), NSINIT_FAILED);
}
