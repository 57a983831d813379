/* SPDX-License-Identifier: Apache-2.0 */
/* A login becomes a session of its container, in its control groups. */
#ifndef NSC_SESSION_MONITOR_CLIENT_H
#define NSC_SESSION_MONITOR_CLIENT_H

#include "util/error.h"
#include "session/session.h"

/*
 * Have the container's monitor move the calling process into a group of its
 * own below the container's, where it has groups: what it starts afterwards
 * is limited.  Runs on the host, as root with the session's info; as root
 * without, for a process that only tries the way; or as the user, for whom
 * the monitor finds out the rest.
 *
 * -ESRCH: the container ended meanwhile; -EUSERS: the user has as many
 * sessions as are allowed, the text is for the user; every other failure
 * means that it cannot be entered.  Waits some seconds at the most.
 */
int nsc_monitor_client_enter(const struct nsc_session *session,
			     const struct nsc_session_info *info,
			     struct nsc_error *err);

#endif
