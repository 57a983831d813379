/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fork(2) and execve(2) pass on, so that whoever calls su would choose it
 * for a container that others join: set to what a process of the host's own
 * has, whatever it was.
 */
#ifndef NSC_CONTAINER_SURROUNDINGS_H
#define NSC_CONTAINER_SURROUNDINGS_H

#include "util/error.h"

/*
 * For a child that starts a container, before it takes a lock that others wait
 * for: a session of its own (setsid(2)), personality, scheduling, timer slack,
 * I/O priority, memory policy, limits, keyring, capabilities that exec passes
 * on, and what else of prctl(2) lasts; the namespaces of the host's PID 1, and
 * the control groups at the root.  What can only be known from the host is as
 * its PID 1 has it.
 * Three things stay, since the kernel has no way back: MDWE (prctl(2)), as
 * nothing of ours maps memory to write and to execute; the login id of audit,
 * which says who began it; and who gets our children when we end, which may be
 * a subreaper of the caller's.
 */
int nsc_surroundings_reset(struct nsc_error *err);

#endif
