/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, root of the host, single-threaded, and inside.
 *
 * The relay is the parent, because a shell stops and continues that process, a
 * getty waits for it, and logind knows it.  It is also in the session of the
 * terminal, which reading from the terminal requires.
 */
#include "session/tty_handover.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "linux/credential.h"
#include "linux/capability.h"
#include "linux/descriptors.h"
#include "linux/pty.h"
#include "linux/terminal.h"
#include "session/monitor_client.h"
#include "session/tty_outer.h"
#include "session/tty_relay.h"
#include "session/run.h"
#include "session/stdio.h"

/* The child asks the monitor, and tells why it gets no answer. */
#define ANSWER_MS ((NSC_MONITOR_CLIENT_S + 5) * INT64_C(1000))

/* --- the parent */

/* Receive the child's result. */
static int handover_result(int channel, int64_t deadline,
			   struct nsc_error *err)
{
	int n = nsc_process_poll(channel, deadline), ret;

	if (n <= 0)
		return nsc_error_set(err, ETIMEDOUT, "enter the container: it "
				     "does not answer");
	ret = nsc_error_receive(channel, err);
	return ret > 0 ? nsc_error_set(err, ECHILD, "enter the container: the "
				       "login program has ended") : ret;
}

/* After the child's result comes the container's terminal. */
static int handover_receive(int channel, struct nsc_pty *pty,
			    struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + ANSWER_MS;
	int ret = handover_result(channel, deadline, err);

	if (ret < 0)
		return ret;
	if (nsc_process_poll(channel, deadline) <= 0)
		return nsc_error_set(err, ETIMEDOUT, "terminal: the child did "
				     "not send it");
	return nsc_pty_receive(channel, pty, err);
}

/*
 * Take the real uid of the login program's caller, who may signal this process
 * as before.  The effective uid becomes that of the child, the container's
 * root, who made this file: with it this process can forward signals.
 */
static int handover_step_down(int made)
{
	uid_t uid = getuid() ? getuid() : NSC_NOBODY;
	gid_t gid = getgid() ? getgid() : NSC_NOBODY;
	struct stat st;

	if (fstat(made, &st) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, st.st_uid, uid) < 0 || geteuid() != st.st_uid ||
	    nsc_capability_keep(0, NSC_IGNORE) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0)
		return -1;
	return 0;
}

/* Close all descriptors of the login program. */
static int handover_let_go(const int *keep, unsigned int n)
{
	int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return -1;
	return nsc_process_keep_only(keep, n) < 0 ? -1 : chdir("/");
}

static void __attribute__((noreturn))
relay(const struct nsc_tty_handover *h, struct nsc_tty_outer *caller,
      struct nsc_pty *pty, int channel,
      const struct nsc_tty_relay_request *with)
{
	struct nsc_tty_relay_request request = {
		.caller = caller,
		.pty = pty,
		.child = with->child,
		.tap = with->tap,
		.end = -1,
		/* su ignores SIGHUP and leads the session. */
		.hang_up = SIGTERM,
	};
	sigset_t all;
	int status;

	sigfillset(&all);
	request.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	signal(SIGCHLD, SIG_DFL);
	{
		const int keep[] = {
			caller->in, caller->out, caller->size, caller->guard,
			caller->guard_pidfd, pty->master, pty->slave,
			request.signals, with->tap->recorder, channel, h->end,
		};

		if (request.signals < 0 ||
		    handover_let_go(keep, NSC_ARRAY_SIZE(keep)) < 0 ||
		    handover_step_down(pty->slave) < 0)
			_exit(1);
	}
	nsc_tty_outer_set_raw(caller);
	(void)!write(channel, "", 1);
	close(channel);
	status = nsc_tty_relay(&request);
	nsc_recorder_drain(h->end);
	nsc_tty_outer_close(caller);
	nsc_process_end_like(status);
}

/* Hide the child from the program that called us. */
static void forget(pid_t child)
{
	const struct timespec now = { 0 };
	sigset_t child_only;

	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	sigemptyset(&child_only);
	sigaddset(&child_only, SIGCHLD);
	sigtimedwait(&child_only, NULL, &now);
}

/* The streams go through the recorder; this is the parent of their program. */
static void __attribute__((noreturn))
follow(const struct nsc_tty_handover *h, int channel, int made, pid_t child)
{
	const int keep[] = { channel, h->end, made };
	sigset_t all;
	int status;

	sigfillset(&all);
	signal(SIGCHLD, SIG_DFL);
	if (handover_let_go(keep, NSC_ARRAY_SIZE(keep)) < 0 ||
	    handover_step_down(made) < 0)
		_exit(1);
	close(made);
	(void)!write(channel, "", 1);
	close(channel);
	status = nsc_run_wait_for(child, &all);
	nsc_recorder_drain(h->end);
	nsc_process_end_like(status);
}

static int handover_follow_streams(const struct nsc_tty_handover *h,
				   int channel, pid_t child,
				   struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + ANSWER_MS;
	int ret = handover_result(channel, deadline, err);
	int fds[NSC_DESCRIPTORS_MAX], n = 0;
	char byte;

	if (ret == 0 && nsc_process_poll(channel, deadline) > 0)
		n = nsc_descriptors_receive(channel, &byte, 1, fds,
					    MSG_DONTWAIT);
	if (n == 1)
		follow(h, channel, fds[0], child);
	forget(child);
	return ret < 0 ? ret :
			 nsc_error_set(err, ECHILD, "enter the container: the "
				       "login program has ended");
}

static int handover_follow(struct nsc_tty_handover *h, int channel,
			   pid_t child, struct nsc_error *err)
{
	struct nsc_tap tap = NSC_TAP_INIT;
	const struct nsc_tty_relay_request with = {
		.child = child, .tap = &tap,
	};
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	struct nsc_pty pty = NSC_PTY_INIT;
	int ret = handover_receive(channel, &pty, err);

	if (ret == 0)
		ret = nsc_tty_outer_open_terminal(h->terminal, &caller, err);
	if (ret == 0)
		ret = nsc_tap_begin(&tap, &(struct nsc_tap_start){
				    &h->recording, child, caller.size },
				    &h->recorder, err);
	if (ret == 0) {
		/*
		 * Copy the modes before the first byte; a shell that reads sets
		 * its own.
		 */
		if (caller.terminal && !nsc_tty_outer_in_background(&caller))
			tcsetattr(pty.slave, TCSANOW, &caller.before);
		nsc_pty_copy_size(&pty, caller.size);
		relay(h, &caller, &pty, channel, &with);
	}
	nsc_tty_outer_close(&caller);
	nsc_pty_close(&pty);
	forget(child);
	return ret;
}

int nsc_tty_handover_begin(struct nsc_tty_handover *h, struct nsc_error *err)
{
	_cleanup_fd_ int channel = -1;
	sigset_t all;
	pid_t pid;
	int ret;

	if (h->streams.n && nsc_descriptors_pair(&h->end, &h->theirs) < 0)
		return nsc_error_sys(err, errno, "record: socket");
	if (h->kind != NSC_TTY_HANDOVER_RELAY &&
	    h->kind != NSC_TTY_HANDOVER_FOLLOW)
		return 0;
	if (nsc_descriptors_pair(&channel, &h->channel) < 0)
		return nsc_error_sys(err, errno, "terminal: socket");
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &h->mask);
	pid = fork();
	if (pid == 0) {
		h->name = h->terminal < 0 ? NULL : ttyname(h->terminal);
		nsc_fd_close(&h->terminal);
		return 0;
	}
	nsc_fd_close(&h->channel);
	nsc_fd_close(&h->theirs);
	ret = pid < 0 ?
		      nsc_error_sys(err, errno, "terminal: start its relay") :
	      h->kind == NSC_TTY_HANDOVER_RELAY ?
		      handover_follow(h, channel, pid, err) :
		      handover_follow_streams(h, channel, pid, err);
	nsc_fd_close(&h->end);
	nsc_fd_close(&h->terminal);
	sigprocmask(SIG_SETMASK, &h->mask, NULL);
	return ret;
}

/* --- inside */

/*
 * login of util-linux keeps the string that ttyname(3) returned, and opens that
 * name again inside, as root.  Like a later call of ttyname(3), write the
 * container's name over it: the host's is nothing there, or the terminal of
 * another session.
 */
static void rename_terminal(const struct nsc_tty_handover *h,
			    const struct nsc_pty *pty)
{
	unsigned int number;

	if (h->name && ioctl(pty->master, TIOCGPTN, &number) == 0)
		snprintf(h->name, TTY_NAME_MAX, "/dev/pts/%u", number);
}

static int handover_hand_out(struct nsc_tty_handover *h,
			     const struct nsc_pty *pty, uid_t uid,
			     struct nsc_error *err)
{
	const struct nsc_error none = NSC_ERROR_INIT;
	char go;

	if (write(h->channel, &none, sizeof(none)) != sizeof(none))
		return nsc_error_sys(err, errno, "terminal: its relay");
	if (nsc_pty_send(h->channel, pty, err) < 0)
		return -err->code;
	/* The relay has set modes and size; if it is dead, end as well. */
	if (read(h->channel, &go, 1) != 1)
		_exit(1);
	nsc_fd_close(&h->channel);
	/* As sshd does, because screen opens the terminal by its name. */
	if (fchown(pty->slave, uid, (gid_t)-1) < 0)
		return nsc_error_sys(err, errno, "terminal: give it to uid %u",
				     uid);
	return 0;
}

static int finish_relay(struct nsc_tty_handover *h, uid_t uid,
			struct nsc_error *err)
{
	struct nsc_pty pty = NSC_PTY_INIT;
	int ret = nsc_pty_new_here(h->devpts, &pty, err);

	if (ret == 0)
		ret = nsc_pty_take(&pty, h->outer.fds, h->outer.n, err);
	/* In the background, no other signal reports the death of the relay. */
	if (ret == 0 && prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		ret = nsc_error_sys(err, errno, "terminal: its relay's end");
	if (ret == 0)
		ret = handover_hand_out(h, &pty, uid, err);
	if (ret == 0)
		rename_terminal(h, &pty);
	nsc_pty_close(&pty);
	if (ret == 0)
		sigprocmask(SIG_SETMASK, &h->mask, NULL);
	return ret;
}

/* Copy modes, size and owner from the program's own pty. */
static void copy_pty(const struct nsc_tty_handover *h,
		     const struct nsc_pty *pty)
{
	int flags = fcntl(h->master, F_GETFL);
	struct termios modes;
	struct stat st;

	if (tcgetattr(h->master, &modes) == 0)
		tcsetattr(pty->slave, TCSANOW, &modes);
	nsc_pty_copy_size(pty, h->master);
	if (h->slaves.n && fstat(h->slaves.fds[0], &st) == 0)
		(void)!fchown(pty->slave, st.st_uid, (gid_t)-1);
	fcntl(pty->master, F_SETFL, flags);
}

static int finish_pty(struct nsc_tty_handover *h, struct nsc_error *err)
{
	struct nsc_pty pty = NSC_PTY_INIT;
	int ret = nsc_pty_new_here(h->devpts, &pty, err);

	if (ret < 0)
		return ret;
	copy_pty(h, &pty);
	if (dup3(pty.master, h->master, O_CLOEXEC) < 0)
		ret = nsc_error_sys(err, errno, "terminal: replace the pty");
	for (size_t i = 0; ret == 0 && i < h->slaves.n; i++)
		if (dup3(pty.slave, h->slaves.fds[i],
			 h->slaves.cloexec[i] ? O_CLOEXEC : 0) < 0)
			ret = nsc_error_sys(err, errno, "terminal: replace "
					    "descriptor %d", h->slaves.fds[i]);
	nsc_pty_close(&pty);
	return ret;
}

static int finish_drop(struct nsc_tty_handover *h, struct nsc_error *err)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < h->outer.n; i++)
		if (null < 0 || dup2(null, h->outer.fds[i]) < 0)
			return nsc_error_sys(err, errno, "terminal: give it "
					     "up");
	/* A session leader would take the terminal from its whole session. */
	if (getsid(0) != getpid())
		ioctl(h->terminal, TIOCNOTTY);
	nsc_fd_close(&h->terminal);
	return 0;
}

/* The recorder comes between the program's streams and its caller. */
static int finish_streams(struct nsc_tty_handover *h, struct nsc_error *err)
{
	int ret = 0;

	if (h->streams.n)
		ret = nsc_streams_begin(&h->streams, h->recorder, getpid(),
					h->theirs, err);
	nsc_fd_close(&h->theirs);
	nsc_streams_tell(&h->end, NSC_STREAMS_PROGRAM);
	return ret < 0 ? ret : nsc_streams_put(&h->streams, err);
}

/* Then the parent can step down, with the id of who made this pipe. */
static int finish_follow(struct nsc_tty_handover *h, struct nsc_error *err)
{
	const struct nsc_error none = NSC_ERROR_INIT;
	const struct iovec byte = { (void *)(uintptr_t)"", 1 };
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	char go;

	(void)!setsid();
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 ||
	    nsc_fd_pipe(&in, &out) < 0 ||
	    write(h->channel, &none, sizeof(none)) != sizeof(none) ||
	    nsc_descriptors_send(h->channel, &byte, &in, 1, MSG_NOSIGNAL) < 0)
		return nsc_error_sys(err, errno, "record: the parent");
	if (read(h->channel, &go, 1) != 1)
		_exit(1);
	nsc_fd_close(&h->channel);
	sigprocmask(SIG_SETMASK, &h->mask, NULL);
	return 0;
}

static int handover_finish(struct nsc_tty_handover *h, uid_t uid,
			   struct nsc_error *err)
{
	int ret;

	switch (h->kind) {
	case NSC_TTY_HANDOVER_RELAY:
		nsc_fd_close(&h->recorder);
		ret = finish_relay(h, uid, err);
		return ret == 0 && h->master >= 0 ? finish_pty(h, err) : ret;
	case NSC_TTY_HANDOVER_PTY:
		return finish_pty(h, err);
	case NSC_TTY_HANDOVER_DROP:
		return finish_drop(h, err);
	case NSC_TTY_HANDOVER_FOLLOW:
		return finish_follow(h, err);
	default:
		/*
		 * Leave the process group of a host's script, so that a process
		 * inside that calls kill(2) with 0 does not signal it.  A group
		 * leader already has its own group.
		 */
		(void)!setsid();
		return 0;
	}
}

int nsc_tty_handover_finish(struct nsc_tty_handover *h, uid_t uid,
			    struct nsc_error *err)
{
	int ret = finish_streams(h, err);

	return ret < 0 ? ret : handover_finish(h, uid, err);
}

int nsc_tty_handover_fail(struct nsc_tty_handover *h,
			  const struct nsc_error *err)
{
	if (h->channel >= 0) {
		nsc_error_send(h->channel, err);
		_exit(1);
	}
	nsc_fd_close(&h->terminal);
	nsc_fd_close(&h->recorder);
	nsc_fd_close(&h->end);
	nsc_fd_close(&h->theirs);
	return -err->code;
}
