/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: name-resolver, the process without rights. */
#include "resolver-asked.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "util/names.h"
#include "util/process.h"

#define WAKE_MS 60000

void resolver_asked_begin(struct resolver_asked *a)
{
	const rlim_t most = sizeof(a->list);
	ssize_t n = pread(NSC_NAMES_ASKED, a->list, sizeof(a->list), 0);

	a->n = n < (ssize_t)sizeof(*a->list) ? 1 :
					       (size_t)n / sizeof(*a->list);
	/* One before it has written the file. */
	for (size_t i = 0; i < a->n; i++)
		a->list[i].name[sizeof(a->list[i].name) - 1] = '\0';
	/* The file can grow no more. */
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ most, most });
}

/* The entry of the name, a new one, the oldest one if that is old, or 0. */
static size_t find(struct resolver_asked *a, const char *name, time_t now)
{
	int64_t oldest = now - NSC_NAMES_ASKED_SECONDS;
	size_t found = 0;

	for (size_t i = 1; i < a->n; i++) {
		if (!strcmp(a->list[i].name, name))
			return i;
		if (a->list[i].last < oldest) {
			oldest = a->list[i].last;
			found = i;
		}
	}
	if (a->n < NSC_NAMES_ASKED_MAX)
		found = a->n++;
	if (found) {
		memset(&a->list[found], 0, sizeof(a->list[found]));
		a->told[found] = 0;
		strcpy(a->list[found].name, name);
	}
	return found;
}

void resolver_asked_note(struct resolver_asked *a, const char *name,
			 bool refused, bool wake)
{
	int64_t ms = nsc_process_now();
	time_t now = time(NULL);
	size_t i = find(a, name, now);
	struct nsc_names_asked *one = &a->list[i];

	one->last = now;
	if (refused)
		one->refused++;
	else
		one->allowed++;
	(void)!pwrite(NSC_NAMES_ASKED, one, sizeof(*one),
		      (off_t)(i * sizeof(*one)));
	if (!refused || !wake || (a->told[i] && ms - a->told[i] < WAKE_MS))
		return;
	a->told[i] = ms;
	(void)!write(NSC_NAMES_WAKE, "", 1);
}
