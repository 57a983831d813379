/*
 * What the host knows of a session, for its container's monitor: a file in the
 * run directory, session/PID, with lines "key value".  PID is the login
 * process, as the host sees it.  Text is escaped by nsc_text_escape.
 *
 *     start N              start time of that process, clock ticks since boot
 *     user, service, rhost, tty, ruser TEXT
 *     opened N             seconds since the epoch
 *     generation N         of the container
 *     loginuid, audit_session N    4294967295: none
 *
 * The monitor removes it when the process has ended.
 */
#ifndef NSC_SESSION_SESSION_FILE_WRITE_H
#define NSC_SESSION_SESSION_FILE_WRITE_H

#include "util/error.h"
#include "session/session.h"

/* For the calling process, root of the host. */
int nsc_note_write(const struct nsc_session *session,
		   const struct nsc_session_info *info, struct nsc_error *err);

/* When it became none after all. */
void nsc_note_remove(const struct nsc_session *session);

#endif
