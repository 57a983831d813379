/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session is checked four times in its timeout.  It was busy since the last
 * check if it had input, or if its group used the processor for more than a
 * thousandth of the time: a connection that is kept alive uses some.
 */
#include "monitor/idle.h"

#include <inttypes.h>
#include <stdio.h>

#include "monitor/session_cgroups.h"
#include "monitor/processes.h"
#include "monitor/terminals.h"
#include "util/process.h"

#define WARNING_MS 60000
#define LOOKS 4			/* in each timeout */
#define CPU_PART 1000		/* of the time; and at least ... */
#define CPU_LEAST_US 20000

int64_t idle_warning_ms(unsigned int timeout)
{
	int64_t half = (int64_t)timeout * 500;

	return half < WARNING_MS ? half : WARNING_MS;
}

static bool was_busy(struct session *s, const struct processes *found,
		     int64_t elapsed)
{
	int64_t input = terminals_input(s, found);
	struct nsc_usage usage = session_cgroups_usage(s->pid);
	uint64_t cpu = usage.cpu_us;
	uint64_t least = (uint64_t)elapsed * 1000 / CPU_PART;
	bool busy;

	if (cpu == UINT64_MAX)
		cpu = processes_cpu_us(found);
	if (least < CPU_LEAST_US)
		least = CPU_LEAST_US;
	busy = !s->looked || input != s->input || cpu > s->cpu + least;
	s->input = input;
	s->cpu = cpu;
	return busy;
}

static void idle_warn(const struct processes *found, int64_t left)
{
	char line[128];

	snprintf(line, sizeof(line), "\r\nThis session is idle and "
		 "ends in %" PRId64 " seconds.\r\n",
		 (left + 999) / 1000);
	terminals_tell(found, line);
}

static void plan(struct session *s, int64_t now, int64_t timeout,
		 int64_t warning)
{
	int64_t next = now + timeout / LOOKS;

	if (!s->warned && s->active + timeout - warning < next)
		next = s->active + timeout - warning;
	if (s->active + timeout < next)
		next = s->active + timeout;
	s->looked = now;
	s->look = next;
}

static void idle_look(struct session *s, struct hangups *hangups, int64_t now)
{
	unsigned int seconds = hangups->state->lifecycle.idle_timeout;
	int64_t timeout = (int64_t)seconds * 1000;
	int64_t warning = idle_warning_ms(seconds), left;
	struct processes found;

	processes_load(&found, s->pid, hangups->pidns);
	if (was_busy(s, &found, now - s->looked)) {
		s->active = now;
		s->warned = false;
	}
	left = s->active + timeout - now;
	if (left > 0 && left <= warning && !s->warned) {
		idle_warn(&found, left);
		s->warned = true;
	}
	processes_free(&found);
	if (left > 0) {
		plan(s, now, timeout, warning);
		return;
	}
	s->look = INT64_MAX;
	hangup_kill(hangups, s, false);
}

int64_t idle_due(const struct sessions *all, const struct nsc_state *state)
{
	int64_t due = INT64_MAX;

	if (!state->lifecycle.idle_timeout)
		return due;
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i]->look < due)
			due = all->list[i]->look;
	return due;
}

void idle_go_on(struct sessions *all, struct hangups *hangups)
{
	int64_t now = nsc_process_now();

	for (size_t i = 0; i < all->n; i++)
		if (hangups->state->lifecycle.idle_timeout &&
		    all->list[i]->look <= now)
			idle_look(all->list[i], hangups, now);
}

void idle_restart(struct sessions *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct session *s = all->list[i];

		s->active = s->look = nsc_process_now();
		s->looked = 0;
		s->warned = false;
	}
}
