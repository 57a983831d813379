/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PID 1 of a container.  Static, executed from a read-only mount that no
 * process inside can reach by name.
 *
 * Runs as the container's root with only CAP_KILL.  It waits for a byte on
 * standard input, which container-monitor sends once it watches; then it reaps
 * orphaned processes.  SIGTERM: end all other processes, then itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/memory.h"
#include "util/version.h"

static void init_reap(void)
{
	while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
		;
}

static bool init_wait_for_monitor(void)
{
	char go;
	ssize_t n;

	do
		n = read(STDIN_FILENO, &go, 1);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

/*
 * No file of the process that started the container may be reachable through
 * PID 1.  The pipe goes last: its end tells the monitor that this process runs,
 * whatever the limits of the container are.
 */
static void let_go_of_stdio(void)
{
	const struct timespec none = { .tv_nsec = 0 };
	sigset_t empty;
	bool null;

	close(1);
	close(2);
	/* Without this device in the container, they stay closed. */
	null = open("/dev/null", O_RDWR) == 1;
	if (null)
		dup2(1, 2);
	nsc_memory_trim();
	/* Everything that follows has its pages by now. */
	sigemptyset(&empty);
	(void)sigtimedwait(&empty, NULL, &none);
	init_reap();
	if (!null || dup2(1, 0) < 0)
		close(0);
}

int main(int argc, char **argv)
{
	/* Interval of the checks whether all other processes have ended. */
	const struct timespec tick = { .tv_nsec = 20000000 };
	bool ending = false;
	sigset_t set;

	if (nsc_version_print(argc, argv, "container-init"))
		return 0;
	if (getpid() != 1)
		return 1;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (!init_wait_for_monitor())
		return 1;
	let_go_of_stdio();
	for (;;) {
		int signal = ending ? sigtimedwait(&set, NULL, &tick) :
				      sigwaitinfo(&set, NULL);

		init_reap();
		if (signal == SIGTERM && !ending) {
			ending = true;
			/* Interactive shells react only to SIGHUP. */
			kill(-1, SIGTERM);
			kill(-1, SIGHUP);
			kill(-1, SIGCONT);
		}
		if (ending && kill(-1, 0) < 0 && errno == ESRCH)
			return 0;
	}
}
