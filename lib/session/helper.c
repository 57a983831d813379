/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, as root of the host.  The helper that starts a
 * container is a separate process (helper/login-start.c) with a clean state.
 */
#include "session/helper.h"

#include <stdint.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/paths.h"
#include "linux/credential.h"

#define GRACE_MS 2000		/* lets the helper's own limit act first */

/*
 * Runs in a child of the login program.  It does not exec the helper itself:
 * exec resets the exit signal to SIGCHLD (execve(2)), and the login program
 * would see that signal.  So it stays between both, and its death kills the
 * helper.
 */
static void __attribute__((noreturn))
run_helper(const struct nsc_helper *helper, int report)
{
	char start[] = "start", check[] = "check", replace[] = "replace";
	char *const argv[] = {
		(char[]){ "login-start" },
		helper->lock < 0 ? check : helper->replace ? replace : start,
		(char *)(uintptr_t)helper->conf_path,
		(char *)(uintptr_t)helper->user, NULL,
	};
	char *const envp[] = {
		(char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, NULL,
	};
	const int keep[] = { helper->lock >= 0 ? helper->lock : report,
			     report };
	struct nsc_error err;
	pid_t pid, self = getpid();
	int status = 127;
	int pidfd;

	/*
	 * su runs in the job of its caller, who is its real user: neither that
	 * terminal nor that user may stop or kill the process that holds the
	 * locks.
	 */
	setsid();
	if (nsc_process_clean(keep, 2) < 0 ||
	    nsc_credential_become(0, 0, NULL, 0, NSC_IGNORE) < 0)
		_exit(status);
	pid = nsc_process_fork(&pidfd);
	if (pid == 0) {
		nsc_process_die_with(self);
		execve(NSC_LOGIN_START, argv, envp);
		nsc_error_sys(&err, errno, "run " NSC_LOGIN_START);
		nsc_error_send(NSC_HELPER_REPORT, &err);
		_exit(status);
	}
	close(NSC_HELPER_LOCK);
	close(NSC_HELPER_REPORT);
	if (pid > 0)
		nsc_process_wait(pidfd, -1, &status);
	_exit(status);
}

/* Read the helper's answer, an nsc_error; code 0: the container runs. */
static int read_report(int fd, int64_t deadline, struct nsc_error *err)
{
	int n = nsc_process_poll(fd, deadline);

	if (n < 0)
		return nsc_error_sys(err, -n, "wait for the start");
	if (n == 0)
		return nsc_error_set(err, ETIMEDOUT, "the helper took longer "
				     "than start_timeout allows");
	n = nsc_error_receive(fd, err);
	return n > 0 ? nsc_error_set(err, ECHILD, "the helper ended without "
				     "a result") : n;
}

int nsc_helper_start(const struct nsc_helper *helper, struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + GRACE_MS +
			   (int64_t)helper->timeout * 1000;
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid;
	int ret;

	if (nsc_fd_pipe(&in, &out) < 0)
		return nsc_error_sys(err, errno, "start the helper");
	pid = nsc_process_fork(&pidfd);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "start the helper");
	if (pid == 0)
		run_helper(helper, out);
	nsc_fd_close(&out);
	ret = read_report(in, deadline, err);
	if (ret == -ETIMEDOUT)
		nsc_process_kill(pidfd);
	else
		nsc_process_wait(pidfd, -1, NULL);
	return ret;
}
