/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: container-monitor, root of the host.  A process inside can have any
 * number of processes killed: there is one look, and one line, a second.
 */
#include "monitor/oom.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cgroup/cgroup_death.h"
#include "monitor/hangup.h"
#include "monitor/processes.h"
#include "monitor/session_cgroups.h"
#include "monitor/session_log.h"
#include "monitor/session_log_text.h"
#include "monitor/terminals.h"
#include "rundir/state.h"
#include "util/fd.h"
#include "util/process.h"

#define SOON_MS 50		/* v1 tells before the kernel kills */
#define AGAIN_MS 1000

static void oom_read(struct nsc_stats_oom *ret)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = session_cgroups_tree();

	*ret = (struct nsc_stats_oom){
		NSC_STATS_NONE, NSC_STATS_NONE, NSC_STATS_NONE,
	};
	if (tree)
		nsc_stats_read_oom(tree, NULL, ret);
}

void oom_open(struct oom *oom, const struct sessions *all)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = session_cgroups_tree();
	struct nsc_stats_oom now;

	*oom = (struct oom){ .fd = -1, .due = INT64_MAX };
	if (!tree)
		return;
	oom->fd = nsc_stats_watch_oom(tree, &oom->events);
	oom_read(&now);
	oom->kills = now.kills;
	oom->hits = now.hits;
	for (size_t i = 0; i < all->n; i++)
		all->list[i]->oom_kills =
			session_cgroups_usage(all->list[i]->pid).oom_kills;
}

int oom_fd(const struct oom *oom)
{
	return oom->due == INT64_MAX ? oom->fd : -1;
}

void oom_notice(struct oom *oom)
{
	oom->due = nsc_process_now() + SOON_MS;
	oom->again = false;
}

static void oom_record(const struct sessions *all, uint64_t kills,
		       const char *reason)
{
	char line[RECORD_MAX];
	size_t n = session_log_text_begin("oom", all->user, line);

	snprintf(line + n, sizeof(line) - n, " generation=%u kills=%" PRIu64
		 " reason=\"%s\"", all->state->generation, kills, reason);
	session_log_event(all->state->pid, line);
}

/* Tell on the terminals why a program is gone. */
static void oom_tell(const struct sessions *all, const char *reason)
{
	char line[160];

	snprintf(line, sizeof(line), "\r\nkilled: %s\r\n", reason);
	for (size_t i = 0; i < all->n; i++) {
		struct session *s = all->list[i];
		uint64_t kills = session_cgroups_usage(s->pid).oom_kills;
		struct processes found;

		if (kills == NSC_STATS_NONE || kills <= s->oom_kills)
			continue;
		s->oom_kills = kills;
		processes_load(&found, s->pid, all->hangups->pidns);
		terminals_tell(&found, line);
		processes_free(&found);
	}
}

/* In v1 the sum falls when the group of an ended session goes. */
static bool oom_look(struct oom *oom, const struct sessions *all)
{
	struct nsc_stats_oom now;
	uint64_t more;
	char reason[NSC_DEATH_REASON];

	nsc_stats_rearm_oom(oom->fd);
	oom_read(&now);
	more = now.kills - oom->kills;
	if (now.kills == NSC_STATS_NONE || now.kills <= oom->kills) {
		oom->kills = now.kills;
		return false;
	}
	nsc_death_reason(now.hits != oom->hits, now.limit, reason);
	oom->kills = now.kills;
	oom->hits = now.hits;
	oom_record(all, more, reason);
	oom_tell(all, reason);
	return true;
}

void oom_end(struct oom *oom, const struct sessions *all)
{
	if (oom->fd >= 0)
		oom_look(oom, all);
}

void oom_go_on(struct oom *oom, const struct sessions *all)
{
	bool found;

	if (nsc_process_now() < oom->due)
		return;
	found = oom_look(oom, all);
	oom->due = found || !oom->again ? nsc_process_now() + AGAIN_MS :
					  INT64_MAX;
	oom->again = !found;
}
