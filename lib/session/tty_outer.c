/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the relay, see tty_relay.c, and in the guard, a child of it without
 * privileges that restores the terminal when the relay dies without having
 * done so.
 */
#include "session/tty_outer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* While we relay: no byte means anything to it, but those of signals. */
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

/* Who has the terminal now may have changed it already. */
static void restore_raw(const struct nsc_tty_outer *caller)
{
	struct termios raw = make_raw(caller), now;

	if (tcgetattr(GUARD_TERMINAL, &now) == 0 && same(&now, &raw))
		tcsetattr(GUARD_TERMINAL, TCSANOW, &caller->before);
}

/*
 * A byte says that all is well; modes, that they are to be restored from now
 * on; end-of-file, that the relay is dead.  The signals that end it are sent
 * to its whole group at times, the kernel's SIGHUP among them: they are blocked
 * as they were in the relay, from the first moment on.
 */
static void __attribute__((noreturn))
run_guard(struct nsc_tty_outer *caller, int in)
{
	const int keep[] = { caller->in, in };
	struct termios before;
	ssize_t n;

	if (nsc_process_clean_descriptors(keep, 2) < 0 || chdir("/") < 0 ||
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
 * O_NONBLOCK belongs to the open file, which the caller's shell has as well:
 * so a new one is made where that gives nothing that the caller has not.  We
 * may be root, and the caller not: the controlling terminal is its own, a pipe
 * has nothing but what fd says.  Any other terminal may be another user's by
 * now.  Through /proc/self/fd no name is resolved.
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
 * Has our job other processes, which are neither waiting for us nor our own
 * children?  Those may want to read the terminal, as a pager does.
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

/* What cannot be read has ended, and what cannot be written says nothing. */
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

/* That terminal, or which of descriptors 0 to 2 it is with such access. */
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

void nsc_tty_outer_set_raw(struct nsc_tty_outer *caller)
{
	sigset_t background, mask;
	struct termios raw;

	if (!caller->terminal || caller->silent ||
	    nsc_tty_outer_in_background(caller))
		return;
	/* A shell may have changed it while it was the shell's. */
	if (!caller->raw && tcgetattr(caller->in, &caller->before) == 0)
		(void)!write(caller->guard, &caller->before,
			     sizeof(caller->before));
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
