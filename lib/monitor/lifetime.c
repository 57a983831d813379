/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: container-monitor, as root of the host. */
#include "monitor/lifetime.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "linux/pidfd.h"
#include "monitor/idle.h"
#include "monitor/terminals.h"
#include "util/process.h"

void lifetime_warn(const struct lifetime *lifetime, int64_t now)
{
	char line[128];

	snprintf(line, sizeof(line), "\r\nThis container ends in %lld "
		 "seconds: it has reached its maximum lifetime.\r\n",
		 (long long)(lifetime->end - now + 999) / 1000);
	terminals_tell(NULL, line);
}

void lifetime_plan(struct lifetime *lifetime, const struct nsc_state *state)
{
	unsigned int seconds = state->lifecycle.max_lifetime;
	int64_t age = 0;
	struct timespec ts;
	uint64_t start;

	*lifetime = (struct lifetime){ INT64_MAX, INT64_MAX };
	/* A container of another engine is not ours to end. */
	if (!seconds || state->external)
		return;
	clock_gettime(CLOCK_BOOTTIME, &ts);
	if (nsc_pidfd_start_time(state->pid, &start) == 0)
		age = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 -
		      (int64_t)(start * 1000 /
				(uint64_t)sysconf(_SC_CLK_TCK));
	lifetime->end = nsc_process_now() + (int64_t)seconds * 1000 - age;
	lifetime->warning = lifetime->end - idle_warning_ms(seconds);
}
