/* SPDX-License-Identifier: Apache-2.0 */
/* The start of name-resolver: its descriptors, and a file of names. */
#ifndef NSC_UTIL_NAMES_H
#define NSC_UTIL_NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Descriptors from 3 on. */
enum {
	NSC_NAMES_FILE = 3,	/* see below */
	NSC_NAMES_NET,		/* the container's network namespace */
	NSC_NAMES_PID1,		/* pidfd */
	NSC_NAMES_REPORT,	/* takes a zeroed nsc_error: it answers */
	NSC_NAMES_ASKED,	/* see below */
	NSC_NAMES_WAKE,		/* FIFO to container-monitor */
};

/*
 * Start it, for the container of this instance.  *report, unless NULL, becomes
 * where to receive its error or success.  Runs in: the builder, and
 * container-monitor when it has ended.  Returns its pid or a negative errno.
 */
pid_t nsc_names_start(int instance, int net, int pid1, int *report);

/* Does the text, or the file of this instance, have a line that begins so? */
bool nsc_names_line(const char *text, const char *line);
bool nsc_names_has(int instance, const char *line);

/* Which process answers for the names of this instance?  0: none. */
pid_t nsc_names_holder(int instance);

/*
 * In the instance of a container with lists: lines "server ADDRESS", if a
 * name-resolver answers, "name SET NAME", those below, and the last line,
 * without which the file is not complete.  SET is a number in hexadecimal
 * digits, of which the names of two sets are made.  The file is root's, and its
 * group is that of the user: name-resolver's.  name-resolver has a lock on it,
 * F_RDLCK of fcntl(2).
 */
#define NSC_FILE_NAMES "names"
#define NSC_NAMES_OPEN "open\n"	/* other names resolve as well */
#define NSC_NAMES_LOG "log\n"	/* what is refused */
#define NSC_NAMES_END "\nend\n"
#define NSC_NAMES_MAX 131072

/* An address of the container's loopback. */
#define NSC_NAMES_ADDRESS "127.0.1.53"

/*
 * In the instance: the names that were asked for, for people.  A process of the
 * user's writes it: nothing in it is trusted.  The first entry, without a name,
 * counts those for which there is no room, since each other one was asked for
 * within the last hour.  Into the FIFO goes a byte for a refused name, once a
 * minute.
 */
#define NSC_FILE_ASKED "asked"
#define NSC_FILE_ASKED_WAKE "asked_wake"
#define NSC_NAMES_ASKED_MAX 512
#define NSC_NAMES_ASKED_SECONDS 3600

struct nsc_names_asked {
	int64_t last;		/* seconds since the epoch */
	uint64_t allowed;	/* questions */
	uint64_t refused;
	char name[256];
};

/*
 * Read it in new memory of NSC_NAMES_ASKED_MAX entries; each name is ended, and
 * has only characters of a host's name.  NULL: there is none.
 */
struct nsc_names_asked *nsc_names_asked_read(int instance);

/* Open the FIFO, of which each holder may be the first one, or -errno. */
int nsc_names_wake_open(int instance);

#define NSC_NAMES_TABLE "nscontainer"
#define NSC_NAMES_SET "names%c_%08x"

#endif
