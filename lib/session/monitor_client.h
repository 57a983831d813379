/* SPDX-License-Identifier: Apache-2.0 */
/* A login becomes a session of its container, in its control groups. */
#ifndef NSC_SESSION_MONITOR_CLIENT_H
#define NSC_SESSION_MONITOR_CLIENT_H

#include "util/error.h"
#include "session/session.h"

#define NSC_MONITOR_CLIENT_S 15	/* for the monitor, on a busy host */

/*
 * Ask the container's monitor to move the calling process into a control group
 * of its own below the container's, if it has groups; this limits later
 * children too.  Runs on the host: as root with the session's origin; as root
 * without origin, for a process that only tests the entry; or as the user, and
 * then the monitor determines the origin.
 *
 * Returns 0 or a negative errno.  -ESRCH: the container has ended meanwhile;
 * -EUSERS: the user has reached the maximum number of sessions, and the text is
 * for the user; every other failure means that the container cannot be
 * entered.  Waits for some seconds at most.
 */
int nsc_monitor_client_enter(const struct nsc_session *session,
			     const struct nsc_session_origin *origin,
			     struct nsc_error *err);

/*
 * Connect to this socket of the instance, which is a name of util/paths.h.
 * Returns a descriptor or a negative errno, as above.
 */
int nsc_monitor_client_connect(const struct nsc_session *session,
			       const char *name, struct nsc_error *err);

#endif
