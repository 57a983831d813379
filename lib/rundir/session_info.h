/* SPDX-License-Identifier: Apache-2.0 */
/* A session, as container-monitor knows it. */
#ifndef NSC_RUNDIR_SESSION_INFO_H
#define NSC_RUNDIR_SESSION_INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SESSION_NSSHELL "nsshell"	/* service of a nsshell */
#define SESSION_NO_ID UINT32_MAX	/* loginuid, audit_session: none */

struct session {
	pid_t pid;		/* the login process, as the host sees it */
	int pidfd;
	uint64_t start;		/* of that process, clock ticks since boot */
	int64_t opened;		/* seconds since the epoch */
	/* Texts are escaped; "": not known. */
	char service[64];
	char rhost[256];
	char tty[64];
	char ruser[64];
	uint32_t loginuid;
	uint32_t audit_session;
	unsigned int generation;
	char user[65];
	bool by_user;		/* a nsshell, without privileges */
	bool entered;		/* it has connected, to this monitor */
	bool unrecorded;	/* its opening is still to be recorded */
	int recorded;		/* end-of-file: its opening is recorded; -1 */

	/* idle.c: times as now_ms() has them. */
	int64_t look;		/* when it is to be looked at again */
	int64_t looked;		/* 0: not yet */
	int64_t active;		/* when it was seen to be busy */
	int64_t input;		/* see terminals.h */
	uint64_t cpu;		/* microseconds by then */
	bool warned;
};

#endif
