/* SPDX-License-Identifier: Apache-2.0 */
/* idle_timeout: sessions in which nothing happens. */
#ifndef NSC_MONITOR_IDLE_H
#define NSC_MONITOR_IDLE_H

#include <stdint.h>

#include "monitor/hangup.h"
#include "monitor/session_table.h"

/* Before an end there is a warning: a minute, or half of what there is. */
int64_t idle_warning_ms(unsigned int timeout);

/* When a session is to be looked at, now_ms(); INT64_MAX: never. */
int64_t idle_due(const struct sessions *all, const struct nsc_state *state);

/* Look at those that are due; warn, and end them. */
void idle_go_on(struct sessions *all, struct hangups *hangups);

#endif
