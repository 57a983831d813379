/* SPDX-License-Identifier: Apache-2.0 */
/* Why the kernel killed a process of a container, in words for people. */
#ifndef NSC_CGROUP_CGROUP_DEATH_H
#define NSC_CGROUP_CGROUP_DEATH_H

#include <stdbool.h>

#include "cgroup/cgroup_stats.h"
#include "linux/rlimit.h"
#include "util/error.h"

#define NSC_DEATH_REASON 128

/*
 * The memory that ran out.  own: the container's limit was reached; otherwise a
 * group above it or the host has no memory left.
 */
void nsc_death_reason(bool own, uint64_t limit, char text[NSC_DEATH_REASON]);

/*
 * PID 1 of the container whose instance is rundir, which was only starting, has
 * ended with this status of nsc_process_wait().  If a signal has killed it,
 * *err names the limit that the signal came from; otherwise *err stays.
 * Returns -err->code.
 */
int nsc_death_explain(int rundir, const struct nsc_rlimits *limits, int status,
		      struct nsc_error *err);

#endif
