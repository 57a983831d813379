/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the relay, see tty_relay.c, and in the guard, an unprivileged child
 * of the relay that restores the terminal if the relay dies without doing so.
 */
#include "session/tty_outer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/proc.h"
#include "util/process.h"
#include "linux/capability.h"
#include "linux/credential.h"
#include "linux/terminal.h"

#define GUARD_TERMINAL 3
#define GUARD_PIPE 4

int nsc_tty_outer_terminal(void)
{
	int own = nsc_terminal_open_controlling(O_RDWR);

	for (int fd = 0; own < 0 && fd < 3; fd++)
		if (isatty(fd))
			return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return own;
}

/* Modes while relaying: no byte has a meaning except those for signals. */
static struct termios make_raw(const struct nsc_tty_outer *caller)
{
	struct termios raw = caller->before;

	cfmakeraw(&raw);
	if (caller->shared)
		raw.c_lflag |= caller->before.c_lflag & (tcflag_t)ISIG;
	return raw;
}

static bool same(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
	       a->c_lflag == b->c_lflag;
}

/* The terminal's new owner may already have changed the modes. */
static void restore_raw(const struct nsc_tty_outer *caller)
{
	struct termios raw = make_raw(caller), now;

	if (tcgetattr(GUARD_TERMINAL, &now) == 0 && same(&now, &raw))
		tcsetattr(GUARD_TERMINAL, TCSANOW, &caller->before);
}

/*
 * One byte ends the guard without a restore; a struct of modes replaces those
 * to restore; end-of-file means that the relay is dead.  Signals that end the
 * relay may be sent to its whole group, such as the kernel's SIGHUP: they stay
 * blocked, as in the relay, from the start of this process.
 */
static void __attribute__((noreturn))
run_guard(struct nsc_tty_outer *caller, int in)
{
	const int keep[] = { caller->in, in };
	struct termios before;
	ssize_t n;

	if (nsc_process_clean_descriptors(keep, NSC_ARRAY_SIZE(keep)) < 0 ||
	    chdir("/") < 0 ||
	    (geteuid() == 0 &&
	     nsc_credential_become(NSC_NOBODY, NSC_NOBODY, NULL, 0,
				   NSC_IGNORE) < 0) ||
	    nsc_capability_keep(0, NSC_IGNORE) < 0)
		_exit(1);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "nsc-terminal");
	while ((n = read(GUARD_PIPE, &before, sizeof(before))) ==
	       sizeof(before))
		caller->before = before;
	if (n == 0)
		restore_raw(caller);
	_exit(0);
}

static int start_guard(struct nsc_tty_outer *caller, struct nsc_error *err)
{
	_cleanup_fd_ int in = -1;
	pid_t pid;

	if (nsc_fd_pipe(&in, &caller->guard) < 0)
		return nsc_error_sys(err, errno, "terminal: pipe");
	pid = nsc_process_fork(&caller->guard_pidfd);
	if (pid == 0)
		run_guard(caller, in);
	return pid < 0 ? nsc_error_sys(err, -pid, "terminal: start its guard")
		       : 0;
}

static bool may(int fd, int access)
{
	int flags = fcntl(fd, F_GETFL), mode = flags & O_ACCMODE;

	return flags >= 0 && (mode == access || mode == O_RDWR);
}

/*
 * O_NONBLOCK belongs to the open file, which the caller's shell shares: so open
 * a new one if that gives the caller no additional access.  This process may be
 * root and the caller not: the controlling terminal is the caller's own, and a
 * pipe has no more access than fd.  Any other terminal may belong to another
 * user by now.  A path in /proc/self/fd resolves no name.
 */
static int open_anew(int fd, int access)
{
	struct stat st;
	char path[32];
	int new = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (nsc_terminal_is_controlling(fd))
		new = nsc_terminal_open_controlling(access);
	else if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		new = open(path, access | O_NONBLOCK | O_CLOEXEC);
	return new >= 0 ? new : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/*
 * Does our job have processes that neither wait for us nor are our children?
 * They may want to read the terminal, as a pager does.
 */
static bool has_company(void)
{
	pid_t group = getpgrp(), self = getpid(), parent = getppid();
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	bool found = false;

	while (proc && !found && (entry = readdir(proc))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		struct nsc_proc_stat stat;

		if (pid > 0 && pid != self && pid != parent &&
		    nsc_proc_stat(pid, &stat) == 0 && stat.group == group &&
		    stat.parent != self)
			found = true;
	}
	if (proc)
		closedir(proc);
	return found;
}

/* Unreadable input is empty, and output to an unwritable file is dropped. */
static int open_both(struct nsc_tty_outer *caller, int in, int out,
		     struct nsc_error *err)
{
	if (may(in, O_RDONLY))
		caller->in = open_anew(in, O_RDONLY);
	else
		caller->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (may(out, O_WRONLY))
		caller->out = open_anew(out, O_WRONLY);
	else
		caller->out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (caller->in < 0 || caller->out < 0)
		return nsc_error_sys(err, errno, "standard input and output");
	caller->eager = fcntl(caller->out, F_GETFL) & O_NONBLOCK;
	caller->terminal = tcgetattr(caller->in, &caller->before) == 0;
	return caller->terminal ? start_guard(caller, err) : 0;
}

/* This terminal, or the descriptor from 0 to 2 that has such access to it. */
static int with_access(int terminal, int access)
{
	for (int fd = 0; !may(terminal, access) && fd < 3; fd++)
		if (isatty(fd) && may(fd, access))
			return fd;
	return terminal;
}

int nsc_tty_outer_open(struct nsc_tty_outer *ret, struct nsc_error *err)
{
	_cleanup_tty_outer_ struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	int error;

	for (int fd = 2; fd >= 0; fd--)
		if (isatty(fd))
			caller.size = fd;
	if (caller.size >= 0)
		caller.size = fcntl(caller.size, F_DUPFD_CLOEXEC, 3);
	error = open_both(&caller, STDIN_FILENO, STDOUT_FILENO, err);
	if (error < 0)
		return error;
	*ret = caller;
	caller = (struct nsc_tty_outer)NSC_TTY_OUTER_INIT;
	return 0;
}

int nsc_tty_outer_open_terminal(int terminal, struct nsc_tty_outer *ret,
				struct nsc_error *err)
{
	_cleanup_tty_outer_ struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	bool in = isatty(STDIN_FILENO), out = isatty(STDOUT_FILENO);
	int error;

	caller.size = fcntl(terminal, F_DUPFD_CLOEXEC, 3);
	caller.shared = !in || !out;
	caller.silent = !out && has_company();
	error = open_both(&caller, with_access(terminal, O_RDONLY),
			  with_access(terminal, O_WRONLY), err);
	if (error < 0)
		return error;
	*ret = caller;
	caller = (struct nsc_tty_outer)NSC_TTY_OUTER_INIT;
	return 0;
}

bool nsc_tty_outer_has_typed_ahead(const struct nsc_tty_outer *caller)
{
	struct pollfd in = { .fd = caller->in, .events = POLLIN };

	return caller->terminal && !caller->raw &&
	       caller->before.c_lflag & ICANON && poll(&in, 1, 0) > 0 &&
	       in.revents == POLLIN;
}

bool nsc_tty_outer_is_line(const struct nsc_tty_outer *caller, char last)
{
	const cc_t *key = caller->before.c_cc;
	const cc_t c = (cc_t)last;

	/* A shell's line editor has typed text with '\r' left in a terminal. */
	return c == '\n' || c == '\r' ||
	       (c && (c == key[VEOL] || c == key[VEOL2]));
}

void nsc_tty_outer_set_raw(struct nsc_tty_outer *caller)
{
	sigset_t background, mask;
	struct termios raw;

	if (!caller->terminal || caller->silent ||
	    nsc_tty_outer_in_background(caller))
		return;
	/* A shell may have changed the modes while it had the terminal. */
	if (!caller->raw && tcgetattr(caller->in, &caller->before) == 0)
		(void)!write(caller->guard, &caller->before,
			     sizeof(caller->before));
	if (nsc_tty_outer_has_typed_ahead(caller))
		return;
	raw = make_raw(caller);
	sigemptyset(&background);
	sigaddset(&background, SIGTTOU);
	sigprocmask(SIG_UNBLOCK, &background, &mask);
	caller->raw = tcsetattr(caller->in, TCSANOW, &raw) == 0;
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

bool nsc_tty_outer_in_background(const struct nsc_tty_outer *caller)
{
	pid_t group = caller->terminal ? tcgetpgrp(caller->in) : -1;

	return group > 0 && group != getpgrp();
}

void nsc_tty_outer_restore(struct nsc_tty_outer *caller)
{
	if (caller->raw && !nsc_tty_outer_in_background(caller))
		tcsetattr(caller->in, TCSANOW, &caller->before);
	caller->raw = false;
}

ssize_t nsc_tty_outer_write(const struct nsc_tty_outer *caller,
			    const void *data, size_t len)
{
	ssize_t n = send(caller->out, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(caller->out, data, len) : n;
}

void nsc_tty_outer_close(struct nsc_tty_outer *caller)
{
	nsc_tty_outer_restore(caller);
	if (caller->guard >= 0)
		(void)!write(caller->guard, "", 1);
	nsc_fd_close(&caller->guard);
	if (caller->guard_pidfd >= 0)
		nsc_process_wait(caller->guard_pidfd, -1, NULL);
	nsc_fd_close(&caller->guard_pidfd);
	nsc_fd_close(&caller->size);
	nsc_fd_close(&caller->in);
	nsc_fd_close(&caller->out);
}
