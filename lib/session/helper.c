/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, as root of the host.  The helper that starts a
 * container is a separate process (helper/login-start.c) with a clean state.
 */
#include "session/helper.h"

#include <stdint.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/paths.h"
#include "linux/credential.h"
#include "linux/descriptors.h"
#include "linux/label.h"

#define GRACE_MS 2000		/* lets the helper's own limit act first */

/*
 * Runs in a child of the login program.  It does not exec the helper itself:
 * exec resets the exit signal to SIGCHLD (execve(2)), and the login program
 * would see that signal.  So it stays between both; its death kills the helper,
 * and the death of the login program kills it.
 */
static void __attribute__((noreturn))
run_helper(const struct nsc_helper *helper, int out, pid_t login)
{
	char open[] = "open", check[] = "check";
	char *const argv[] = {
		(char[]){ "login-start" }, helper->check ? check : open,
		(char *)(uintptr_t)helper->conf_path,
		(char *)(uintptr_t)helper->user, NULL,
	};
	char *const envp[] = {
		(char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, NULL,
	};
	struct nsc_helper_answer answer = { .err = NSC_ERROR_INIT };
	pid_t pid, self = getpid();
	int status = 127;
	int pidfd;

	/*
	 * su runs in the job of its caller, who is its real user: neither that
	 * terminal nor that user may stop or kill the process that holds the
	 * locks.
	 */
	setsid();
	if (nsc_process_clean(&out, 1) < 0 ||
	    nsc_credential_become(0, 0, NULL, 0, NSC_IGNORE) < 0)
		_exit(status);
	/* The kernel forgets this when the ids change. */
	nsc_process_die_with(login);
	pid = nsc_process_fork(&pidfd);
	if (pid == 0) {
		nsc_process_die_with(self);
		/* pam_selinux has set the user's. */
		if (nsc_label_clear_exec(&answer.err) == 0) {
			execve(NSC_LOGIN_START, argv, envp);
			nsc_error_sys(&answer.err, errno,
				      "run " NSC_LOGIN_START);
		}
		(void)!write(NSC_HELPER_SOCKET, &answer, sizeof(answer));
		_exit(status);
	}
	close(NSC_HELPER_SOCKET);
	if (pid > 0)
		nsc_process_wait(pidfd, -1, &status);
	_exit(status);
}

static int read_answer(int fd, int64_t deadline, struct nsc_helper_answer *ret,
		       int *ret_lock, struct nsc_error *err)
{
	int fds[NSC_DESCRIPTORS_MAX];
	int n = nsc_process_poll(fd, deadline);

	if (n < 0)
		return nsc_error_sys(err, -n, "wait for the start");
	if (n == 0)
		return nsc_error_set(err, ETIMEDOUT, "the helper took longer "
				     "than start_timeout allows");
	n = nsc_descriptors_receive(fd, ret, sizeof(*ret), fds, 0);
	if (n == -ECONNRESET)
		return nsc_error_set(err, ECHILD, "the helper ended without "
				     "a result");
	if (n < 0)
		return nsc_error_sys(err, -n, "read the helper's answer");
	*ret_lock = n > 0 ? fds[0] : -1;
	return nsc_error_take(&ret->err, err);
}

int nsc_helper_ask(const struct nsc_helper *helper,
		   struct nsc_helper_answer *ret, int *ret_lock,
		   struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + GRACE_MS +
			   (int64_t)helper->timeout * 1000;
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid, self = getpid();
	int error;

	*ret_lock = -1;
	if (nsc_descriptors_pair(&in, &out) < 0)
		return nsc_error_sys(err, errno, "start the helper");
	pid = nsc_process_fork(&pidfd);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "start the helper");
	if (pid == 0)
		run_helper(helper, out, self);
	nsc_fd_close(&out);
	error = read_answer(in, deadline, ret, ret_lock, err);
	/* One that has answered has nothing left to do but to end. */
	if (error == -ETIMEDOUT ||
	    nsc_process_wait(pidfd, nsc_process_now() + GRACE_MS, NULL) < 0)
		nsc_process_kill(pidfd);
	return error;
}
