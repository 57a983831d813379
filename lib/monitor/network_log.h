/* SPDX-License-Identifier: Apache-2.0 */
/* What the lists of networks[] refused, in the session log. */
#ifndef NSC_MONITOR_NETWORK_LOG_H
#define NSC_MONITOR_NETWORK_LOG_H

#include <stdint.h>

#include "rundir/state.h"

struct network_log {
	int net;		/* the container's; -1: no lists */
	int packets;		/* readable after a refused packet, */
	int names;		/* or after a refused name */
	int64_t due;		/* of the next lines; INT64_MAX: none */
	int64_t next;		/* of those after them, at the earliest */
};

void network_log_open(struct network_log *log, const struct nsc_state *state);

/* One of the descriptors is readable. */
void network_log_notice(struct network_log *log);

/* Have a child write the lines if they are due. */
void network_log_go_on(struct network_log *log, const struct nsc_state *state);

/* PID 1 has ended: write what is left, and let go of the network. */
void network_log_end(struct network_log *log, const struct nsc_state *state);

#endif
