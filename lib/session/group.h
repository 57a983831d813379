/* A login's way into the control groups of its container. */
#ifndef NSC_SESSION_GROUP_H
#define NSC_SESSION_GROUP_H

#include "base/error.h"
#include "session/session.h"

/*
 * Have the container's monitor move the calling process into a group of its
 * own below the container's.  Runs on the host, as root or as the user; whoever
 * it is, what it starts afterwards is limited.  -ESRCH: the container ended
 * meanwhile; every other failure means that it cannot be entered.  Waits a few
 * seconds at the most.
 */
int nsc_group_enter(const struct nsc_session *session, struct nsc_error *err);

#endif
