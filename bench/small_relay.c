/* SPDX-License-Identifier: Apache-2.0 */
/*
 * small_relay COMMAND...: a minimal relay of a terminal: a pty, and a loop of
 * read() and write().  Its loss of speed is the kernel's cost of a second
 * terminal, which no relay can avoid.
 */
#include <pty.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void copy(int from)
{
	static char part[4096];
	ssize_t n, at, done;

	while ((n = read(from, part, sizeof(part))) > 0)
		for (at = 0; at < n; at += done) {
			done = write(STDOUT_FILENO, part + at,
				     (size_t)(n - at));
			if (done < 0)
				return;
		}
}

int main(int argc, char **argv)
{
	struct termios modes;
	pid_t pid;
	int master;

	if (argc < 2 || tcgetattr(STDOUT_FILENO, &modes) < 0)
		return 2;
	pid = forkpty(&master, NULL, &modes, NULL);
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0)
		return 2;
	cfmakeraw(&modes);
	tcsetattr(STDOUT_FILENO, TCSANOW, &modes);
	copy(master);
	waitpid(pid, NULL, 0);
	return 0;
}
