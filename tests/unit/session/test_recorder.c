/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/recorder.c and tap.c: asking for a recorder, which is a child of
 * the test, and what a terminal's relay sends to it.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "linux/pidfd.h"
#include "session/environment.h"
#include "session/recorder.h"
#include "terminal.h"
#include "util/fd.h"
#include "util/paths.h"

static struct nsc_error err;
static char dir[64];
static int listener = -1;

static void prepare(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/" NSC_FILE_RECORD,
		 unit_make_dir(dir));
	listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	ck_assert(bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		  listen(listener, 8) == 0);
}

static void finish(void)
{
	close(listener);
	unit_remove_dir(dir);
}

START_TEST(connects)
{
	struct nsc_state state = { .uid = 1000 };
	struct nsc_session session = NSC_SESSION_INIT;
	int fd = 99;

	session.state = &state;
	session.pidfd = nsc_pidfd_open(getpid());
	snprintf(session.path, sizeof(session.path), "%s", dir);
	/* Nothing is recorded. */
	ck_assert_int_eq(nsc_recorder_connect(&session, &fd, &err), 0);
	ck_assert_int_eq(fd, -1);
	state.recording.mode = NSC_RECORD_TERMINALS;
	ck_assert_int_eq(nsc_recorder_connect(&session, &fd, &err), 0);
	ck_assert(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
	close(fd);
	/* A session that should be recorded is not let in without. */
	nsc_fd_close(&listener);
	fd = 99;
	ck_assert_int_eq(nsc_recorder_connect(&session, &fd, &err),
			 -ECONNREFUSED);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(strncmp(err.text, "record the session: ", 20), 0);
	close(session.pidfd);
}
END_TEST

/* Each terminal of which this process has the slave, above 2. */
START_TEST(tells)
{
	struct nsc_pty pty = terminal_pair();
	int second = dup(pty.slave), in[2];
	char text[64] = "";

	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(dup2(pty.slave, 2), 2);
	nsc_recorder_tell("no\n");
	ck_assert_int_eq(read(pty.master, text, sizeof(text) - 1), 8);
	ck_assert_str_eq(text, "no\r\nno\r\n");
	close(second);
	close(pty.slave);
	pty.slave = -1;
	nsc_recorder_tell("no\n");
	fcntl(in[0], F_SETFL, O_NONBLOCK);
	ck_assert_int_lt(read(in[0], text, 1), 0);
	close(in[0]);
	close(in[1]);
	nsc_pty_close(&pty);
}
END_TEST

START_TEST(environment)
{
	char **vector = NULL;

	ck_assert_int_eq(nsc_environment_add(&vector, "A=1"), 0);
	ck_assert_int_eq(nsc_environment_add(&vector, "B=2"), 0);
	ck_assert_str_eq(vector[0], "A=1");
	ck_assert_str_eq(vector[1], "B=2");
	ck_assert_ptr_null(vector[2]);
	/* The last one counts. */
	ck_assert_int_eq(nsc_environment_add(&vector, "A=3"), 0);
	ck_assert_str_eq(vector[0], "A=3");
	ck_assert_ptr_null(vector[2]);
	for (char **e = vector; *e; e++)
		free(*e);
	free(vector);
}
END_TEST

/* --- requests */

static int pair[2];

/* The recorder answers that, with so many descriptors; then it is asked. */
static int ask(int code, size_t n, size_t expected)
{
	const struct nsc_recorder_request request = { .pid = 4711 };
	const int with[] = { pair[1], listener };
	int fds[NSC_DESCRIPTORS_MAX], ret;
	struct nsc_recorder_request got;
	struct nsc_error answer = { code, "why" };

	nsc_error_clear(&err);
	ck_assert_int_eq(nsc_descriptors_send(pair[1], &(struct iovec){
		&answer, sizeof(answer) }, with, n, 0), 0);
	ret = nsc_recorder_ask(pair[0], &request, &(struct nsc_recorder_fds){
			       &listener, 1, expected }, fds, &err);
	for (int i = 0; i < ret; i++) {
		ck_assert_int_eq(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
		close(fds[i]);
	}
	ck_assert_int_eq(nsc_descriptors_receive(pair[1], &got, sizeof(got),
						 fds, MSG_DONTWAIT), 1);
	ck_assert_int_eq(got.pid, 4711);
	close(fds[0]);
	ck_assert_int_eq(ret < 0, err.code != 0);
	return ret;
}

START_TEST(asks)
{
	int fds[NSC_DESCRIPTORS_MAX];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    pair), 0);
	ck_assert_int_eq(ask(0, 2, 2), 2);
	ck_assert_int_eq(ask(0, 1, 1), 1);
	/* The session goes on unrecorded. */
	ck_assert_int_eq(ask(0, 0, 2), 0);
	/* An error, with or without descriptors. */
	for (size_t n = 0; n < 2; n++) {
		ck_assert_int_eq(ask(EUSERS, n, 1), -EUSERS);
		ck_assert_str_eq(err.text, "record the session: why");
	}
	/* More than were asked for, or fewer. */
	ck_assert_int_eq(ask(0, 2, 1), -EPROTO);
	ck_assert_int_eq(ask(0, 1, 2), -EPROTO);
	ck_assert_str_eq(err.text, "record the session: its recorder sends no "
			 "descriptors");
	nsc_fd_close(&pair[1]);
	ck_assert_int_lt(nsc_recorder_ask(pair[0],
		&(struct nsc_recorder_request){ 0 },
		&(struct nsc_recorder_fds){ NULL, 0, 0 }, fds, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "record the session: its "
				     "recorder: "));
	close(pair[0]);
}
END_TEST

/* --- a tap */

static struct nsc_pty pty;
static struct nsc_tap tap;

static void tap_new(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
				    pair), 0);
	pty = terminal_new();
	tap = (struct nsc_tap){ .recorder = pair[0] };
	ck_assert_int_eq(ioctl(pty.master, TIOCGWINSZ, &tap.size), 0);
}

static void tap_end(void)
{
	nsc_fd_close(&tap.recorder);
	close(pair[1]);
	nsc_pty_close(&pty);
}

/* The next message, as one text. */
static const char *message(void)
{
	static char text[256];
	ssize_t n = recv(pair[1], text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

/* A recording begins with the size of the terminal. */
START_TEST(begins)
{
	const struct nsc_recording recording = { .input = true };
	const struct nsc_error answer = { .code = 0 };
	struct nsc_tap begun = NSC_TAP_INIT;
	struct nsc_recorder_request got;
	int recorder = -1;

	tap_new();
	ck_assert_int_eq(nsc_tap_begin(&begun, &(struct nsc_tap_start){
		&recording, 0, pty.slave }, &recorder, &err), 0);
	ck_assert_int_eq(begun.recorder, -1);
	recorder = tap.recorder;
	ck_assert_int_gt(send(pair[1], &answer, sizeof(answer), 0), 0);
	ck_assert_int_eq(nsc_tap_begin(&begun, &(struct nsc_tap_start){
		&recording, 4711, pty.slave }, &recorder, &err), 0);
	ck_assert(recorder == -1 && begun.recorder == tap.recorder &&
		  begun.input && !begun.hidden && !begun.go_on);
	ck_assert_int_eq(recv(pair[1], &got, sizeof(got), 0), sizeof(got));
	ck_assert(got.type == NSC_RECORDER_BEGIN && got.pid == 4711);
	ck_assert_int_eq(memcmp(&got.size, &tap.size, sizeof(tap.size)), 0);
	ck_assert_int_eq(memcmp(&begun.size, &tap.size, sizeof(tap.size)), 0);
	tap_end();
}
END_TEST

START_TEST(output)
{
	const struct winsize size = { 11, 22, 0, 0 };
	struct winsize got;
	const char *text;

	tap_new();
	ck_assert(nsc_tap_output(&tap, pty.master, "abc", 3));
	text = message();
	ck_assert_int_eq(text[0], NSC_RECORDER_OUTPUT);
	ck_assert_str_eq(text + 1, "abc");
	ck_assert_str_eq(message(), "");
	/* The size comes before what is written for it, once. */
	ck_assert_int_eq(ioctl(pty.master, TIOCSWINSZ, &size), 0);
	for (int i = 0; i < 2; i++)
		ck_assert(nsc_tap_output(&tap, pty.master, "d", 1));
	text = message();
	ck_assert_int_eq(text[0], NSC_RECORDER_SIZE);
	memcpy(&got, text + 1, sizeof(got));
	ck_assert(got.ws_row == 11 && got.ws_col == 22);
	ck_assert_str_eq(message() + 1, "d");
	ck_assert_str_eq(message() + 1, "d");
	ck_assert(nsc_tap_stream(&tap, NSC_RECORDER_ERRORS, "e", 1));
	text = message();
	ck_assert_int_eq(text[0], NSC_RECORDER_ERRORS);
	ck_assert_str_eq(text + 1, "e");
	tap_end();
}
END_TEST

START_TEST(input)
{
	struct termios modes;

	tap_new();
	ck_assert(nsc_tap_input(&tap, pty.master, "abc", 3));
	ck_assert_str_eq(message(), "");
	tap.input = true;
	ck_assert(nsc_tap_input(&tap, pty.master, "abc", 3));
	ck_assert_str_eq(message() + 1, "abc");
	/* A password is not echoed. */
	ck_assert_int_eq(tcgetattr(pty.slave, &modes), 0);
	modes.c_lflag &= ~(tcflag_t)ECHO;
	ck_assert_int_eq(tcsetattr(pty.slave, TCSANOW, &modes), 0);
	ck_assert(nsc_tap_input(&tap, pty.master, "abc", 3));
	ck_assert_str_eq(message(), "");
	/* Nor where nobody knows whether it is. */
	ck_assert(nsc_tap_input(&tap, -1, "abc", 3));
	ck_assert_str_eq(message(), "");
	tap.hidden = true;
	ck_assert(nsc_tap_input(&tap, pty.master, "abc", 3));
	ck_assert_str_eq(message() + 1, "abc");
	tap_end();
}
END_TEST

/* A recorder that has ended, or takes nothing. */
START_TEST(lost)
{
	for (int go_on = 0; go_on < 2; go_on++) {
		tap_new();
		tap.go_on = go_on;
		tap.input = true;
		shutdown(pair[1], SHUT_RDWR);
		ck_assert_int_eq(nsc_tap_output(&tap, pty.master, "a", 1),
				 go_on);
		ck_assert_int_eq(tap.recorder, -1);
		ck_assert_int_eq(tap.failed, !go_on);
		ck_assert_int_eq(nsc_tap_output(&tap, pty.master, "a", 1),
				 go_on);
		ck_assert_int_eq(nsc_tap_input(&tap, pty.master, "a", 1),
				 go_on);
		ck_assert_int_eq(nsc_tap_stream(&tap, NSC_RECORDER_OUTPUT, "a",
						1), go_on);
		tap_end();
		/* It is full, and does not read. */
		tap_new();
		tap.go_on = go_on;
		while (send(pair[0], (char[4096]){ 0 }, 4096, 0) > 0)
			continue;
		ck_assert_int_eq(nsc_tap_output(&tap, pty.master, "a", 1),
				 go_on);
		ck_assert_int_eq(tap.recorder, -1);
		ck_assert_int_eq(tap.failed, !go_on);
		/* Open until the session ends, so that it knows when. */
		ck_assert_int_eq(fcntl(pair[0], F_GETFD) >= 0, go_on);
		if (go_on)
			close(pair[0]);
		tap_end();
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		connects, tells, environment, asks, begins, output,
		input, lost, NULL,
	};
	Suite *suite = suite_create("recorder");
	TCase *tcase = unit_case("recorder");

	tcase_add_checked_fixture(tcase, prepare, finish);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
