/* SPDX-License-Identifier: Apache-2.0 */
/* Format values for the output of the commands. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nsinit.h"

const char *nsinit_json(const struct nscontainer_record *record)
{
	const char *json = nscontainer_record_json(record);

	if (!json)
		abort();
	return json;
}

void nsinit_print_list(const struct nscontainer_record *record)
{
	for (; record; record = nscontainer_record_next(record))
		puts(nsinit_json(record));
}

const char *nsinit_value(const struct nscontainer_record *record,
			 const char *key)
{
	const char *text = nscontainer_record_text(record, key);

	return text && *text ? text : "-";
}

const char *nsinit_time(const struct nscontainer_record *record,
			const char *key, char text[32])
{
	int64_t seconds;
	struct tm tm;

	if (nscontainer_record_int64(record, key, &seconds) < 0 ||
	    !localtime_r(&(time_t){ seconds }, &tm) ||
	    !strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm))
		return "-";
	return text;
}

const char *nsinit_duration(const struct nscontainer_record *record,
			    const char *key, char text[32])
{
	int64_t s;
	int n;

	if (nscontainer_record_int64(record, key, &s) < 0)
		return "-";
	n = s < 86400 ? 0 : snprintf(text, 32, "%" PRId64 "+", s / 86400);
	snprintf(text + n, 32 - (size_t)n, "%02d:%02d:%02d",
		 (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60));
	return text;
}
