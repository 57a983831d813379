/* SPDX-License-Identifier: Apache-2.0 */
/* The client of container-recorder; see docs/design/0087. */
#ifndef NSC_SESSION_RECORDER_H
#define NSC_SESSION_RECORDER_H

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>

#include "util/error.h"
#include "linux/descriptors.h"
#include "rundir/recorder_socket.h"
#include "session/session.h"

/*
 * On the host: ask for a recorder if the container's sessions are recorded.
 * *ret is a connection, or -1.  Returns 0 or a negative errno.
 */
int nsc_recorder_connect(const struct nsc_session *session, int *ret,
			 struct nsc_error *err);

struct nsc_recorder_fds {
	const int *fds;
	size_t n;
	size_t answer;		/* how many the answer has */
};

/*
 * Send a request with descriptors.  The answer has others in fds, or none if
 * the session goes on unrecorded.  Returns their number or a negative errno;
 * after -ETIMEDOUT the connection is of no use.
 */
int nsc_recorder_ask(int recorder, const struct nsc_recorder_request *request,
		     const struct nsc_recorder_fds *with,
		     int fds[NSC_DESCRIPTORS_MAX], struct nsc_error *err);

/*
 * Call look for each open descriptor of this process, which /proc does not list
 * inside, until it returns a negative errno; returns that, or 0.
 */
int nsc_recorder_each_descriptor(int (*look)(int fd, void *arg), void *arg);

/* Terminals whose command did not begin yet. */
#define NSC_RECORDER_PENDING 128

struct nsc_recorder_terminals {
	int recorder;		/* the connection, or -1 */
	size_t n;
	struct {
		int master;
		int end;	/* for nsc_recorder_drain() */
	} pending[NSC_RECORDER_PENDING];
};

/*
 * Before sshd forks for a command.  Let the recorder come between each terminal
 * of which this process has the master, and its user: each descriptor of the
 * master becomes one of another terminal, which the recorder copies to and from
 * the first one.  Terminals that the recorder has given are left alone.  *end
 * becomes a socket for nsc_recorder_drain(), or -1 if the command has no
 * terminal.  Returns 0 or a negative errno.
 */
int nsc_recorder_take_masters(struct nsc_recorder_terminals *t, int *end,
			      struct nsc_error *err);

/*
 * The program on the terminal has ended: wait until what it wrote has arrived
 * in the other terminal, or some seconds.
 */
void nsc_recorder_drain(int end);

/* Write a text to each terminal of which this process has the slave. */
void nsc_recorder_tell(const char *text);

/* The copy of a relay's bytes that goes to the recorder. */
struct nsc_tap {
	int recorder;		/* -1: nothing is recorded */
	bool input, hidden;	/* see struct nsc_recording */
	bool go_on;		/* without a recording, if it must be */
	bool failed;		/* it could not be recorded */
	struct winsize size;	/* that the recorder knows */
};

#define NSC_TAP_INIT { .recorder = -1 }

struct nsc_tap_start {
	const struct nsc_recording *recording;
	pid_t pid;		/* 0: the process that connected */
	int terminal;		/* whose size it has first */
};

/*
 * Begin a recording by the connection *recorder, which the tap takes; -1: do
 * nothing.  Returns 0 or a negative errno.
 */
int nsc_tap_begin(struct nsc_tap *tap, const struct nsc_tap_start *start,
		  int *recorder, struct nsc_error *err);

/*
 * Record the output or input of the terminal with this master, before it is
 * passed on.  False: it could not be recorded, and the session must end.
 */
bool nsc_tap_output(struct nsc_tap *tap, int master, const char *data,
		    size_t len);
bool nsc_tap_input(struct nsc_tap *tap, int master, const char *data,
		   size_t len);

/* The same for a stream of this kind, which is no terminal. */
bool nsc_tap_stream(struct nsc_tap *tap, char kind, const char *data,
		    size_t len);

/* The recorder has ended.  False: the session must end, too. */
bool nsc_tap_lost(struct nsc_tap *tap);

#endif
