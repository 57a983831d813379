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

#define ALL ((size_t)1024 * 1024)

static void make_raw(int slave)
{
	struct termios modes;

	tcgetattr(slave, &modes);
	cfmakeraw(&modes);
	tcsetattr(slave, TCSANOW, &modes);
}

/* Write to the terminal until it is full; returns the number of bytes. */
static size_t fill(int slave)
{
	size_t n = 0;
	char byte;

	make_raw(slave);
	do
		byte = pattern(n);
	while (n < MOST && write(slave, &byte, 1) == 1 && ++n);
	return n;
}

/* out: -1, or a pipe that gets the output. */
static void __attribute__((noreturn))
be_relay(struct nsc_pty *inner, const struct nsc_pty *to, int out,
	 const int *sockets)
{
	struct nsc_tty_outer outer = NSC_TTY_OUTER_INIT;
	struct nsc_tap tap = { .recorder = sockets[0] };
	struct nsc_tty_relay_request request = {
		.caller = &outer, .pty = inner, .tap = &tap,
		.end = sockets[1],
	};
	sigset_t all;

	outer.in = outer.out = outer.size = to->slave;
	outer.eager = outer.terminal = outer.raw = true;
	if (out >= 0) {
		outer.out = out;
		outer.eager = false;
	}
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
		be_relay(&inner, &outer, -1,
			 (int[]){ recorder[1], end[1] });
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

static void __attribute__((noreturn)) be_program(int slave)
{
	char data[3000];

	for (size_t at = 0; at < ALL;) {
		size_t n = 0;
		ssize_t written;

		for (; n < sizeof(data) && at + n < ALL; n++)
			data[n] = pattern(at + n);
		written = write(slave, data, n);
		if (written <= 0)
			_exit(1);
		at += (size_t)written;
	}
	pause();
	_exit(0);
}

/* Returns the sum of at and the bytes that there are now; all are right. */
static size_t take(int fd, size_t at, bool messages)
{
	char data[1 + NSC_RECORDER_DATA];
	ssize_t n;

	while (nsc_process_poll(fd, nsc_process_now()) > 0 &&
	       (n = read(fd, data, sizeof(data))) > 0) {
		if (messages && data[0] != NSC_RECORDER_OUTPUT)
			continue;
		for (ssize_t i = messages; i < n; i++, at++)
			if (data[i] != pattern(at))
				ck_abort_msg("byte %zu is wrong", at);
	}
	return at;
}

/* On a terminal that takes at once what it can, and on a pipe. */
START_TEST(all_is_recorded_before_it_is_shown)
{
	struct nsc_pty inner = terminal_pair(), outer = terminal_new();
	int recorder[2], end[2], out[2], status, from;
	size_t shown = 0, recorded = 0;
	pid_t pid, program;

	make_raw(inner.slave);
	make_raw(outer.slave);
	fcntl(outer.slave, F_SETFL, O_NONBLOCK);
	program = fork();
	if (program == 0)
		be_program(inner.slave);
	ck_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, recorder) == 0 &&
		  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end) == 0 &&
		  pipe(out) == 0);
	pid = fork();
	if (pid == 0) {
		close(recorder[0]);
		close(end[0]);
		be_relay(&inner, &outer, _i ? out[1] : -1,
			 (int[]){ recorder[1], end[1] });
	}
	close(recorder[1]);
	from = _i ? out[0] : outer.master;
	while (shown < ALL) {
		struct pollfd p[] = {
			{ from, POLLIN, 0 }, { recorder[0], POLLIN, 0 },
		};

		ck_assert_int_gt(poll(p, 2, WAIT_MS), 0);
		shown = take(from, shown, false);
		recorded = take(recorder[0], recorded, true);
		ck_assert_uint_le(shown, recorded);
	}
	ck_assert_uint_eq(recorded, ALL);
	close(end[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	kill(program, SIGKILL);
	ck_assert_int_eq(waitpid(program, NULL, 0), program);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { what_waits_is_one_message, NULL };
	Suite *suite = suite_create("relay_tap");
	TCase *tcase = tcase_create("relay_tap");

	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, all_is_recorded_before_it_is_shown, 0, 2);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
