/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket "record" of an instance: container-monitor starts one
 * container-recorder for each connection, and reads nothing itself.  Each
 * message is a struct nsc_recorder_request, or a byte that says what it is,
 * followed by data.
 */
#ifndef NSC_RUNDIR_RECORDER_SOCKET_H
#define NSC_RUNDIR_RECORDER_SOCKET_H

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#define NSC_RECORDER_DATA 65536	/* of one message, without its first byte */
#define NSC_RECORDER_STREAMS_MAX 8	/* of one command */
#define NSC_RECORDER_PATIENCE_S 10	/* then a disk counts as broken */

/* For a user whose session cannot be recorded. */
#define NSC_RECORDER_REFUSED                                                   \
	"This session must be recorded, and cannot be. Please tell the "      \
	"administrator."

enum nsc_recorder_message {
	/* Record what follows.  The answer is a struct nsc_error. */
	NSC_RECORDER_BEGIN = 'b',
	/*
	 * Come between the terminal whose master is sent along and its user:
	 * the answer is a struct nsc_error, with the master of another one.
	 */
	NSC_RECORDER_BETWEEN = 'm',
	/*
	 * The same for streams, of which one end is sent along for each kind,
	 * and last a socket, which gets a message from the command's process,
	 * and is shut down when that has ended.  The answer has a pipe for
	 * each stream, which takes its place.  See nsc_streams_tell() for what
	 * the socket is told, and answers with one byte.
	 */
	NSC_RECORDER_STREAMS = 's',
	NSC_RECORDER_OUTPUT = 'o',
	NSC_RECORDER_INPUT = 'i',
	NSC_RECORDER_ERRORS = 'e',
	NSC_RECORDER_COMMAND = 'c',	/* its command line */
	NSC_RECORDER_SIZE = 'r',	/* a struct winsize */
};

struct nsc_recorder_request {
	char type;
	pid_t pid;	/* of the session, as the host sees it; 0: the peer's */
	struct winsize size;	/* to begin with */
	char kinds[NSC_RECORDER_STREAMS_MAX];	/* '\0': no more */
	bool own;		/* nobody else has these open files */
};

#endif
