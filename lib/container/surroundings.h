/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reset the process attributes that fork(2) and execve(2) pass on to those of
 * an ordinary process of the host.  Otherwise a caller of su would choose them
 * for a container that others join.
 */
#ifndef NSC_CONTAINER_SURROUNDINGS_H
#define NSC_CONTAINER_SURROUNDINGS_H

#include "util/error.h"

/*
 * For a child that starts a container, before it takes a lock that others wait
 * for.  Sets a new session (setsid(2)), personality, scheduling, timer slack,
 * I/O priority, memory policy, limits, keyring, inherited capabilities and the
 * other lasting attributes of prctl(2), the namespaces of the host's PID 1, and
 * the root control groups.  Values that depend on the host are copied from its
 * PID 1.
 * The kernel cannot reset three attributes: MDWE (prctl(2)), which is harmless
 * because none of our programs maps memory writable and executable; the login
 * uid of audit, which names the user who caused the start; and the reaper of
 * our children after our end, which may be a subreaper of the caller.
 */
int nsc_surroundings_reset(struct nsc_error *err);

#endif
