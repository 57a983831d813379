/* SPDX-License-Identifier: Apache-2.0 */
/* The start of name-resolver: its descriptors, and a file of names. */
#ifndef NSC_UTIL_NAMES_H
#define NSC_UTIL_NAMES_H

#include <sys/types.h>

/* Descriptors from 3 on. */
enum {
	NSC_NAMES_FILE = 3,	/* see below */
	NSC_NAMES_NET,		/* the container's network namespace */
	NSC_NAMES_PID1,		/* pidfd */
	NSC_NAMES_REPORT,	/* takes a zeroed nsc_error: it answers */
};

/*
 * Start it, for the container of this instance.  *report, unless NULL, becomes
 * where to receive its error or success.  Runs in: the builder, and
 * container-monitor when it has ended.  Returns its pid or a negative errno.
 */
pid_t nsc_names_start(int instance, int net, int pid1, int *report);

/* Which process answers for the names of this instance?  0: none. */
pid_t nsc_names_holder(int instance);

/*
 * In the instance: lines "server ADDRESS", "name SET NAME" and the last line,
 * without which the file is not complete.  SET is a number in hexadecimal
 * digits, of which the names of two sets are made.  The file is root's, and its
 * group is that of the user: name-resolver's.  name-resolver has a lock on it,
 * F_RDLCK of fcntl(2).
 */
#define NSC_FILE_NAMES "names"
#define NSC_NAMES_END "\nend\n"
#define NSC_NAMES_MAX 131072

/* An address of the container's loopback. */
#define NSC_NAMES_ADDRESS "127.0.1.53"

#define NSC_NAMES_TABLE "nscontainer"
#define NSC_NAMES_SET "names%c_%08x"

#endif
