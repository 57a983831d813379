/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes of the container that the kernel killed for want of memory: a line
 * in the session log, and one on the terminals of their sessions.
 */
#ifndef NSC_MONITOR_OOM_H
#define NSC_MONITOR_OOM_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/session_table.h"

struct oom {
	int fd;			/* tells of kills; -1: the kernel does not */
	short events;		/* for poll(2) */
	int64_t due;		/* time of the next look, or INT64_MAX */
	bool again;		/* the next look is the last one */
	uint64_t kills, hits;	/* at the last look */
};

/* Begin to watch; kills before this are not told. */
void oom_open(struct oom *oom, const struct sessions *all);

/* The descriptor to poll; -1 until the next look. */
int oom_fd(const struct oom *oom);

/* The descriptor has an event: look a moment later. */
void oom_notice(struct oom *oom);

/* The container, or a session, has ended: look before its counter goes. */
void oom_end(struct oom *oom, const struct sessions *all);

/* Look, if it is time. */
void oom_go_on(struct oom *oom, const struct sessions *all);

#endif
