/* SPDX-License-Identifier: Apache-2.0 */
/* What lib/session/tty_relay.c sends to a recorder. */
#include "unit.h"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>

#include "terminal.h"
#include "session/tty_outer.h"
#include "session/tty_relay.h"
#include "util/fd.h"

/* Two parts of the relay at least, and less than a terminal keeps. */
#define MOST 12000

/* Write to the terminal until it is full; returns the number of bytes. */
static size_t fill(int slave)
{
	struct termios modes;
	size_t n = 0;
	char byte;

	tcgetattr(slave, &modes);
	cfmakeraw(&modes);
	tcsetattr(slave, TCSANOW, &modes);
	do
		byte = pattern(n);
	while (n < MOST && write(slave, &byte, 1) == 1 && ++n);
	return n;
}

static void __attribute__((noreturn))
be_relay(struct nsc_pty *inner, const struct nsc_pty *to, int recorder, int end)
{
	struct nsc_tty_outer outer = NSC_TTY_OUTER_INIT;
	struct nsc_tap tap = { .recorder = recorder };
	struct nsc_tty_relay_request request = {
		.caller = &outer, .pty = inner, .tap = &tap, .end = end,
	};
	sigset_t all;

	outer.in = outer.out = outer.size = to->slave;
	outer.eager = outer.terminal = outer.raw = true;
	nsc_process_all_signals(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	request.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	nsc_tty_relay(&request);
	_exit(tap.failed);
}

/* What waits in the terminal is one message, and nothing is missing. */
START_TEST(what_waits_is_one_message)
{
	struct nsc_pty inner = terminal_pair(), outer = terminal_new();
	char message[1 + NSC_RECORDER_DATA];
	int recorder[2], end[2], status;
	size_t filled, at = 0, longest = 0;
	ssize_t n;
	pid_t pid;

	ck_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, recorder) == 0 &&
		  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end) == 0);
	fcntl(outer.slave, F_SETFL, O_NONBLOCK);
	fcntl(inner.slave, F_SETFL, O_NONBLOCK);
	filled = fill(inner.slave);
	ck_assert_uint_gt(filled, 4096);
	pid = fork();
	if (pid == 0) {
		close(recorder[0]);
		close(end[0]);
		be_relay(&inner, &outer, recorder[1], end[1]);
	}
	close(recorder[1]);
	while (at < filled) {
		n = recv(recorder[0], message, sizeof(message), 0);
		ck_assert_int_gt(n, 0);
		if (message[0] != NSC_RECORDER_OUTPUT)
			continue;
		for (ssize_t i = 1; i < n; i++, at++)
			ck_assert_int_eq(message[i], pattern(at));
		longest = (size_t)n > longest ? (size_t)n : longest;
	}
	ck_assert_uint_gt(longest, 1 + 4096);
	close(end[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_waits_is_one_message, NULL };
	Suite *suite = suite_create("relay_tap");
	TCase *tcase = tcase_create("relay_tap");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
