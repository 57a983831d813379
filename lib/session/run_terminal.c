/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the stand-in of nscontainer_exec(), root of the host; nsshell, the
 * user.  See run.c for the two processes.
 */
#include "session/run_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "session/tty_outer.h"
#include "session/enter.h"
#include "session/monitor_client.h"
#include "session/recorder_streams.h"
#include "session/tty_relay.h"
#include "session/stdio.h"

struct run_terminal {
	const struct nsc_run *run;
	struct nsc_pty *pty;
	struct nsc_tty_outer caller;
	dev_t host;		/* the host's devpts */
	int terminal;		/* the caller's, or -1: see run_terminal.h */
	sigset_t mask;		/* for the program */
	int signals;
	int in, out;		/* of the report */
	int recorder;		/* or -1 */
	struct nsc_tap tap;
	struct nsc_streams streams;
	int end;		/* of the streams; or -1 */
};

static int block_signals(struct run_terminal *c, struct nsc_error *err)
{
	sigset_t all;

	nsc_process_all_signals(&all);
	sigprocmask(SIG_BLOCK, &all, &c->mask);
	c->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return c->signals < 0 ? nsc_error_sys(err, errno, "signalfd") : 0;
}

/* Copy modes and size of the caller's terminal before the first byte. */
static int prepare_pty(struct run_terminal *c, struct nsc_error *err)
{
	const struct nsc_state *state = c->run->session->state;
	int ret;

	if (c->pty->master >= 0) {
		ret = nsc_pty_reopen_here(c->pty, err);
	} else {
		/* The process that opens the terminal owns it. */
		setfsuid(state->run_uid);
		ret = nsc_pty_new_here(c->host, c->pty, err);
		if (prctl(PR_SET_DUMPABLE, 0) < 0)
			ret = nsc_error_sys(err, errno, "become undumpable");
	}
	if (ret < 0)
		return ret;
	if (c->caller.terminal && !nsc_tty_outer_in_background(&c->caller))
		tcsetattr(c->pty->slave, TCSANOW, &c->caller.before);
	nsc_pty_copy_size(c->pty, c->caller.size);
	return 0;
}

/* Replace the caller's terminal before anything of the container runs. */
static void __attribute__((noreturn)) run_child(struct run_terminal *c)
{
	struct nsc_error err = NSC_ERROR_INIT;
	int report = c->out;
	int fds[3];
	size_t n = 0;

	for (int fd = 0; fd < 3; fd++)
		if (c->terminal < 0 || isatty(fd))
			fds[n++] = fd;
	nsc_streams_tell(&c->end, NSC_STREAMS_COMMAND);
	if (nsc_streams_put(&c->streams, &err) == 0 &&
	    nsc_pty_take(c->pty, fds, n, &err) == 0) {
		if (report != 3 && dup3(report, 3, O_CLOEXEC) == 3)
			report = 3;
		if (report == 3 && syscall(SYS_close_range, 4, ~0U, 0) == 0)
			nsc_run_child(c->run, &c->mask, report);
		nsc_error_sys(&err, errno, "close descriptors");
	}
	nsc_error_send(report, &err);
	_exit(127);
}

/* Drop every power of the parent over the host and the container. */
static int run_step_down(const struct run_terminal *c, struct nsc_error *err)
{
	int ret = nsc_enter_as_parent(c->run->session->state, c->run->keep_ids,
				      err);

	if (ret == 0 && prctl(PR_SET_DUMPABLE, 0) < 0)
		ret = nsc_error_sys(err, errno, "become undumpable");
	/* A change of ids clears the parent-death signal, prctl(2). */
	if (c->run->parent)
		nsc_process_die_with(c->run->parent);
	/* A write reports when the reader of the output has ended. */
	signal(SIGPIPE, SIG_IGN);
	return ret;
}

static int run(struct run_terminal *c, int *ret_status, struct nsc_error *err)
{
	const struct nsc_session *session = c->run->session;
	struct nsc_tty_relay_request request = {
		.caller = &c->caller,
		.pty = c->pty,
		.signals = c->signals,
		.tap = &c->tap,
		.end = -1,
	};
	int ret = nsc_recorder_connect(session, &c->recorder, err);

	if (ret == 0)
		ret = nsc_monitor_client_enter(session, c->run->origin, err);
	if (ret == 0)
		ret = nsc_enter_to_exec(session->pidfd, session->state, err);
	if (ret == 0)
		ret = prepare_pty(c, err);
	/* Without a terminal of the caller's, all three are replaced. */
	if (ret == 0 && c->terminal >= 0)
		ret = nsc_streams_begin_stdio(&c->streams,
					      &session->state->recording,
					      c->recorder, &c->end, err);
	if (ret == 0)
		ret = nsc_tap_begin(&c->tap, &(struct nsc_tap_start){
				    &session->state->recording, 0,
				    c->caller.size }, &c->recorder, err);
	if (ret < 0)
		return ret;
	nsc_tty_outer_set_raw(&c->caller);
	request.child = nsc_process_fork_unwatched();
	if (request.child == 0)
		run_child(c);
	if (request.child < 0)
		return nsc_error_sys(err, -request.child, "start a process");
	nsc_streams_close(&c->streams);
	nsc_fd_close(&c->out);
	ret = run_step_down(c, err);
	if (ret < 0)
		return ret;
	ret = nsc_run_until_user(c->in, err);
	*ret_status = nsc_tty_relay(&request);
	nsc_recorder_drain(c->end);
	return ret < 0 ? ret : nsc_run_report(c->in, err);
}

int nsc_run_on_terminal(const struct nsc_run *request, int terminal,
			struct nsc_pty *pty, int *ret_status,
			struct nsc_error *err)
{
	struct run_terminal c = {
		.run = request,
		.pty = pty,
		.caller = NSC_TTY_OUTER_INIT,
		.host = nsc_pty_devpts(),
		.signals = -1,
		.recorder = -1,
		.end = -1,
		.tap = NSC_TAP_INIT,
		.terminal = terminal,
	};
	int pipefd[2];
	int ret;

	if (pipe2(pipefd, O_CLOEXEC | O_NONBLOCK) < 0)
		return nsc_error_sys(err, errno, "pipe");
	c.in = pipefd[0];
	c.out = pipefd[1];
	ret = block_signals(&c, err);
	if (ret == 0)
		ret = terminal < 0 ?
			      nsc_tty_outer_open(&c.caller, err) :
			      nsc_tty_outer_open_terminal(terminal, &c.caller,
							  err);
	if (ret == 0)
		ret = run(&c, ret_status, err);
	nsc_tty_outer_close(&c.caller);
	nsc_pty_close(pty);
	nsc_fd_close(&c.signals);
	nsc_fd_close(&c.recorder);
	nsc_fd_close(&c.end);
	nsc_streams_close(&c.streams);
	nsc_fd_close(&c.tap.recorder);
	nsc_fd_close(&c.in);
	nsc_fd_close(&c.out);
	return ret;
}

int nsc_run_given(const struct nsc_run *run, bool controlling, int *ret_status,
		  struct nsc_error *err)
{
	_cleanup_fd_ int terminal = -1;
	struct nsc_pty pty = NSC_PTY_INIT;
	int ret;

	if (controlling || nsc_stdio_has_terminal())
		terminal = nsc_tty_outer_terminal();
	ret = nsc_stdio_check(terminal, err);
	if (ret < 0)
		return ret;
	return terminal < 0 ? nsc_run(run, ret_status, err) :
			      nsc_run_on_terminal(run, terminal, &pty,
						  ret_status, err);
}
