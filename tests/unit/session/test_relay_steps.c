/* SPDX-License-Identifier: Apache-2.0 */
/* lib/session/tty_relay.c: each step of a relay alone. */
#include "relay_steps.h"

/* --- the end of a line */

START_TEST(hang_up)
{
	rest();
	r.hang_up = SIGTERM;
	r.inwards.at = r.output[0].at = 3;
	r.inwards.end = r.output[0].end = r.output[1].end = 9;
	relay_hang_up(&r);
	went("kill 4242 15\nclose\nrestore\n");
	was_hung_up();
	ck_assert(!r.ended);
	ck_assert_uint_eq(r.inwards.at | r.inwards.end | r.outwards->at |
			  r.outwards->end, 0);
	/* Once is enough. */
	relay_hang_up(&r);
	went("close\nrestore\n");
	rest();
	relay_hang_up(&r);
	went("close\nrestore\n");
	was_hung_up();
	rest();
	r.child = 0;
	r.hang_up = SIGTERM;
	relay_hang_up(&r);
	went("close\nrestore\n");
	ck_assert(r.ended);
}
END_TEST

START_TEST(end_unrecorded)
{
	rest();
	takes = 20;
	for (int i = 0; i < 3; i++)
		finds(1, 0, POLLOUT);
	relay_end_unrecorded(&r);
	ck_assert_str_eq(got(shown), UNRECORDED);
	went("poll 1 for 1000\n  0: out\n"
	     "poll 1 for 1000\n  0: out\n"
	     "poll 1 for 1000\n  0: out\nclose\nrestore\n");
	was_hung_up();
	/* A terminal that is full, or gone. */
	rest();
	finds(0, 0, 0);
	relay_end_unrecorded(&r);
	ck_assert_str_eq(got(shown), "");
	went("poll 1 for 1000\n  0: out\nclose\nrestore\n");
	rest();
	finds(1, 0, POLLOUT);
	write_result = -1;
	relay_end_unrecorded(&r);
	went("poll 1 for 1000\n  0: out\nclose\nrestore\n");
	was_hung_up();
	/* A write of nothing counts for nothing. */
	rest();
	finds(1, 0, POLLOUT);
	finds(1, 0, POLLOUT);
	write_result = 0;
	only_once = true;
	relay_end_unrecorded(&r);
	ck_assert_str_eq(got(shown), UNRECORDED);
	went("poll 1 for 1000\n  0: out\npoll 1 for 1000\n  0: out\n"
	     "close\nrestore\n");
}
END_TEST

/* --- input */

START_TEST(fill)
{
	rest();
	r.inwards.at = 5;
	say(typed, "abc");
	ck_assert_int_eq(relay_fill(&r.inwards, caller.in), 1);
	ck_assert(r.inwards.at == 0 && holds(&r.inwards, "abc"));
	r.inwards.at = 3;
	ck_assert_int_eq(relay_fill(&r.inwards, caller.in), -EAGAIN);
	ck_assert(r.inwards.at == 3 && r.inwards.end == 3);
	nsc_fd_close(&typed);
	errno = EPERM;
	ck_assert_int_eq(relay_fill(&r.inwards, caller.in), 0);
	ck_assert(r.inwards.at == 0 && r.inwards.end == 0);
}
END_TEST

START_TEST(end_of_file_character)
{
	rest();
	/* The socket has no modes. */
	add_eof(&r);
	ck_assert(is_empty(&r.inwards));
	with_terminal();
	put(&r.inwards, "a");
	add_eof(&r);
	ck_assert(holds(&r.inwards, "a\x04"));
	r.inwards.end = PART - 1;
	add_eof(&r);
	ck_assert_uint_eq(r.inwards.end, PART);
	ck_assert_int_eq(r.inwards.data[PART - 1], 4);
	add_eof(&r);
	ck_assert_uint_eq(r.inwards.end, PART);
}
END_TEST

static void reads_ahead(const char *text, bool is_line)
{
	rest();
	with_terminal();
	typed_ahead = true;
	line = is_line;
	if (text)
		say(typed, text);
	else
		nsc_fd_close(&typed);
	read_caller(&r);
	ck_assert(!r.no_input && !r.paused && pty.master >= 0);
}

START_TEST(typed_before)
{
	reads_ahead("ab", true);
	ck_assert(holds(&r.inwards, "ab"));
	went("line b\nraw\n");
	reads_ahead("ab", false);
	ck_assert(holds(&r.inwards, "ab\x04"));
	went("line b\nraw\n");
	/* The key alone. */
	reads_ahead(NULL, true);
	ck_assert(holds(&r.inwards, "\x04"));
	went("raw\n");
	reads_ahead("", false);
	ck_assert(is_empty(&r.inwards));
	went("raw\n");
}
END_TEST

static const struct {
	const char *text;	/* or NULL */
	int error;		/* or 0 */
	bool terminal, behind;	/* is one; in the background */
	bool unrecorded;
	const char *tape;
	bool paused, no_input;
} inputs[] = {
	{ "xyz", .terminal = true, .tape = "record input xyz\n" },
	{ "xyz", .terminal = true, .unrecorded = true,
	  .tape = "record input xyz\npoll 1 for 1000\n  0: out\n"
		  "close\nrestore\n", .no_input = true },
	{ NULL, EAGAIN, .terminal = true, .tape = "" },
	{ NULL, EINTR, .terminal = true, .tape = "" },
	{ NULL, EIO, .terminal = true, .behind = true, .tape = "",
	  .paused = true },
	{ NULL, EIO, .terminal = true, .tape = "close\nrestore\n",
	  .no_input = true },
	{ NULL, ENXIO, .terminal = true, .behind = true,
	  .tape = "close\nrestore\n", .no_input = true },
	/* The end of a file is no end of a line. */
	{ NULL, 0, .terminal = true, .unrecorded = true,
	  .tape = "close\nrestore\n", .no_input = true },
	{ NULL, 0, .tape = "", .no_input = true },
	{ NULL, EIO, .tape = "", .no_input = true },
};

START_TEST(input)
{
	rest();
	read_error = inputs[_i].error;
	caller.terminal = inputs[_i].terminal;
	background = inputs[_i].behind;
	recorded = !inputs[_i].unrecorded;
	finds(0, 0, 0);
	if (inputs[_i].text)
		say(typed, inputs[_i].text);
	else
		nsc_fd_close(&typed);
	read_caller(&r);
	went(inputs[_i].tape);
	ck_assert_int_eq(r.paused, inputs[_i].paused);
	ck_assert_int_eq(r.no_input, inputs[_i].no_input);
	if (inputs[_i].text && recorded)
		ck_assert(holds(&r.inwards, inputs[_i].text));
}
END_TEST

static const struct {
	int result, error;	/* of write(2) */
	const char *left;
} writes[] = {
	{ 1, 0, "" }, { 0, EPERM, "bc" }, { -1, EAGAIN, "bc" },
	{ -1, EINTR, "bc" }, { -1, EIO, "" },
};

START_TEST(written_inside)
{
	rest();
	put(&r.inwards, "abc");
	r.inwards.at = 1;
	write_result = writes[_i].result;
	write_error = writes[_i].error;
	write_inside(&r);
	ck_assert(holds(&r.inwards, writes[_i].left));
	ck_assert_str_eq(got(inside), write_result > 0 ? "bc" : "");
	went("");
}
END_TEST

START_TEST(written_to_the_caller)
{
	bool gone = writes[_i].error == EIO;

	rest();
	put(r.outwards, "abc");
	r.outwards->at = 1;
	write_result = writes[_i].result;
	write_error = writes[_i].error;
	write_caller(&r);
	ck_assert(holds(r.outwards, writes[_i].left));
	went(gone ? "close\nrestore\n" : "");
	ck_assert_int_eq(r.no_input, gone);
}
END_TEST

/* A part at a time, and what did not go stays. */
START_TEST(written_in_parts)
{
	rest();
	r.outwards->end = PART + 10;
	write_caller(&r);
	ck_assert_uint_eq(r.outwards->at, PART);
	takes = 4;
	write_caller(&r);
	ck_assert_uint_eq(r.outwards->at, PART + 4);
}
END_TEST

/* A program reads again after the end of the input. */
START_TEST(end_of_input_again)
{
	rest();
	put(&r.inwards, "a");
	press_eof(&r);
	went("");
	ck_assert(holds(&r.inwards, "a"));
	with_terminal();
	r.inwards.at = r.inwards.end = 1;
	finds(1, 0, POLLIN);
	press_eof(&r);
	went("poll 1 for 0\n  0: in\n");
	ck_assert(is_empty(&r.inwards));
	finds(1, 0, POLLHUP);
	press_eof(&r);
	finds(1, 0, POLLERR);
	press_eof(&r);
	went("poll 1 for 0\n  0: in\nrenew\n"
	     "poll 1 for 0\n  0: in\nrenew\n");
	finds(0, 0, 0);
	press_eof(&r);
	ck_assert(r.inwards.at == 0 && holds(&r.inwards, "\x04"));
	went("poll 1 for 0\n  0: in\n");
}
END_TEST

/* --- jobs */

START_TEST(stops_and_goes_on)
{
	rest();
	stop_ourselves(&r);
	went("restore\nraise 19\nraw\nsize\n");
	ck_assert(!r.paused);
	background = true;
	relay_go_on(&r);
	went("raw\nsize\n");
	ck_assert(r.paused);
	background = false;
	relay_hang_up(&r);
	tape[0] = '\0';
	relay_go_on(&r);
	went("");
	ck_assert(!r.paused);
}
END_TEST

#define STOPPED (SIGTSTP << 8 | 0x7f)

static const struct {
	bool none;		/* no child */
	bool terminal;
	int waited[3];
	size_t n;
	const char *tape;
	bool ended;
} children[] = {
	{ .none = true, .waited = { 0 }, .n = 1, .tape = "" },
	{ .tape = "wait 4242\n" },
	{ .waited = { 7 << 8 }, .n = 1, .tape = "wait 4242\n", .ended = true },
	{ .terminal = true, .waited = { STOPPED, 7 << 8 }, .n = 2,
	  .tape = "wait 4242\nrestore\nraise 19\nraw\nsize\nkill 4242 18\n"
		  "wait 4242\n", .ended = true },
	/* Without a terminal, nothing outside stops. */
	{ .waited = { STOPPED }, .n = 1, .tape = "wait 4242\nwait 4242\n" },
};

START_TEST(child)
{
	rest();
	if (children[_i].none)
		r.child = 0;
	caller.terminal = children[_i].terminal;
	memcpy(waited, children[_i].waited, sizeof(children[_i].waited));
	waits = children[_i].n;
	relay_reap(&r);
	went(children[_i].tape);
	ck_assert_int_eq(r.ended, children[_i].ended);
	ck_assert_int_eq(r.status, r.ended ? 7 << 8 : 0);
}
END_TEST

#define KERNEL 128		/* SI_KERNEL: a key, or the line */

static const struct {
	int number, code;
	const char *tape;
	bool ended, no_key;
	bool give_up, paused;
} signals[] = {
	{ SIGCHLD, KERNEL, .tape = "wait 4242\n" },
	{ SIGWINCH, KERNEL, .tape = "size\n" },
	{ SIGCONT, SI_USER, .tape = "raw\nsize\n" },
	{ SIGHUP, KERNEL, .tape = "close\nrestore\n" },
	{ SIGHUP, SI_USER, .tape = "kill 4242 1\n" },
	{ SIGTSTP, KERNEL, .tape = "restore\nraise 19\nraw\nsize\n" },
	{ SIGTSTP, SI_USER, .tape = "kill 4242 20\n" },
	{ SIGTTIN, KERNEL, .tape = "", .paused = true },
	{ SIGTTOU, KERNEL, .tape = "", .paused = true },
	{ SIGINT, KERNEL, .tape = "key 2\n" },
	{ SIGQUIT, KERNEL, .tape = "key 3\n" },
	{ SIGINT, KERNEL, .tape = "key 2\nkill 4242 2\n", .no_key = true },
	{ SIGINT, SI_USER, .tape = "kill 4242 2\n" },
	{ SIGQUIT, SI_TKILL, .tape = "kill 4242 3\n" },
	{ SIGTERM, KERNEL, .tape = "kill 4242 15\n" },
	{ SIGTERM, SI_USER, .tape = "kill 4242 15\n" },
	{ SIGUSR1, SI_USER, .tape = "kill 4242 10\n" },
	{ SIGUSR1, KERNEL, .tape = "" },
	{ SIGALRM, KERNEL, .tape = "" },
	/* After the end: only the output is still to be written. */
	{ SIGHUP, KERNEL, .tape = "", .ended = true, .give_up = true },
	{ SIGINT, KERNEL, .tape = "", .ended = true, .give_up = true },
	{ SIGQUIT, SI_USER, .tape = "", .ended = true, .give_up = true },
	{ SIGTERM, SI_USER, .tape = "", .ended = true, .give_up = true },
	{ SIGWINCH, KERNEL, .tape = "size\n", .ended = true },
};

/* Each of them, and the one behind it. */
START_TEST(signal_comes)
{
	const struct signalfd_siginfo info[] = {
		{ .ssi_signo = (uint32_t)signals[_i].number,
		  .ssi_code = signals[_i].code },
		{ .ssi_signo = SIGUSR2, .ssi_code = SI_USER },
	};
	char expected[128];

	rest();
	r.ended = signals[_i].ended;
	found = !signals[_i].no_key;
	ck_assert_int_eq(__real_write(sent, info, sizeof(info)), sizeof(info));
	read_signals(&r);
	snprintf(expected, sizeof(expected), "%skill 4242 12\n",
		 signals[_i].tape);
	went(expected);
	ck_assert_int_eq(r.give_up, signals[_i].give_up);
	ck_assert_int_eq(r.paused, signals[_i].paused);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		hang_up, end_unrecorded, fill, end_of_file_character,
		typed_before, written_in_parts, end_of_input_again,
		stops_and_goes_on, NULL,
	};
	Suite *suite = suite_create("relay_steps");
	TCase *tcase = unit_case("relay_steps");

	tcase_add_checked_fixture(tcase, NULL, close_all);
	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, input, 0, NSC_ARRAY_SIZE(inputs));
	tcase_add_loop_test(tcase, written_inside, 0, NSC_ARRAY_SIZE(writes));
	tcase_add_loop_test(tcase, written_to_the_caller, 0,
			    NSC_ARRAY_SIZE(writes));
	tcase_add_loop_test(tcase, child, 0, NSC_ARRAY_SIZE(children));
	tcase_add_loop_test(tcase, signal_comes, 0, NSC_ARRAY_SIZE(signals));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
