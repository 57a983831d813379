/* SPDX-License-Identifier: Apache-2.0 */
/* lib/session/tty_relay.c: what a relay waits for, and its output. */
#include "relay_steps.h"

/* --- output */

static const struct {
	bool recorder;
	size_t next, outwards;	/* bytes in them */
	bool room;
} rooms[] = {
	{ false, 0, 0, true }, { false, 1, 0, false }, { false, 0, 1, false },
	{ false, 1, 1, false },
	{ true, 0, 0, true }, { true, 0, 1, true },
	{ true, (PARTS - 1) * PART, 1, true },
	{ true, (PARTS - 1) * PART + 1, 0, false },
};

START_TEST(room)
{
	rest();
	tap.recorder = rooms[_i].recorder ? 0 : -1;
	r.next->end = rooms[_i].next;
	r.outwards->end = rooms[_i].outwards;
	ck_assert_int_eq(has_room(&r), rooms[_i].room);
}
END_TEST

START_TEST(take)
{
	rest();
	put(r.next, "ab");
	say(inside, "cd");
	ck_assert_int_eq(relay_take(&r), 1);
	ck_assert(holds(r.next, "abcd"));
	ck_assert_int_eq(relay_take(&r), -EAGAIN);
	nsc_fd_close(&inside);
	errno = EPERM;
	ck_assert_int_eq(relay_take(&r), 0);
	ck_assert(holds(r.next, "abcd"));
}
END_TEST

START_TEST(turn)
{
	rest();
	ck_assert(!relay_turn(&r));
	went("");
	put(r.next, "a");
	put(r.outwards, "bc");
	r.outwards->at = 2;
	ck_assert(relay_turn(&r));
	went("record a\n");
	ck_assert(holds(r.outwards, "a"));
	ck_assert_uint_eq(r.next->at | r.next->end, 0);
	ck_assert_ptr_ne(r.next, r.outwards);
	/* What cannot be recorded is not shown. */
	put(r.next, "d");
	recorded = false;
	finds(0, 0, 0);
	ck_assert(!relay_turn(&r));
	went("record d\npoll 1 for 1000\n  0: out\nclose\nrestore\n");
	was_hung_up();
}
END_TEST

START_TEST(shown_when_it_may_be)
{
	rest();
	say(inside, "abc");
	relay_output(&r, false);
	went("record abc\n");
	ck_assert_str_eq(got(shown), "");
	ck_assert(holds(r.outwards, "abc") && !r.quiet && !r.ended);
	/* One write for each time that poll(2) allows one. */
	say(inside, "def");
	takes = 2;
	relay_output(&r, true);
	ck_assert_str_eq(got(shown), "ab");
	takes = 100;
	relay_output(&r, true);
	ck_assert_str_eq(got(shown), "c");
	went("");
	relay_output(&r, true);
	ck_assert_str_eq(got(shown), "def");
	went("record def\n");
	relay_output(&r, true);
	went("");
}
END_TEST

/* The caller's terminal never blocks. */
START_TEST(shown_at_once)
{
	rest();
	caller.eager = true;
	say(inside, "abc");
	takes = 2;
	relay_output(&r, false);
	ck_assert_str_eq(got(shown), "abc");
	went("record abc\n");
	ck_assert(!r.ended && !r.no_input);
	say(inside, "def");
	write_result = -1;
	write_error = EAGAIN;
	relay_output(&r, false);
	ck_assert(holds(r.outwards, "def"));
	write_error = EIO;
	relay_output(&r, false);
	was_hung_up();
	went("record def\nclose\nrestore\n");
}
END_TEST

/* Signals have their turn in between. */
START_TEST(much)
{
	static char data[2 * BURST];
	size_t n = 0;

	rest();
	caller.eager = true;
	for (int fd = 0; fd < 2; fd++) {
		int size = 1024 * 1024;

		setsockopt(fd ? inside : caller.out, SOL_SOCKET, SO_SNDBUF,
			   &size, sizeof(size));
	}
	ck_assert_int_eq(__real_write(inside, data, sizeof(data)),
			 sizeof(data));
	relay_output(&r, false);
	for (ssize_t part; (part = __real_read(shown, data, PART)) > 0;)
		n += (size_t)part;
	ck_assert_uint_eq(n, BURST);
}
END_TEST

/* What comes while a part is written becomes one message. */
START_TEST(recorded_in_one_message)
{
	char data[3 * PART] = { 0 };

	rest();
	tap.recorder = 0;
	ck_assert_int_eq(__real_write(inside, data, sizeof(data)),
			 sizeof(data));
	relay_output(&r, false);
	went("record 12288\n");
	ck_assert_uint_eq(r.outwards->end, sizeof(data));
	/* A part at a time while the last one is written. */
	ck_assert_int_eq(__real_write(inside, data, sizeof(data)),
			 sizeof(data));
	relay_output(&r, false);
	ck_assert_uint_eq(r.next->end, PART);
	relay_output(&r, false);
	ck_assert_uint_eq(r.next->end, 2 * PART);
	went("");
	/* Recorded when the last one is shown, and shown the next time. */
	r.outwards->at = sizeof(data) - 1;
	relay_output(&r, true);
	went("record 12288\n");
	ck_assert_uint_eq(r.outwards->end - r.outwards->at, sizeof(data));
}
END_TEST

/* No process inside has the terminal open, but one may open it again. */
START_TEST(terminal_without_a_user)
{
	for (int with = 0; with < 2; with++) {
		int slave;

		rest();
		r.child = with ? CHILD : 0;
		with_terminal();
		slave = ioctl(pty.master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
		relay_output(&r, true);
		ck_assert(!r.quiet && !r.ended);
		nsc_fd_close(&slave);
		relay_output(&r, true);
		ck_assert(r.quiet && r.ended == !with);
	}
}
END_TEST

/* --- what is waited for */

static const struct {
	bool closed, paused, quiet, no_input, pending;
	int ms;
} waits_for[] = {
	{ .ms = -1 }, { .closed = true, .quiet = true, .ms = -1 },
	{ .paused = true, .ms = BACKGROUND_MS },
	{ .paused = true, .quiet = true, .ms = EOF_MS },
	{ .quiet = true, .ms = EOF_MS }, { .no_input = true, .ms = EOF_MS },
	{ .no_input = true, .pending = true, .ms = -1 },
	{ .pending = true, .ms = -1 },
};

START_TEST(how_long)
{
	rest();
	if (waits_for[_i].closed)
		nsc_fd_close(&pty.master);
	r.paused = waits_for[_i].paused;
	r.quiet = waits_for[_i].quiet;
	r.no_input = waits_for[_i].no_input;
	if (waits_for[_i].pending)
		put(&r.inwards, "a");
	ck_assert_int_eq(timeout(&r), waits_for[_i].ms);
}
END_TEST

START_TEST(who_reads)
{
	for (int i = 0; i < 8; i++) {
		rest();
		r.no_input = i & 1;
		r.paused = i & 2;
		caller.silent = i & 4;
		ck_assert_int_eq(reads(&r), i == 0);
	}
}
END_TEST

#define AT_REST "poll 6 for -1\n  0: in\n  1: in\n  2: in\n"

static const struct {
	const char *in, *out, *next;	/* what is in the parts, or NULL */
	bool quiet, paused, no_input, end, recorder;
	const char *polled;
} rounds[] = {
	{ .polled = AT_REST },
	{ .end = true, .polled = AT_REST "  5: in\n" },
	{ .in = "i", .polled = "poll 6 for -1\n  0: in\n  2: inout\n" },
	{ .out = "o", .polled = "poll 6 for -1\n  0: in\n  1: in\n"
				"  3: out\n" },
	{ .next = "n", .polled = "poll 6 for -1\n  0: in\n  1: in\n" },
	{ .in = "i", .out = "o",
	  .polled = "poll 6 for -1\n  0: in\n  2: out\n  3: out\n" },
	{ .quiet = true, .polled = "poll 6 for 50\n  0: in\n  1: in\n" },
	{ .quiet = true, .in = "i", .polled = "poll 6 for 50\n  0: in\n" },
	{ .paused = true, .polled = "poll 6 for 250\n  0: in\n  2: in\n" },
	{ .no_input = true, .polled = "poll 6 for 50\n  0: in\n  2: in\n" },
	{ .out = "o", .recorder = true, .polled = AT_REST "  3: out\n" },
};

START_TEST(waited_for)
{
	rest();
	if (rounds[_i].in)
		put(&r.inwards, rounds[_i].in);
	if (rounds[_i].out)
		put(r.outwards, rounds[_i].out);
	if (rounds[_i].next)
		put(r.next, rounds[_i].next);
	r.quiet = rounds[_i].quiet;
	r.paused = rounds[_i].paused;
	r.no_input = rounds[_i].no_input;
	r.end = rounds[_i].end ? 0 : -1;
	tap.recorder = rounds[_i].recorder ? 0 : -1;
	finds(1, -1, 0);
	one_round(&r);
	went(rounds[_i].polled);
	ck_assert(!r.quiet && !r.ended);
	ck_assert_int_eq(r.paused, rounds[_i].paused);
}
END_TEST

/* One round in which poll(2) finds this; the tape has what follows. */
static void one(int ret, int which, short revents)
{
	const char *last;

	finds(ret, which, revents);
	tape[0] = '\0';
	one_round(&r);
	last = strrchr(tape, ':');
	last = last ? strchr(last, '\n') + 1 : tape;
	memmove(tape, last, strlen(last) + 1);
}

START_TEST(nothing_comes)
{
	rest();
	r.no_input = true;
	with_terminal();
	finds(0, -1, 0);
	finds(0, -1, 0);
	one_round(&r);
	went("poll 6 for 50\n  0: in\n  2: in\npoll 1 for 0\n  0: in\n");
	ck_assert(holds(&r.inwards, "\x04"));
	/* As long as something comes, no key is pressed. */
	rest();
	r.no_input = true;
	finds(1, -1, 0);
	one_round(&r);
	went("poll 6 for 50\n  0: in\n  2: in\n");
	/* The shell has put us in front. */
	rest();
	r.paused = true;
	one(0, -1, 0);
	went("raw\nsize\n");
	ck_assert(!r.paused);
	rest();
	r.paused = background = true;
	one(0, -1, 0);
	went("");
	rest();
	r.paused = true;
	one(1, -1, 0);
	went("");
	ck_assert(r.paused);
	rest();
	one(0, -1, 0);
	went("");
	/* It is not read before poll(2) says so. */
	say(inside, "abc");
	one(1, -1, 0);
	went("");
}
END_TEST

START_TEST(something_comes)
{
	rest();
	say(inside, "abc");
	one(1, MASTER, POLLIN);
	went("record abc\n");
	ck_assert_str_eq(got(shown), "");
	one(1, OUT, POLLOUT);
	went("");
	ck_assert_str_eq(got(shown), "abc");
	/* Its last user has gone. */
	say(inside, "d");
	one(1, MASTER, POLLHUP);
	went("record d\n");
	/* There is no room: only what can be shown is. */
	say(inside, "e");
	one(1, MASTER, POLLIN);
	went("");
	ck_assert_str_eq(got(shown), "");
	one(1, OUT, POLLERR);
	ck_assert_str_eq(got(shown), "d");
	put(&r.inwards, "in");
	one(1, MASTER, POLLOUT);
	ck_assert_str_eq(got(inside), "in");
	put(&r.inwards, "in");
	one(1, MASTER, POLLIN);
	ck_assert_str_eq(got(inside), "");
	r.inwards.at = r.inwards.end = 0;
	say(typed, "xyz");
	tape[0] = '\0';
	one(1, IN, POLLIN);
	went("record input xyz\n");
	ck_assert(!r.ended);
}
END_TEST

START_TEST(an_end_comes)
{
	const struct signalfd_siginfo info = {
		.ssi_signo = SIGUSR2, .ssi_code = SI_USER,
	};

	rest();
	ck_assert_int_eq(__real_write(sent, &info, sizeof(info)),
			 sizeof(info));
	one(1, -1, 0);
	went("");
	one(1, SIGNALS, POLLIN);
	went("kill 4242 12\n");
	r.end = 0;
	one(1, END, POLLHUP);
	ck_assert(r.ended);
	went("");
	/* The recorder has ended, and the session may go on, or not. */
	rest();
	tap.recorder = 0;
	one(1, TAP, POLLHUP);
	went("lost\n");
	ck_assert(pty.master >= 0);
	recorded = false;
	finds(1, TAP, POLLHUP);
	finds(0, 0, 0);
	one_round(&r);
	ck_assert_ptr_nonnull(strstr(tape, "lost\npoll 1 for 1000\n"));
	was_hung_up();
	rest();
	recorded = false;
	tap.recorder = 0;
	one(1, -1, 0);
	went("");
}
END_TEST

/* --- the end */

START_TEST(flushed)
{
	const struct signalfd_siginfo info = {
		.ssi_signo = SIGTERM, .ssi_code = SI_USER,
	};

	rest();
	flush(&r);
	went("");
	put(r.outwards, "abcd");
	takes = 2;
	finds(-1, 1, POLLOUT);
	finds(0, 1, POLLOUT);
	finds(1, 0, 0);
	finds(1, 1, POLLOUT);
	finds(1, 1, POLLERR);
	flush(&r);
	ck_assert_str_eq(got(shown), "abcd");
	went("poll 2 for -1\n  0: in\n  1: out\n"
	     "poll 2 for -1\n  0: in\n  1: out\n"
	     "poll 2 for -1\n  0: in\n  1: out\n"
	     "poll 2 for -1\n  0: in\n  1: out\n"
	     "poll 2 for -1\n  0: in\n  1: out\n");
	/* A signal gives it up. */
	rest();
	put(r.outwards, "abcd");
	r.ended = true;
	ck_assert_int_eq(__real_write(sent, &info, sizeof(info)),
			 sizeof(info));
	finds(1, 1, 0);
	finds(1, 0, POLLIN);
	flush(&r);
	ck_assert(r.give_up && holds(r.outwards, "abcd"));
	ck_assert_str_eq(got(shown), "");
}
END_TEST

START_TEST(the_rest)
{
	rest();
	put(r.outwards, "ab");
	say(inside, "cd");
	finds(1, 1, POLLOUT);
	finds(1, 1, POLLOUT);
	read_the_rest(&r);
	ck_assert_str_eq(got(shown), "abcd");
	ck_assert_uint_eq(polls_done, 2);
	/* Hung up: nothing is read. */
	rest();
	nsc_fd_close(&pty.master);
	calls = 0;
	read_the_rest(&r);
	went("");
	rest();
	r.give_up = true;
	say(inside, "cd");
	read_the_rest(&r);
	went("");
	ck_assert_str_eq(got(shown), "");
}
END_TEST

/* Of a process that goes on to write, not more than the kernel has kept. */
START_TEST(not_for_ever)
{
	static char data[BURST];

	rest();
	calls = 1000;
	for (size_t i = 0; i < POLLS; i++)
		finds(1, 1, POLLOUT);
	/* Each part is written by the poll(2) that allows it. */
	ck_assert_int_eq(__real_write(inside, data, sizeof(data)),
			 sizeof(data));
	again = true;
	read_the_rest(&r);
	ck_assert_uint_eq(polls_done, LAST_BYTES / PART);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		take, turn, shown_when_it_may_be, shown_at_once, much,
		recorded_in_one_message, terminal_without_a_user, who_reads,
		nothing_comes, something_comes, an_end_comes, flushed,
		the_rest, not_for_ever, NULL,
	};
	Suite *suite = suite_create("relay_rounds");
	TCase *tcase = unit_case("relay_rounds");

	tcase_add_checked_fixture(tcase, NULL, close_all);
	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, room, 0, NSC_ARRAY_SIZE(rooms));
	tcase_add_loop_test(tcase, how_long, 0, NSC_ARRAY_SIZE(waits_for));
	tcase_add_loop_test(tcase, waited_for, 0, NSC_ARRAY_SIZE(rounds));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
