/* SPDX-License-Identifier: Apache-2.0 */
/* What nsinit gives to name-resolver: its descriptors, and a file of names. */
#ifndef NSC_UTIL_NAMES_H
#define NSC_UTIL_NAMES_H

/* Descriptors from 3 on. */
enum {
	NSC_NAMES_SOCKET = 3,	/* UDP, where the container asks */
	NSC_NAMES_NETLINK,	/* for the container's network */
	NSC_NAMES_FILE,		/* see below */
	NSC_NAMES_PID1,		/* pidfd */
};

/*
 * In the instance: lines "server ADDRESS", "name SET NAME" and the last line,
 * without which the file is not complete.  SET is a number in hexadecimal
 * digits, of which the names of two sets are made.
 */
#define NSC_FILE_NAMES "names"
#define NSC_NAMES_END "\nend\n"
#define NSC_NAMES_MAX 131072

#define NSC_NAMES_TABLE "nscontainer"
#define NSC_NAMES_SET "names%c_%08x"

#endif
