/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of terminals: a pty, its input and its output. */
#ifndef NSC_TESTS_TERMINAL_H
#define NSC_TESTS_TERMINAL_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "linux/pty.h"
#include "util/process.h"

#define WAIT_MS 10000

static inline void pause_ms(long ms)
{
	const struct timespec moment = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&moment, NULL);
}

/* Like nsc_pty_new(), which needs root to open the host's /dev/pts/ptmx. */
static inline struct nsc_pty terminal_pair(void)
{
	struct nsc_pty pty = NSC_PTY_INIT;

	pty.master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (pty.master >= 0 && unlockpt(pty.master) == 0)
		pty.slave = ioctl(pty.master, TIOCGPTPEER,
				  O_RDWR | O_NOCTTY | O_CLOEXEC);
	return pty;
}

/* A terminal with unusual modes and size, so that the test recognizes it. */
static inline struct nsc_pty terminal_new(void)
{
	const struct winsize size = { 33, 77, 0, 0 };
	struct nsc_pty pty = terminal_pair();
	struct termios modes;

	ck_assert_int_ge(pty.slave, 0);
	tcgetattr(pty.slave, &modes);
	modes.c_iflag |= IUTF8;
	modes.c_cc[VINTR] = 'Q' & 0x1f;
	tcsetattr(pty.slave, TCSANOW, &modes);
	ioctl(pty.slave, TIOCSWINSZ, &size);
	return pty;
}

/* True if the terminal has the modes that a relay sets. */
static inline bool terminal_is_raw(int fd)
{
	struct termios modes;

	return tcgetattr(fd, &modes) == 0 &&
	       !(modes.c_lflag & (ICANON | ECHO | ISIG | IEXTEN)) &&
	       !(modes.c_oflag & OPOST) && !(modes.c_iflag & (ICRNL | IXON));
}

static inline bool terminal_is_ours(int fd)
{
	struct termios modes;

	return tcgetattr(fd, &modes) == 0 && modes.c_iflag & IUTF8 &&
	       modes.c_cc[VINTR] == ('Q' & 0x1f) && modes.c_iflag & ICRNL &&
	       (modes.c_lflag & (ICANON | ECHO | ISIG)) ==
		       (ICANON | ECHO | ISIG) && modes.c_oflag & OPOST;
}

/* Wait until the condition is true or the time is over. */
#define WAIT_UNTIL(condition) do { \
	int64_t end_ = nsc_process_now() + WAIT_MS; \
	while (!(condition) && nsc_process_now() < end_) \
		pause_ms(5); \
	ck_assert_msg(condition, "never: %s", #condition); \
} while (0)

/* Read until text comes; earlier output is skipped. */
static inline void expect(int fd, const char *text)
{
	int64_t deadline = nsc_process_now() + WAIT_MS;
	char seen[8192];
	size_t n = 0;

	while (n < sizeof(seen) - 1 && nsc_process_poll(fd, deadline) > 0 &&
	       read(fd, seen + n, 1) == 1) {
		seen[++n] = '\0';
		if (n >= strlen(text) &&
		    !strcmp(seen + n - strlen(text), text))
			return;
	}
	seen[n] = '\0';
	ck_abort_msg("expected '%s', got '%s'", text, seen);
}

static inline void type(int fd, const char *text, size_t len)
{
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
}

/* The expected byte at a position; all 256 bytes occur. */
static inline char pattern(size_t at)
{
	return (char)(at * 31 + at / 256);
}

#endif
