/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/tty_relay.c and tty_outer.c on two ptys, without privileges: the
 * test types at one pty, whose session leader relays; the leader's child, on
 * the other pty, stands for the program in a container.
 */
#include "unit.h"

#include <sys/signalfd.h>
#include <sys/socket.h>

#include "terminal.h"
#include "session/tty_outer.h"
#include "session/tty_relay.h"
#include "util/fd.h"

#define MIB ((size_t)1024 * 1024)

enum { TERMINAL = -1 };		/* in or out of a relay; else descriptors */

struct setup {
	void (*program)(void);
	int in, out;
	int hang_up;
	bool background;	/* another group has the terminal at first */
};

static struct {
	struct nsc_pty outer;
	pid_t relay;
	int master;		/* the master of outer */
	size_t *shared;		/* where a program reports a number */
	int front[2];		/* a byte puts the relay into foreground */
	bool late;		/* the program ends before the relay begins */
} the;

/* --- the process that relays */

static pid_t start_program(const struct setup *s, struct nsc_pty *inner)
{
	const int fds[] = { 0, 1, 2 };
	struct nsc_error err = NSC_ERROR_INIT;
	sigset_t none;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	sigemptyset(&none);
	if (nsc_pty_take(inner, fds, 3, &err) < 0 ||
	    nsc_process_keep_only(NULL, 0) < 0)
		_exit(99);
	sigprocmask(SIG_SETMASK, &none, NULL);
	s->program();
	_exit(0);
}

/* Give the terminal to another group, which returns it when told to. */
static void go_into_background(void)
{
	pid_t relay = getpgrp(), pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		(void)!read(the.front[0], &(char){ 0 }, 1);
		tcsetpgrp(0, relay);
		_exit(0);
	}
	setpgid(pid, pid);
	tcsetpgrp(0, pid);
}

static void __attribute__((noreturn)) be_relay(const struct setup *s)
{
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	struct nsc_pty inner = terminal_pair();
	struct nsc_tty_relay_request request = {
		.caller = &caller,
		.pty = &inner,
		.tap = &(struct nsc_tap)NSC_TAP_INIT, .end = -1,
		.hang_up = s->hang_up,
	};
	struct nsc_error err = NSC_ERROR_INIT;
	const int keep[] = { the.outer.slave, s->in, s->out, the.front[0],
			     inner.master, inner.slave };
	int ret, status;
	sigset_t all;

	nsc_process_keep_only(keep, NSC_ARRAY_SIZE(keep));
	/* libcheck's handlers pass on what they get. */
	nsc_process_default_signals();
	nsc_process_all_signals(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	request.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (setsid() < 0 || ioctl(the.outer.slave, TIOCSCTTY, 0) < 0)
		_exit(98);
	dup2(s->in == TERMINAL ? the.outer.slave : s->in, 0);
	dup2(s->out == TERMINAL ? the.outer.slave : s->out, 1);
	dup2(the.outer.slave, 2);
	close(the.outer.slave);
	if (s->background)
		go_into_background();
	ret = s->in == TERMINAL && s->out == TERMINAL ?
		      nsc_tty_outer_open_terminal(2, &caller, &err) :
		      nsc_tty_outer_open(&caller, &err);
	if (ret < 0)
		_exit(97);
	nsc_pty_copy_size(&inner, caller.size);
	nsc_tty_outer_set_raw(&caller);
	request.child = start_program(s, &inner);
	if (the.late) {
		struct signalfd_siginfo told;
		siginfo_t info;

		waitid(P_PID, (id_t)request.child, &info, WEXITED | WNOWAIT);
		while (read(request.signals, &told, sizeof(told)) > 0)
			;
	}
	status = nsc_tty_relay(&request);
	nsc_tty_outer_close(&caller);
	nsc_process_end_like(status);
}

static void start(const struct setup *s)
{
	the.outer = terminal_new();
	the.master = the.outer.master;
	fcntl(the.master, F_SETFL, 0);
	ck_assert_int_eq(pipe(the.front), 0);
	the.relay = fork();
	if (the.relay == 0)
		be_relay(s);
	/* The slave stays open, because its modes are checked at the end. */
}

static void start_on_terminal(void (*program)(void))
{
	start(&(struct setup){ program, TERMINAL, TERMINAL, 0, false });
}

/* The relay must end like its program, and restore the terminal. */
static void ended_with(int expected)
{
	int64_t deadline = nsc_process_now() + WAIT_MS;
	int status = -1, ret;

	while ((ret = waitpid(the.relay, &status, WNOHANG)) == 0 &&
	       nsc_process_now() < deadline)
		pause_ms(5);
	if (ret == 0)
		kill(the.relay, SIGKILL);
	ck_assert_msg(ret == the.relay && status == expected,
		      "status 0x%x, expected 0x%x", status, expected);
	ck_assert(terminal_is_ours(the.outer.slave));
}

#include "relay_programs.h"

/* --- tests */

/* Read while the bytes match the pattern; returns their number. */
static size_t read_all(int fd, size_t most, long slowly)
{
	char data[8192];
	size_t at = 0;
	ssize_t n = 0;

	while (at < most && nsc_process_poll(fd, nsc_process_now() +
					     WAIT_MS) > 0 &&
	       (n = read(fd, data, slowly ? 4096 : sizeof(data))) > 0) {
		for (ssize_t i = 0; i < n; i++, at++)
			if (data[i] != pattern(at))
				ck_abort_msg("byte %zu is wrong", at);
		if (slowly && at < most / 8)
			pause_ms(slowly);
	}
	return at;
}

enum kind { ON_TERMINAL, ON_PIPE, ON_SOCKET };

static const struct {
	enum kind out;
	long slowly;		/* pause of a reader between two reads */
} outs[] = {
	{ ON_TERMINAL, 0 }, { ON_TERMINAL, 5 },
	{ ON_PIPE, 0 }, { ON_PIPE, 5 },
	{ ON_SOCKET, 0 }, { ON_SOCKET, 5 },
};

START_TEST(output_is_unchanged)
{
	struct setup s = { write_pattern, TERMINAL, TERMINAL, 0, false };
	int pair[2] = { -1, -1 }, from;

	if (outs[_i].out == ON_PIPE)
		ck_assert_int_eq(pipe(pair), 0);
	if (outs[_i].out == ON_SOCKET)
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	if (outs[_i].out != ON_TERMINAL)
		s.out = pair[1];
	start(&s);
	from = outs[_i].out == ON_TERMINAL ? the.master : pair[0];
	expect(from, "ready");
	ck_assert_uint_eq(read_all(from, MIB, outs[_i].slowly), MIB);
	/* The caller's own descriptors are still blocking. */
	if (pair[1] >= 0)
		ck_assert_int_eq(fcntl(pair[1], F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(fcntl(the.outer.slave, F_GETFL) & O_NONBLOCK, 0);
	ended_with(7 << 8);
}
END_TEST

START_TEST(input_is_unchanged)
{
	size_t at = 0;

	start_on_terminal(read_pattern);
	expect(the.master, "ready");
	ck_assert(terminal_is_raw(the.outer.slave));
	while (at < MIB) {
		char data[777];
		size_t n = 0;

		while (n < sizeof(data) && at + n < MIB) {
			data[n] = pattern(at + n);
			n++;
		}
		type(the.master, data, n);
		at += n;
	}
	expect(the.master, "all right.");
	ended_with(0);
}
END_TEST

/* None of the keys acts on the relay or on the terminal outside. */
START_TEST(keys_are_bytes)
{
	const char keys[] = "\x03\x1a\x1c\x11\x13\x04\x16\x7f\r\n\xff\0\x11";
	char text[8];

	start_on_terminal(show_keys);
	expect(the.master, "ready");
	for (size_t i = 0; i < sizeof(keys) - 1; i++) {
		type(the.master, keys + i, 1);
		snprintf(text, sizeof(text), "%02x.",
			 (unsigned int)(unsigned char)keys[i]);
		expect(the.master, text);
	}
	type(the.master, "q", 1);
	ended_with(0);
}
END_TEST

START_TEST(size_and_interrupt)
{
	const struct winsize size = { 50, 132, 0, 0 };

	start_on_terminal(tell_signals);
	expect(the.master, "33x77.");
	expect(the.master, "ready");
	ioctl(the.master, TIOCSWINSZ, &size);
	expect(the.master, "50x132.");
	/* The terminal inside is not raw, and turns it into a signal. */
	type(the.master, "\x03", 1);
	expect(the.master, "interrupted.");
	/* Signals from another process go to the program. */
	kill(the.relay, SIGINT);
	expect(the.master, "interrupted.");
	kill(the.relay, SIGTERM);
	ended_with(SIGTERM << 8);
}
END_TEST

START_TEST(program_killed)
{
	start_on_terminal(die);
	ended_with(SIGKILL);
	the.late = true;
	start_on_terminal(die);
	ended_with(SIGKILL);
}
END_TEST

/* After SIGKILL, the relay's child restores the terminal. */
START_TEST(relay_killed)
{
	start_on_terminal(tell_signals);
	expect(the.master, "ready");
	ck_assert(terminal_is_raw(the.outer.slave));
	kill(the.relay, SIGKILL);
	ck_assert_int_eq(waitpid(the.relay, NULL, 0), the.relay);
	WAIT_UNTIL(terminal_is_ours(the.outer.slave));
	/* The program's terminal is hung up. */
	WAIT_UNTIL(*the.shared == SIGHUP);
}
END_TEST

/* The child restores nothing if another process has changed the modes. */
START_TEST(relay_killed_terminal_changed)
{
	struct termios modes;

	start_on_terminal(tell_signals);
	expect(the.master, "ready");
	tcgetattr(the.outer.slave, &modes);
	modes.c_lflag |= ECHO;
	tcsetattr(the.outer.slave, TCSANOW, &modes);
	kill(the.relay, SIGKILL);
	ck_assert_int_eq(waitpid(the.relay, NULL, 0), the.relay);
	WAIT_UNTIL(*the.shared == SIGHUP);
	pause_ms(100);
	ck_assert(!terminal_is_ours(the.outer.slave));
}
END_TEST

START_TEST(stopped_and_continued)
{
	int status;

	start_on_terminal(stop);
	ck_assert_int_eq(waitpid(the.relay, &status, WUNTRACED), the.relay);
	ck_assert(WIFSTOPPED(status));
	/* The shell gets a usable terminal back. */
	ck_assert(terminal_is_ours(the.outer.slave));
	kill(the.relay, SIGCONT);
	expect(the.master, "go on.");
	ended_with(4 << 8);
}
END_TEST

static const struct {
	int signal, got;	/* the one to send, and the program's */
} hang_ups[] = {
	{ 0, SIGHUP }, { SIGTERM, SIGTERM },
};

/* The caller's line is hung up. */
START_TEST(caller_hangs_up)
{
	struct setup s = { tell_signals, TERMINAL, TERMINAL,
			   hang_ups[_i].signal, false };
	int status;

	start(&s);
	expect(the.master, "ready");
	close(the.master);
	close(the.outer.slave);
	ck_assert_int_eq(waitpid(the.relay, &status, 0), the.relay);
	ck_assert_int_eq(status, hang_ups[_i].got << 8);
	ck_assert_uint_eq(*the.shared, (size_t)hang_ups[_i].got);
}
END_TEST

/* The reader of the output has gone. */
START_TEST(reader_goes)
{
	int pair[2];

	ck_assert_int_eq(_i ? socketpair(AF_UNIX, SOCK_STREAM, 0, pair) :
			      pipe(pair), 0);
	start(&(struct setup){ write_pattern, TERMINAL, pair[1], 0, false });
	expect(pair[0], "ready");
	close(pair[1]);
	close(pair[0]);
	/* The program ignores no signal, so it dies. */
	ended_with(SIGHUP);
}
END_TEST

/* A pipe at its end gives an end of input to each read. */
START_TEST(end_of_input)
{
	int in[2], out[2];

	ck_assert_int_eq(pipe(in) | pipe(out), 0);
	type(in[1], "one\ntwo", 7);
	close(in[1]);
	start(&(struct setup){ read_lines, in[0], out[1], 0, false });
	close(out[1]);
	expect(out[0], "one\r\ntwo");
	ended_with(5 << 8);
	ck_assert_uint_eq(*the.shared, 7);
}
END_TEST

START_TEST(output_after_the_end)
{
	size_t got = 0;
	char data[4096];
	ssize_t n;

	start_on_terminal(write_and_end);
	expect(the.master, "ready");
	/* The program has filled all buffers and has ended by now. */
	pause_ms(1000);
	ck_assert_uint_gt(*the.shared, 0);
	while (nsc_process_poll(the.master, nsc_process_now() + 500) > 0 &&
	       (n = read(the.master, data, sizeof(data))) > 0)
		got += (size_t)n;
	ck_assert_uint_eq(got, *the.shared);
	ended_with(6 << 8);
}
END_TEST

/* With an unread terminal, a signal still ends the relay. */
START_TEST(output_is_given_up)
{
	start_on_terminal(write_and_end);
	expect(the.master, "ready");
	pause_ms(1000);
	kill(the.relay, SIGTERM);
	ended_with(6 << 8);
}
END_TEST

/* Input belongs to another group until the relay has the terminal. */
START_TEST(background)
{
	int waiting = 0;

	start(&(struct setup){ show_keys, TERMINAL, TERMINAL, 0, true });
	expect(the.master, "ready");
	ck_assert(terminal_is_ours(the.outer.slave));
	type(the.master, "a\nb\x04\x04", 5);
	pause_ms(600);
	ioctl(the.outer.slave, FIONREAD, &waiting);
	ck_assert_int_eq(waiting, 3);
	type(the.front[1], "", 1);
	/* Its keys for the end of the input are no NUL. */
	expect(the.master, "61.0a.62.04.04.");
	WAIT_UNTIL(terminal_is_raw(the.outer.slave));
	type(the.master, "q", 1);
	ended_with(0);
}
END_TEST

/*
 * What was typed at a line editor, which reads '\r' in a raw terminal and has
 * left the rest, is a line, and ends no input.
 */
START_TEST(typed_at_an_editor)
{
	struct termios modes, raw;

	start(&(struct setup){ show_keys, TERMINAL, TERMINAL, 0, true });
	expect(the.master, "ready");
	tcgetattr(the.outer.slave, &modes);
	raw = modes;
	cfmakeraw(&raw);
	tcsetattr(the.outer.slave, TCSANOW, &raw);
	type(the.master, "a\r", 2);
	pause_ms(100);
	tcsetattr(the.outer.slave, TCSANOW, &modes);
	type(the.front[1], "", 1);
	WAIT_UNTIL(terminal_is_raw(the.outer.slave));
	type(the.master, "zq", 2);
	expect(the.master, "61.0d.7a.");
	ended_with(0);
}
END_TEST

static void prepare(void)
{
	the.shared = unit_shared(sizeof(size_t));
	signal(SIGPIPE, SIG_IGN);
}

int main(void)
{
	const TTest *const tests[] = {
		input_is_unchanged, keys_are_bytes, size_and_interrupt,
		program_killed, relay_killed, relay_killed_terminal_changed,
		stopped_and_continued, end_of_input, output_after_the_end,
		output_is_given_up, background, typed_at_an_editor, NULL,
	};
	Suite *suite = suite_create("relay");
	TCase *tcase = tcase_create("relay");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, prepare, NULL);
	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, output_is_unchanged, 0,
			    NSC_ARRAY_SIZE(outs));
	tcase_add_loop_test(tcase, caller_hangs_up, 0,
			    NSC_ARRAY_SIZE(hang_ups));
	tcase_add_loop_test(tcase, reader_goes, 0, 2);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
