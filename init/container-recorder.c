/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records one session from the host: its terminals and, with "all", the streams
 * of its commands.  Static.
 *
 * container-monitor starts it as root of the host with two descriptors: the
 * instance's directory and a connection to "record".  Nothing of the container
 * reaches this process but the terminals and streams that a login program hands
 * over.  Children without rights read the bytes: the writer has the file, and
 * the copier, between the caller and the program inside, what both have.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"
#include "util/version.h"
#include "linux/descriptors.h"
#include "linux/pidfd.h"
#include "linux/pty.h"
#include "linux/terminal.h"
#include "rundir/recorder_socket.h"
#include "rundir/session_file.h"
#include "rundir/session_history.h"
#include "rundir/state.h"
#include "session/tty_relay.h"
#include "monitor/session_log_places.h"
#include "monitor/session_log_text.h"
#include "record/nobody.h"
#include "record/recordings.h"
#include "record/writer.h"
#include "recorder_command.h"
#include "recorder_expire.h"
#include "recorder_streams.h"

enum { RUNDIR = 3, CLIENT = 4 };	/* see lib/monitor/recorders.c */

#define UNRECORDED 3	/* status of the copier: it ends the session */
#define HANGUP_S 2	/* for the session's leader to end */
#define REASON_MS 500	/* for a login to show the reason */

struct recorder {
	struct nsc_recording policy;
	struct session session;
	struct nsc_recording_file file;
	uid_t owner;		/* the user inside, as the host sees it */
	pid_t writer, copier;	/* 0: none */
	int inner;		/* a master of the session's terminal, or -1 */
	int login;		/* pidfd of the session, for streams; or -1 */
	int gaps;		/* what the writer tells */
	const char *conf;	/* the policy's file, or "" */
};

/* --- the children */

static void step_down(const char *name, const int *keep, unsigned int n)
{
	prctl(PR_SET_NAME, name);
	if (nsc_nobody_become(0, keep, n) < 0)
		_exit(1);
}

static void __attribute__((noreturn))
be_writer(const struct recorder *r, int messages, int gaps)
{
	const struct nsc_writer w = {
		.messages = messages, .file = r->file.fd, .gaps = gaps,
		.go_on = r->policy.on_error == NSC_RECORD_CONTINUE,
		.streams = r->login >= 0, .input = r->policy.input,
	};

	step_down("nsc-writer", (int[]){ messages, r->file.fd, gaps }, 3);
	_exit(nsc_writer_run(&w) < 0);
}

/* The size of the outer terminal reports SIGWINCH to its session: ours. */
static void __attribute__((noreturn))
be_copier(const struct recorder *r, int slave, int messages, int end)
{
	struct nsc_tty_outer outer = NSC_TTY_OUTER_INIT;
	struct nsc_pty inner = { r->inner, -1 };
	struct nsc_tap tap = {
		.recorder = messages, .input = r->policy.input,
		.hidden = r->policy.hidden,
		.go_on = r->policy.on_error == NSC_RECORD_CONTINUE,
	};
	struct nsc_tty_relay_request request = {
		.caller = &outer, .pty = &inner, .tap = &tap, .end = end,
	};
	const struct timeval patience = { .tv_sec = NSC_RECORDER_PATIENCE_S };
	sigset_t all;

	outer.in = outer.out = outer.size = slave;
	outer.eager = outer.terminal = outer.raw = true;
	nsc_process_all_signals(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	request.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (request.signals < 0 || setsid() < 0 ||
	    ioctl(slave, TIOCSCTTY, 0) < 0 ||
	    setsockopt(messages, SOL_SOCKET, SO_SNDTIMEO, &patience,
		       sizeof(patience)) < 0)
		_exit(1);
	step_down("nsc-copier", (int[]){ slave, r->inner, messages,
		  request.signals, end }, 5);
	nsc_tty_relay(&request);
	_exit(tap.failed ? UNRECORDED : 0);
}

static void __attribute__((noreturn))
be_streams_copier(const struct recorder *r, struct streams *s, int messages)
{
	struct nsc_tap tap = {
		.recorder = messages,
		.go_on = r->policy.on_error == NSC_RECORD_CONTINUE,
	};
	const struct timeval patience = { .tv_sec = NSC_RECORDER_PATIENCE_S };
	const int room = 2 * NSC_RECORDER_DATA;
	int keep[STREAMS_FDS + 1];
	unsigned int n = streams_fds(s, keep);

	keep[n++] = messages;
	if (setsockopt(messages, SOL_SOCKET, SO_SNDBUF, &room,
		       sizeof(room)) < 0 ||
	    setsockopt(messages, SOL_SOCKET, SO_SNDTIMEO, &patience,
		       sizeof(patience)) < 0 ||
	    recorder_command_start(s->end, &tap) < 0)
		_exit(1);
	step_down("nsc-copier", keep, n);
	streams_copy(s, &tap);
	_exit(tap.failed ? UNRECORDED : 0);
}

static int start_writer(struct recorder *r, int messages,
			struct nsc_error *err)
{
	_cleanup_fd_ int out = -1;

	if (nsc_descriptors_pair(&r->gaps, &out) < 0)
		return nsc_error_sys(err, errno, "record: socket");
	r->writer = fork();
	if (r->writer == 0)
		be_writer(r, messages, out);
	return r->writer < 0 ? nsc_error_sys(err, errno, "record: fork") : 0;
}

/* Returns a socket for the messages of a copier, or a negative errno. */
static int start_writer_and_socket(struct recorder *r, struct nsc_error *err)
{
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	int ret;

	if (nsc_descriptors_pair(&in, &out) < 0)
		return nsc_error_sys(err, errno, "record: socket");
	ret = start_writer(r, in, err);
	return ret < 0 ? ret : NSC_TAKE_FD(out);
}

/* --- the log */

static void __attribute__((format(printf, 3, 4)))
tell(const struct recorder *r, const char *event, const char *fmt, ...)
{
	char line[RECORD_MAX];
	size_t n = session_log_text_begin(event, r->session.user, line);
	va_list args;

	n += (size_t)snprintf(line + n, sizeof(line) - n, " pid=%d ",
			      (int)r->session.pid);
	va_start(args, fmt);
	vsnprintf(line + n, sizeof(line) - n, fmt, args);
	va_end(args);
	session_log_syslog(r->session.pid, line);
	(void)nsc_session_history_add(line, strlen(line));
}

static void tell_gap(struct recorder *r, const struct nsc_record_gap *g)
{
	r->file.gaps++;
	tell(r, "unrecorded", "recording=%s from=%" PRId64 " to=%" PRId64
	     " error=\"%s\"", r->file.id, g->from, g->to,
	     nsc_error_text(g->code));
}

static void tell_recovered(const char *id, const char *digest, void *arg)
{
	tell(arg, "recovered", "recording=%s sha256=%s", id, digest);
}

/* --- the parent */

/* A login program ends its command, and the monitor what is left. */
static void end_login(int login)
{
	/* sshd passes on why. */
	nsc_process_poll(login, nsc_process_now() + REASON_MS);
	nsc_pidfd_signal(login, SIGTERM);
	if (nsc_process_poll(login, nsc_process_now() + HANGUP_S * 1000L) == 0)
		nsc_pidfd_signal(login, SIGKILL);
}

/* The processes of the terminal get SIGHUP when its session's leader ends. */
static void end_session(const struct recorder *r)
{
	pid_t leader = r->inner < 0 ? -1 : tcgetsid(r->inner);

	if (r->login >= 0)
		end_login(r->login);
	if (leader <= 1)
		return;
	kill(leader, SIGHUP);
	kill(leader, SIGCONT);
	for (int i = 0; i < HANGUP_S * 10; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		if (tcgetsid(r->inner) != leader)
			return;
	}
	kill(leader, SIGKILL);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return status;
}

/* Returns when the session's terminal has ended. */
static void supervise(struct recorder *r)
{
	struct nsc_record_gap gap;
	int status;

	while (read(r->gaps, &gap, sizeof(gap)) == sizeof(gap)) {
		if (gap.from != NSC_RECORD_FULL) {
			tell_gap(r, &gap);
			continue;
		}
		recorder_make_room(r->conf);
		(void)!send(r->gaps, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	/* The socket closes when the writer ends. */
	status = wait_for(r->writer);
	if (WIFSIGNALED(status)) {
		r->file.gaps++;
		gap = (struct nsc_record_gap){ .from = (int64_t)time(NULL) };
		tell(r, "unrecorded", "recording=%s from=%" PRId64 " to=end "
		     "error=\"its writer was killed by signal %d\"",
		     r->file.id, gap.from, WTERMSIG(status));
	}
	status = wait_for(r->copier);
	if (WIFSIGNALED(status) || WEXITSTATUS(status) == UNRECORDED)
		end_session(r);
}

static void finish(struct recorder *r)
{
	struct nsc_error err = NSC_ERROR_INIT;
	char digest[NSC_SHA256_TEXT + 1];

	r->file.ended = (int64_t)time(NULL);
	if (nsc_recording_finish(&r->file, digest, &err) < 0)
		tell(r, "lost", "to=\"%s/%s\" error=\"%s\"", NSC_RECORDINGS,
		     r->file.id, err.text);
	else
		tell(r, "recorded", "recording=%s sha256=%s", r->file.id,
		     digest);
	nsc_recording_recover(&r->file, tell_recovered, r);
}

static void __attribute__((noreturn)) end_recording(struct recorder *r, int ret)
{
	if (r->file.fd < 0)
		_exit(ret < 0);
	finish(r);
	recorder_expire(r->conf);
}

static int look_up(struct recorder *r, pid_t pid, struct nsc_error *err)
{
	_cleanup_fd_ int dir = openat(RUNDIR, NSC_DIR_SESSION, O_RDONLY |
				      O_DIRECTORY | O_CLOEXEC);
	struct ucred peer = { 0, 0, 0 };
	socklen_t len = sizeof(peer);

	if (dir < 0 ||
	    getsockopt(CLIENT, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return nsc_error_sys(err, errno, "record: the session");
	/* Only a login program of root has a child that is the session. */
	if (!pid || peer.uid != 0)
		pid = peer.pid;
	return nsc_session_file_read(dir, pid, &r->session, err);
}

static int open_file(struct recorder *r,
		     const struct nsc_recorder_request *request,
		     const struct winsize *size, struct nsc_error *err)
{
	char header[NSC_CAST_HEADER_MAX];
	int ret = look_up(r, request->pid, err);
	size_t len;

	if (ret < 0)
		return ret;
	len = nsc_cast_header(&r->session, size, (int64_t)time(NULL), header);
	ret = nsc_recording_create(&r->session, header, len, &r->file, err);
	if (ret != -ENOSPC && ret != -EDQUOT)
		return ret;
	recorder_make_room(r->conf);
	nsc_error_clear(err);
	return nsc_recording_create(&r->session, header, len, &r->file, err);
}

/* May the session go on without a file?  Then the log says from when. */
static bool goes_on(const struct recorder *r, const struct nsc_error *err)
{
	if (r->policy.on_error != NSC_RECORD_CONTINUE || !*r->session.user)
		return false;
	tell(r, "unrecorded", "from=%" PRId64 " to=end error=\"%s\"",
	     (int64_t)time(NULL), err->text);
	return true;
}

/* Drop what is sent, so that the session goes on. */
static void __attribute__((noreturn)) read_in_vain(void)
{
	char part;

	/* The rest of a message goes with its first byte. */
	while (recv(CLIENT, &part, 1, 0) > 0)
		;
	_exit(0);
}

/* A relay of a login or a command sends what is to be recorded. */
static void __attribute__((noreturn))
record_relay(struct recorder *r, const struct nsc_recorder_request *request)
{
	struct nsc_error err = NSC_ERROR_INIT;
	int ret = open_file(r, request, &request->size, &err);

	signal(SIGCHLD, SIG_DFL);
	if (ret < 0 && goes_on(r, &err)) {
		nsc_error_send(CLIENT, NSC_IGNORE);
		read_in_vain();
	}
	if (ret == 0)
		ret = start_writer(r, CLIENT, &err);
	nsc_error_send(CLIENT, &err);
	if (ret < 0)
		_exit(1);
	/* Then the relay sees the end of the writer. */
	close(CLIENT);
	supervise(r);
	end_recording(r, 0);
}

/*
 * The outer terminal, which nobody else can open; its modes are those of a line
 * that changes nothing.
 */
static int make_outer(const struct recorder *r, struct nsc_pty *ret,
		      struct winsize *size, struct nsc_error *err)
{
	int flags = fcntl(r->inner, F_GETFL);
	struct termios modes;
	int error = nsc_pty_new_here(0, ret, err);

	if (error < 0)
		return error;
	if (flags < 0 || ioctl(r->inner, TIOCGWINSZ, size) < 0 ||
	    tcgetattr(ret->slave, &modes) < 0)
		return nsc_error_sys(err, errno, "record: terminal");
	cfmakeraw(&modes);
	if (tcsetattr(ret->slave, TCSANOW, &modes) < 0 ||
	    ioctl(ret->master, TIOCSWINSZ, size) < 0 ||
	    ioctl(ret->slave, TIOCEXCL) < 0 ||
	    ioctl(ret->master, TIOCEXCL) < 0 ||
	    fcntl(ret->master, F_SETFL, flags) < 0 ||
	    fcntl(ret->slave, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(r->inner, F_SETFL, O_NONBLOCK) < 0)
		return nsc_error_sys(err, errno, "record: terminal");
	return 0;
}

/* *ret_end is for the process that knows when the program has ended. */
static int start_both(struct recorder *r, const struct nsc_pty *outer,
		      int *ret_end, struct nsc_error *err)
{
	_cleanup_fd_ int end = -1;
	_cleanup_fd_ int out = -1;

	if (nsc_descriptors_pair(ret_end, &end) < 0)
		return nsc_error_sys(err, errno, "record: socket");
	out = start_writer_and_socket(r, err);
	if (out < 0)
		return out;
	r->copier = fork();
	if (r->copier == 0)
		be_copier(r, outer->slave, out, end);
	return r->copier < 0 ? nsc_error_sys(err, errno, "record: fork") : 0;
}

/* sshd and sudo have made a terminal, of which this is the master. */
static void __attribute__((noreturn))
record_between(struct recorder *r, const struct nsc_recorder_request *request)
{
	struct nsc_error err = NSC_ERROR_INIT;
	const struct iovec data = { &err, sizeof(err) };
	struct nsc_pty outer = NSC_PTY_INIT;
	struct winsize size;
	int ret = make_outer(r, &outer, &size, &err), end = -1;

	signal(SIGCHLD, SIG_DFL);
	if (ret == 0)
		ret = open_file(r, request, &size, &err);
	if (ret < 0 && goes_on(r, &err)) {
		nsc_error_clear(&err);
		/* An exclusive terminal is not handed to a recorder again. */
		ioctl(r->inner, TIOCEXCL);
		nsc_descriptors_send(CLIENT, &data, NULL, 0, MSG_NOSIGNAL);
		_exit(0);
	}
	if (ret == 0)
		ret = start_both(r, &outer, &end, &err);
	nsc_descriptors_send(CLIENT, &data, (int[]){ outer.master, end },
			     ret == 0 ? 2 : 0, MSG_NOSIGNAL);
	nsc_fd_close(&end);
	nsc_pty_close(&outer);
	close(CLIENT);
	if (ret == 0) {
		supervise(r);
		nsc_fd_close(&r->inner);
	}
	end_recording(r, ret);
}

/* The login waits for the answer, so its pid is still its own. */
static int start_streams(struct recorder *r, struct streams *s, int *inside,
			 struct nsc_error *err)
{
	_cleanup_fd_ int out = -1;
	int ret = streams_open(s, r->owner, inside, err);

	if (ret < 0)
		return ret;
	r->login = nsc_pidfd_open(r->session.pid);
	if (r->login < 0)
		return nsc_error_sys(err, ESRCH, "record: the session");
	out = start_writer_and_socket(r, err);
	if (out < 0)
		return out;
	r->copier = fork();
	if (r->copier == 0)
		be_streams_copier(r, s, out);
	return r->copier < 0 ? nsc_error_sys(err, errno, "record: fork") : 0;
}

static void __attribute__((noreturn))
record_streams(struct recorder *r, const struct nsc_recorder_request *request,
	       struct streams *s)
{
	struct nsc_error err = NSC_ERROR_INIT;
	const struct iovec data = { &err, sizeof(err) };
	int inside[NSC_RECORDER_STREAMS_MAX], ret;
	size_t n = s->n;

	for (size_t i = 0; i < n; i++)
		inside[i] = -1;
	signal(SIGCHLD, SIG_DFL);
	ret = open_file(r, request, &(struct winsize){ .ws_col = 0 }, &err);
	if (ret < 0 && goes_on(r, &err)) {
		nsc_error_clear(&err);
		nsc_descriptors_send(CLIENT, &data, NULL, 0, MSG_NOSIGNAL);
		_exit(0);
	}
	if (ret == 0)
		ret = start_streams(r, s, inside, &err);
	nsc_descriptors_send(CLIENT, &data, inside, ret == 0 ? n : 0,
			     MSG_NOSIGNAL);
	for (size_t i = 0; i < n; i++)
		nsc_fd_close(&inside[i]);
	streams_close(s);
	close(CLIENT);
	if (ret == 0)
		supervise(r);
	end_recording(r, ret);
}

/* Takes the descriptors. */
static bool take_streams(struct streams *s,
			 const struct nsc_recorder_request *request,
			 const int *fds, size_t n)
{
	size_t kinds = strnlen(request->kinds, sizeof(request->kinds));

	if (kinds == 0 || n != kinds + 1 ||
	    !streams_make(s, request, fds, kinds))
		return false;
	s->end = fds[kinds];
	return true;
}

#define TERMINALS 128		/* of one connection, at a time */

/*
 * A user who has taken over a placed sshd has its connection, and each terminal
 * takes processes and a file of the host's: so their number is limited.
 */
static bool has_room(int *list, size_t *n)
{
	size_t left = 0;

	for (size_t i = 0; i < *n; i++)
		if (nsc_pidfd_alive(list[i]))
			list[left++] = list[i];
		else
			close(list[i]);
	*n = left;
	return left < TERMINALS;
}

static void serve(struct recorder *r)
{
	static int list[TERMINALS];
	static size_t terminals;
	struct streams streams = { .list = NULL, .end = -1 };
	struct nsc_recorder_request request;
	int fds[NSC_DESCRIPTORS_MAX];
	pid_t pid;
	int n = nsc_descriptors_receive(CLIENT, &request, sizeof(request), fds,
					0);

	if (n < 0)
		_exit(0);
	if (n == 0 && request.type == NSC_RECORDER_BEGIN)
		record_relay(r, &request);
	if (!has_room(list, &terminals))
		_exit(1);
	if (request.type == NSC_RECORDER_BETWEEN && n == 1 &&
	    nsc_terminal_is_master(fds[0]))
		r->inner = fds[0];
	else if (request.type != NSC_RECORDER_STREAMS ||
		 !take_streams(&streams, &request, fds, (size_t)n))
		_exit(1);
	pid = nsc_process_fork_unwatched();
	if (pid == 0 && r->inner >= 0)
		record_between(r, &request);
	if (pid == 0)
		record_streams(r, &request, &streams);
	streams_close(&streams);
	list[terminals] = pid > 0 ? nsc_pidfd_open(pid) : -1;
	terminals += list[terminals] >= 0;
	nsc_fd_close(&r->inner);
}

int main(int argc, char **argv)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	struct recorder r = {
		.file = NSC_RECORDING_FILE_INIT, .inner = -1, .gaps = -1,
		.conf = "",
		.login = -1,
	};
	struct nsc_error err = NSC_ERROR_INIT;

	if (nsc_version_print(argc, argv, "container-recorder"))
		return 0;
	umask(077);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (nsc_state_load(RUNDIR, &state, &err) < 0) {
		nsc_error_send(CLIENT, &err);
		return 1;
	}
	r.policy = state->recording;
	r.conf = state->conf;
	r.owner = state->host_uid;
	for (;;)
		serve(&r);
}
