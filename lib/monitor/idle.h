/* SPDX-License-Identifier: Apache-2.0 */
/* idle_timeout: ends sessions in which nothing happens. */
#ifndef NSC_MONITOR_IDLE_H
#define NSC_MONITOR_IDLE_H

#include <stdint.h>

#include "monitor/hangup.h"
#include "monitor/session_table.h"

/*
 * Time from the warning to the end: a minute, or half the timeout if that is
 * less.
 */
int64_t idle_warning_ms(unsigned int timeout);

/* When a session must be checked, nsc_process_now(); INT64_MAX: never. */
int64_t idle_due(const struct sessions *all, const struct nsc_state *state);

/* The timeout has changed: begin anew with each session. */
void idle_restart(struct sessions *all);

/* Check the sessions that are due; warn them, or end them. */
void idle_go_on(struct sessions *all, struct hangups *hangups);

#endif
