/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session: what its file says, for whoever reads or writes one, and what
 * container-monitor has besides.
 */
#ifndef NSC_RUNDIR_SESSION_INFO_H
#define NSC_RUNDIR_SESSION_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/text.h"

#define SESSION_NSSHELL "nsshell"	/* service name of nsshell */
#define SESSION_NO_ID UINT32_MAX	/* no loginuid or audit_session */

struct session {
	/* The file, see session_file.h: the login fills it, or the monitor. */
	pid_t pid;		/* the login process, as the host sees it */
	uint64_t start;		/* of that process, clock ticks since boot */
	int64_t opened;		/* seconds since the epoch */
	unsigned int generation;
	char user[NSC_NAME_MAX + 1];	/* not escaped */
	/* Texts are escaped; "": unknown. */
	char service[64];
	char rhost[256];
	char tty[64];
	char ruser[64];
	uint32_t loginuid;
	uint32_t audit_session;
	uint64_t began;		/* nsc_process_now_us() of the login; or 0 */
	bool by_user;		/* opened by nsshell, without privileges */

	int pidfd;		/* for who watches or signals pid; or -1 */

	/* The rest is the monitor's; elsewhere it has no value. */
	int anchor;		/* see monitor/anchor.h; or -1 */
	int commands;		/* see monitor/sshd_commands.h; or -1 */
	int command;		/* pidfd of the last one; or -1 */
	bool entered;		/* it has connected to this monitor */
	bool unrecorded;	/* its opening must still be recorded */
	bool lastlogged;	/* see session_log_lastlog() */
	uid_t uid;		/* of the container's user */
	int recorded;		/* end-of-file: opening is recorded; or -1 */
	uint64_t join_us;	/* until it had entered; or UINT64_MAX */
	uint64_t oom_kills;	/* that were told, see monitor/oom.h */

	/* For idle.c, in the units of nsc_process_now(). */
	int64_t look;		/* time of the next check */
	int64_t looked;		/* time of the last check; 0: none */
	int64_t active;		/* when it was last seen busy */
	int64_t input;		/* see terminals.h */
	uint64_t cpu;		/* microseconds at the last check */
	bool warned;
};

#endif
