/*
 * Runs in: the stand-in of nscontainer_exec(), and in the guard, a child
 * of it without privileges that restores the terminal when the stand-in dies
 * without having done so.
 */
#include "session/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"
#include "kernel/capability.h"
#include "kernel/credential.h"

#define NOBODY 65534
#define GUARD_TERMINAL 3
#define GUARD_PIPE 4

static bool same(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
	       a->c_lflag == b->c_lflag;
}

/* Who has the terminal now may have changed it already. */
static void restore_raw(int fd, const struct termios *before)
{
	struct termios raw = *before, now;

	cfmakeraw(&raw);
	if (tcgetattr(fd, &now) == 0 && same(&now, &raw))
		tcsetattr(fd, TCSANOW, before);
}

/*
 * A byte says that all is well; end-of-file, that nsinit is dead.  The signals
 * that end nsinit are sent to its whole group at times: they are blocked.
 */
static void __attribute__((noreturn))
run_guard(const struct nsc_caller *caller, int in)
{
	const int keep[] = { caller->in, in };
	sigset_t all;
	char byte;

	sigfillset(&all);
	if (nsc_process_clean(keep, 2) < 0 ||
	    sigprocmask(SIG_SETMASK, &all, NULL) < 0 ||
	    nsc_credential_become(NOBODY, NOBODY, NULL, 0, NULL) < 0 ||
	    nsc_capability_keep(0, NULL) < 0)
		_exit(1);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "nsinit-terminal");
	if (read(GUARD_PIPE, &byte, 1) == 0)
		restore_raw(GUARD_TERMINAL, &caller->before);
	_exit(0);
}

static int start_guard(struct nsc_caller *caller, struct nsc_error *err)
{
	_cleanup_fd_ int in = -1;
	int pipefd[2];
	pid_t pid;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return nsc_error_sys(err, errno, "terminal: pipe");
	in = pipefd[0];
	caller->guard = pipefd[1];
	pid = nsc_process_fork(&caller->guard_pidfd);
	if (pid == 0)
		run_guard(caller, in);
	return pid < 0 ? nsc_error_sys(err, -pid, "terminal: start its guard")
		       : 0;
}

/*
 * O_NONBLOCK belongs to the open file, which the caller's shell has as well:
 * so a new one is made.  Through /proc/self/fd no name is resolved.
 */
static int reopen(int fd, int flags)
{
	struct stat st;
	char path[32];
	int new = -1;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) == 0 && (isatty(fd) || S_ISFIFO(st.st_mode)))
		new = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return new >= 0 ? new : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

int nsc_caller_open(struct nsc_caller *ret, struct nsc_error *err)
{
	_cleanup_caller_ struct nsc_caller caller = NSC_CALLER_INIT;
	int error = 0;

	for (int fd = 2; fd >= 0; fd--)
		if (isatty(fd))
			caller.size = fd;
	if (caller.size >= 0)
		caller.size = fcntl(caller.size, F_DUPFD_CLOEXEC, 3);
	caller.in = reopen(STDIN_FILENO, O_RDONLY);
	caller.out = reopen(STDOUT_FILENO, O_WRONLY);
	if (caller.in < 0 || caller.out < 0)
		return nsc_error_sys(err, errno, "standard input and output");
	caller.terminal = tcgetattr(caller.in, &caller.before) == 0;
	if (caller.terminal)
		error = start_guard(&caller, err);
	if (error < 0)
		return error;
	*ret = caller;
	caller = (struct nsc_caller)NSC_CALLER_INIT;
	return 0;
}

void nsc_caller_set_raw(struct nsc_caller *caller)
{
	struct termios raw = caller->before;
	sigset_t background, mask;

	if (!caller->terminal)
		return;
	cfmakeraw(&raw);
	sigemptyset(&background);
	sigaddset(&background, SIGTTOU);
	sigprocmask(SIG_UNBLOCK, &background, &mask);
	caller->raw = tcsetattr(caller->in, TCSANOW, &raw) == 0;
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

bool nsc_caller_in_background(const struct nsc_caller *caller)
{
	pid_t group = caller->terminal ? tcgetpgrp(caller->in) : -1;

	return group > 0 && group != getpgrp();
}

void nsc_caller_restore(struct nsc_caller *caller)
{
	if (caller->raw && !nsc_caller_in_background(caller))
		tcsetattr(caller->in, TCSANOW, &caller->before);
	caller->raw = false;
}

ssize_t nsc_caller_write(const struct nsc_caller *caller, const void *data,
			 size_t len)
{
	ssize_t n = send(caller->out, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(caller->out, data, len) : n;
}

void nsc_caller_close(struct nsc_caller *caller)
{
	nsc_caller_restore(caller);
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
