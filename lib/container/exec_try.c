/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit and its helper, root of the host; and the container's PID 1
 * before its exec.  The child has the rights that prepare() leaves it.
 */
#include "container/exec_try.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int exec_try_failed(const char *path, int code, struct nsc_error *err)
{
	/* The kernel says the same of a program and of its interpreter. */
	if (code == ENOENT && access(path, F_OK) == 0)
		return nsc_error_set(err, code, "the interpreter that it "
				     "names does not exist");
	return nsc_error_set(err, code, "%s", nsc_error_text(code));
}

static int may_execute(const char *path, struct nsc_error *err)
{
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 :
		exec_try_failed(path, errno, err);
}

static void __attribute__((noreturn))
exec_try_run(const struct nsc_exec_try *attempt, pid_t parent, int out)
{
	char *const argv[] = { (char *)(uintptr_t)attempt->path, NULL };
	char *const envp[] = { NULL };
	struct nsc_error err = NSC_ERROR_INIT;
	bool traced;
	int ret;

	nsc_process_die_with(parent);
	traced = ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
	if (traced)
		raise(SIGSTOP);
	ret = attempt->prepare ? attempt->prepare(attempt->arg, &err) : 0;
	if (ret == 0 && !traced && may_execute(attempt->path, &err) == 0)
		_exit(0);
	if (ret == 0 && traced) {
		execve(attempt->path, argv, envp);
		exec_try_failed(attempt->path, errno, &err);
	}
	nsc_error_send(out, &err);
	_exit(1);
}

/* The child was traced and has stopped.  Returns true if it goes on. */
static bool exec_try_continue(pid_t pid, int signal_number)
{
	/* If this process is killed, the program must not run. */
	return signal_number == SIGSTOP &&
	       ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL) == 0 &&
	       ptrace(PTRACE_CONT, pid, NULL, NULL) == 0;
}

/* Returns 0 if the program was loaded, or a negative errno. */
static int exec_try_follow(pid_t pid, int pidfd, int in, struct nsc_error *err)
{
	siginfo_t info = { 0 };
	int ret;

	do
		while (waitid(P_PIDFD, (id_t)pidfd, &info,
			      WEXITED | WSTOPPED | __WALL) < 0)
			if (errno != EINTR) {
				ret = nsc_error_sys(err, errno, "waitid");
				nsc_process_kill(pidfd);
				return ret;
			}
	while (info.si_code == CLD_TRAPPED &&
	       exec_try_continue(pid, info.si_status));
	if (info.si_code == CLD_TRAPPED)
		nsc_process_kill(pidfd);
	/* The signal that follows a successful exec of a traced process. */
	if (info.si_code == CLD_TRAPPED && info.si_status == SIGTRAP)
		return 0;
	ret = nsc_error_receive(in, err);
	if (ret <= 0 || (info.si_code == CLD_EXITED && !info.si_status))
		return ret < 0 ? ret : 0;
	return nsc_error_set(err, ECHILD, "is killed by signal %d: see "
			     "rlimits and cgroups.memory", info.si_status);
}

int nsc_exec_try(const struct nsc_exec_try *attempt, struct nsc_error *err)
{
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid, self = getpid();

	if (attempt->only_look)
		return may_execute(attempt->path, err);
	if (nsc_fd_pipe(&in, &out) < 0)
		return nsc_error_sys(err, errno, "pipe");
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		exec_try_run(attempt, self, out);
	nsc_fd_close(&out);
	if (pid == -EAGAIN && attempt->prepare)
		return nsc_error_set(err, EAGAIN, "there is no room for its "
				     "process: see cgroups.pids and rlimits");
	return pid < 0 ? may_execute(attempt->path, err) :
			 exec_try_follow(pid, pidfd, in, err);
}
