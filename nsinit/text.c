/* How the commands show values. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "nsinit.h"

void nsinit_print_list(const struct nscontainer_record *record)
{
	putchar('[');
	while (record) {
		fputs(nscontainer_record_json(record), stdout);
		record = nscontainer_record_next(record);
		fputs(record ? ",\n" : "", stdout);
	}
	puts("]");
}

const char *nsinit_value(const struct nscontainer_record *record,
			 const char *key)
{
	const char *text = nscontainer_record_text(record, key);

	return text && *text ? text : "-";
}

const char *nsinit_time(const char *seconds, char text[32])
{
	time_t time = atoll(seconds);
	struct tm tm;

	if (!localtime_r(&time, &tm) ||
	    !strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm))
		return "-";
	return text;
}

const char *nsinit_duration(const char *seconds, char text[32])
{
	long long s = atoll(seconds), days = s / 86400;
	int n;

	if (seconds[0] == '-')
		return "-";
	n = days ? snprintf(text, 32, "%lld+", days) : 0;
	snprintf(text + n, 32 - (size_t)n, "%02d:%02d:%02d",
		 (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60));
	return text;
}
