/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the parent of a program inside, after it has dropped its privileges:
 * of nsshell, of the stand-in of nscontainer_exec(), and of a login program
 * whose streams are recorded (tty_handover.c).
 */
#include "session/run.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child leads a process group, except before its setsid(). */
static void signal_group(pid_t child, int signal_number)
{
	if (kill(-child, signal_number) < 0)
		kill(child, signal_number);
}

/*
 * Signals that the terminal sends to our job must reach the whole group inside,
 * too.  That group is orphaned, and SIGTSTP does not stop orphaned groups: use
 * SIGSTOP.
 */
static void run_on_signal(pid_t child, const siginfo_t *info)
{
	int n = info->si_signo;

	if (info->si_code > 0 && n == SIGTSTP) {
		signal_group(child, SIGSTOP);
		raise(SIGSTOP);
		signal_group(child, SIGCONT);
	} else if (info->si_code > 0 || n == SIGCONT) {
		signal_group(child, n);
	} else {
		kill(child, n);
	}
}

int nsc_run_wait_for(pid_t child, const sigset_t *all)
{
	int status;

	/* Ignore stops of the child: they must not stop other processes. */
	while (waitpid(child, &status, WNOHANG) != child) {
		siginfo_t info;

		if (sigwaitinfo(all, &info) > 0 && info.si_signo != SIGCHLD)
			run_on_signal(child, &info);
	}
	return status;
}
