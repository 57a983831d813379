/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, root of the host, single-threaded, and inside.
 *
 * The relay is the parent, because a shell stops and continues that process, a
 * getty waits for it, and logind knows it.  It is also in the session of the
 * terminal, which reading from the terminal requires.
 */
#include "session/tty_handover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "linux/credential.h"
#include "linux/capability.h"
#include "linux/pty.h"
#include "linux/terminal.h"
#include "session/tty_outer.h"
#include "session/tty_relay.h"
#include "session/stdio.h"

#define ANSWER_MS 10000		/* the same as the limit of the trial */

static bool closes_on_exec(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags >= 0 && flags & FD_CLOEXEC;
}

/*
 * Is fd the slave of the host pty whose master is h->master?  The device of a
 * master from /dev/pts/ptmx has the minor number of pts/2.
 */
static bool is_slave(const struct nsc_tty_handover *h, int fd)
{
	unsigned int number;
	struct stat st;

	return ioctl(h->master, TIOCGPTN, &number) == 0 &&
	       fstat(fd, &st) == 0 && st.st_dev == h->devpts &&
	       minor(st.st_rdev) == number && isatty(fd) &&
	       !nsc_terminal_is_master(fd);
}

static int handover_add(struct nsc_tty_fds *list, int fd,
			struct nsc_error *err)
{
	if (list->n == NSC_TTY_HANDOVER_MAX)
		return nsc_error_set(err, NSC_STDIO_REFUSED,
				     "more than %d "
				     "descriptors are a terminal: close them",
				     NSC_TTY_HANDOVER_MAX);
	list->cloexec[list->n] = closes_on_exec(fd);
	list->fds[list->n++] = fd;
	return 0;
}

/*
 * Call look for each open descriptor.  This must run on the host: the
 * container's /proc does not show this process, so /proc/self does not work
 * there.
 */
static int handover_for_each(struct nsc_tty_handover *h,
			     int (*look)(struct nsc_tty_handover *h, int fd,
					 struct nsc_error *err),
			     struct nsc_error *err)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int ret = 0;

	if (!dir)
		return nsc_error_sys(err, errno, "terminal: list descriptors");
	while (ret == 0 && (entry = readdir(dir))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] != '.' && fd != dirfd(dir))
			ret = look(h, fd, err);
	}
	closedir(dir);
	return ret;
}

static int look_for_master(struct nsc_tty_handover *h, int fd,
			   struct nsc_error *err)
{
	(void)err;
	if (nsc_terminal_is_master(fd))
		h->master = fd;
	return 0;
}

static int look_for_slaves(struct nsc_tty_handover *h, int fd,
			   struct nsc_error *err)
{
	return is_slave(h, fd) ? handover_add(&h->slaves, fd, err) : 0;
}

/*
 * Add terminals that a user's program would inherit.  A program with a pty of
 * its own copies between that and one that it may have opened for itself.
 */
static int look_for_terminals(struct nsc_tty_handover *h, int fd,
			      struct nsc_error *err)
{
	bool own = h->master >= 0 && fd != h->terminal && fd != h->master &&
		   !is_slave(h, fd);

	return isatty(fd) && (own || !closes_on_exec(fd)) ?
		       handover_add(&h->outer, fd, err) : 0;
}

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* Does the program have both ends of a pty?  1, 0, or a negative errno. */
static int look_for_pty(struct nsc_tty_handover *h, struct nsc_error *err)
{
	int ret = handover_for_each(h, look_for_master, err);

	if (ret == 0 && h->master >= 0)
		ret = handover_for_each(h, look_for_slaves, err);
	return ret < 0 ? ret : h->slaves.n > 0;
}

static int handover_look(struct nsc_tty_handover *h, bool relays,
			 struct nsc_error *err)
{
	int ret;

	h->terminal = nsc_tty_outer_terminal();
	h->devpts = nsc_pty_devpts();
	ret = relays ? look_for_pty(h, err) : 0;
	if (ret == 1 && h->recording.mode == NSC_RECORD_NONE) {
		h->kind = NSC_TTY_HANDOVER_PTY;
		return 0;
	}
	if (ret == 0)
		h->master = -1;
	if (ret >= 0)
		ret = handover_for_each(h, look_for_terminals, err);
	if (ret < 0)
		return ret;
	if (h->terminal < 0 && h->outer.n)
		h->terminal = fcntl(h->outer.fds[0], F_DUPFD_CLOEXEC, 3);
	if (h->terminal < 0)
		return 0;
	/*
	 * After the fork, the child could not wait for the program's children.
	 */
	h->kind = has_children() && !isatty(STDIN_FILENO) ?
			  NSC_TTY_HANDOVER_DROP :
			  NSC_TTY_HANDOVER_RELAY;
	return 0;
}

int nsc_tty_handover_look(struct nsc_tty_handover *h, bool relays,
			  struct nsc_error *err)
{
	int ret = handover_look(h, relays, err);

	if (ret == 0)
		ret = nsc_stdio_check(h->terminal, err);
	if (ret < 0 || h->kind == NSC_TTY_HANDOVER_PTY)
		nsc_fd_close(&h->terminal);
	return ret;
}

/* --- the parent */

/* Receive the child's result, then the container's terminal. */
static int handover_receive(int channel, struct nsc_pty *pty,
			    struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + ANSWER_MS;
	int n = nsc_process_poll(channel, deadline), ret;

	if (n <= 0)
		return nsc_error_set(err, ETIMEDOUT, "enter the container: it "
				     "does not answer");
	ret = nsc_error_receive(channel, err);
	if (ret > 0)
		return nsc_error_set(err, ECHILD, "enter the container: the "
				     "login program has ended");
	if (ret < 0)
		return ret;
	n = nsc_process_poll(channel, deadline);
	if (n <= 0)
		return nsc_error_set(err, ETIMEDOUT, "terminal: the child did "
				     "not send it");
	return nsc_pty_receive(channel, pty, err);
}

/*
 * Take the real uid of the login program's caller, who may signal this process
 * as before.  The effective uid becomes that of the child, the container's
 * root, who made the terminal: with it this process can forward signals.
 */
static int handover_step_down(const struct nsc_pty *pty)
{
	uid_t uid = getuid() ? getuid() : NSC_NOBODY;
	gid_t gid = getgid() ? getgid() : NSC_NOBODY;
	struct stat st;

	if (fstat(pty->slave, &st) < 0 || setgroups(0, NULL) < 0 ||
	    setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, st.st_uid, uid) < 0 || geteuid() != st.st_uid ||
	    nsc_capability_keep(0, NSC_IGNORE) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0)
		return -1;
	return 0;
}

/* Close all descriptors of the login program. */
static int handover_let_go(const struct nsc_tty_relay_request *request,
			   int channel)
{
	const struct nsc_tty_outer *caller = request->caller;
	const int keep[] = {
		caller->in, caller->out, caller->size, caller->guard,
		caller->guard_pidfd, request->pty->master, request->pty->slave,
		request->signals, request->tap->recorder, channel,
	};
	int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return -1;
	if (nsc_process_keep_only(keep, NSC_ARRAY_SIZE(keep)) < 0)
		return -1;
	return chdir("/");
}

static void __attribute__((noreturn))
relay(struct nsc_tty_outer *caller, struct nsc_pty *pty, int channel,
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
	if (request.signals < 0 ||
	    handover_let_go(&request, channel) < 0 ||
	    handover_step_down(pty) < 0)
		_exit(1);
	nsc_tty_outer_set_raw(caller);
	(void)!write(channel, "", 1);
	close(channel);
	status = nsc_tty_relay(&request);
	nsc_tty_outer_close(caller);
	nsc_pty_close(pty);
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
		 * Before the first byte; a shell that reads sets its own modes.
		 */
		if (caller.terminal && !nsc_tty_outer_in_background(&caller))
			tcsetattr(pty.slave, TCSANOW, &caller.before);
		nsc_pty_copy_size(&pty, caller.size);
		relay(&caller, &pty, channel, &with);
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
	int pair[2];
	pid_t pid;
	int ret;

	if (h->kind != NSC_TTY_HANDOVER_RELAY)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return nsc_error_sys(err, errno, "terminal: socket");
	channel = pair[0];
	h->channel = pair[1];
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &h->mask);
	pid = fork();
	if (pid == 0) {
		h->name = ttyname(h->terminal);
		nsc_fd_close(&h->terminal);
		nsc_fd_close(&h->recorder);
		return 0;
	}
	nsc_fd_close(&h->channel);
	ret = pid < 0 ? nsc_error_sys(err, errno, "terminal: start its relay") :
			handover_follow(h, channel, pid, err);
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

int nsc_tty_handover_finish(struct nsc_tty_handover *h, uid_t uid,
			    struct nsc_error *err)
{
	int ret;

	switch (h->kind) {
	case NSC_TTY_HANDOVER_RELAY:
		ret = finish_relay(h, uid, err);
		return ret == 0 && h->master >= 0 ? finish_pty(h, err) : ret;
	case NSC_TTY_HANDOVER_PTY:
		return finish_pty(h, err);
	case NSC_TTY_HANDOVER_DROP:
		return finish_drop(h, err);
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

int nsc_tty_handover_fail(struct nsc_tty_handover *h,
			  const struct nsc_error *err)
{
	if (h->channel >= 0) {
		nsc_error_send(h->channel, err);
		_exit(1);
	}
	nsc_fd_close(&h->terminal);
	nsc_fd_close(&h->recorder);
	return -err->code;
}
