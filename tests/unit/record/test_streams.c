/* SPDX-License-Identifier: Apache-2.0 */
/* init/recorder_streams.c: others use the caller's files at the same time. */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fd.h"
#include "../init/recorder_streams.h"

enum { PIPE, SOCKET };

static int others = -1;		/* another open file of the same; or -1 */
static bool input;
static int unread = -1;		/* of what the errors are full; or -1 */

int __real_poll(struct pollfd *p, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *p, nfds_t n, int timeout);

/* Others are faster than the one who has asked. */
int __wrap_poll(struct pollfd *p, nfds_t n, int timeout)
{
	static char data[4096];
	bool told = n == 1 && unread >= 0;
	int ret = __real_poll(p, n, told ? 0 : timeout);

	/* Whoever reads the errors does it late. */
	if (told && ret == 0) {
		while (read(unread, data, sizeof(data)) == sizeof(data))
			;
		ret = __real_poll(p, n, timeout);
	}
	if (others < 0 || !(p[!input].revents & (input ? POLLIN : POLLOUT)))
		return ret;
	while ((input ? recv(others, data, sizeof(data), MSG_DONTWAIT) :
			send(others, data, sizeof(data), MSG_DONTWAIT)) > 0)
		;
	fcntl(others, F_SETFL, O_NONBLOCK);
	while ((input ? read(others, data, sizeof(data)) :
			write(others, data, sizeof(data))) > 0)
		;
	fcntl(others, F_SETFL, 0);
	close(others);
	others = -1;
	return ret;
}

/* poll() of a program that is built with _FORTIFY_SOURCE. */
int __wrap___poll_chk(struct pollfd *p, nfds_t n, int timeout, size_t size);
int __wrap___poll_chk(struct pollfd *p, nfds_t n, int timeout, size_t size)
{
	return n <= size / sizeof(*p) ? __wrap_poll(p, n, timeout) : -1;
}

static void pair_new(int kind, int pair[2])
{
	ck_assert(kind == PIPE ? pipe(pair) == 0 :
		  socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
}

static void __attribute__((noreturn))
copy(struct streams *s, const int *recorder)
{
	struct nsc_tap tap = { .recorder = recorder[1] };

	close(recorder[0]);
	streams_copy(s, &tap);
	_exit(0);
}

/*
 * The first stream is a pipe or socket whose other user is faster.  The second
 * one still arrives; before, the copier waited for the first one.
 */
static void others_do_not_stop(int kind, bool reads)
{
	struct nsc_recorder_request request = {
		.kinds = { reads ? NSC_RECORDER_INPUT : NSC_RECORDER_OUTPUT,
			   NSC_RECORDER_ERRORS },
	};
	struct streams s = { .list = NULL, .end = -1 };
	int a[2], b[2], end[2], recorder[2], inside[2], fds[2];
	char text[8] = "";
	pid_t pid;

	pair_new(kind, a);
	pair_new(PIPE, b);
	ck_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end) == 0 &&
		  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, recorder) == 0);
	input = reads;
	fds[0] = dup(a[!reads]);
	fds[1] = dup(b[1]);
	others = dup(a[!reads]);
	ck_assert(streams_make(&s, &request, fds, 2));
	s.end = end[1];
	ck_assert_int_eq(streams_open(&s, getuid(), inside, NSC_IGNORE), 0);
	ck_assert_int_eq(write(reads ? a[1] : inside[0], "first", 5), 5);
	pid = fork();
	if (pid == 0)
		copy(&s, recorder);
	nsc_fd_close(&others);
	/* The caller's file is still one that blocks. */
	ck_assert_int_eq(fcntl(a[!reads], F_GETFL) & O_NONBLOCK, 0);
	usleep(100000);
	ck_assert_int_eq(write(inside[1], "second", 6), 6);
	ck_assert_int_eq(poll(&(struct pollfd){ b[0], POLLIN, 0 }, 1, 3000),
			 1);
	ck_assert_int_eq(read(b[0], text, sizeof(text)), 6);
	ck_assert_str_eq(text, "second");
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	free(s.list);
}

/* Root opens it again, and gives nobody more than the descriptor has. */
START_TEST(no_more_access)
{
	struct nsc_recorder_request request = {
		.kinds = { NSC_RECORDER_OUTPUT },
	};
	struct streams s = { .list = NULL, .end = -1 };
	int a[2], end[2], inside[1];

	pair_new(PIPE, a);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end), 0);
	ck_assert(streams_make(&s, &request, &a[0], 1));
	s.end = end[1];
	ck_assert_int_eq(streams_open(&s, getuid(), inside, NSC_IGNORE), 0);
	ck_assert_int_eq(fcntl(s.list[0].to, F_GETFL) & O_ACCMODE, O_RDONLY);
	free(s.list);
}
END_TEST

/* The caller's pipe is full when the recorder ends; it is told why, later. */
START_TEST(the_reason_waits)
{
	struct nsc_recorder_request request = {
		.kinds = { NSC_RECORDER_ERRORS },
	};
	struct streams s = { .list = NULL, .end = -1 };
	int a[2], end[2], recorder[2], inside[1], to;
	char text[128] = "", full[4096] = "";
	pid_t pid;

	pair_new(PIPE, a);
	ck_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end) == 0 &&
		  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, recorder) == 0);
	fcntl(a[0], F_SETFL, O_NONBLOCK);
	fcntl(a[1], F_SETFL, O_NONBLOCK);
	while (write(a[1], full, sizeof(full)) > 0)
		;
	to = dup(a[1]);
	ck_assert(streams_make(&s, &request, &to, 1));
	s.end = end[1];
	ck_assert_int_eq(streams_open(&s, getuid(), inside, NSC_IGNORE), 0);
	unread = a[0];
	pid = fork();
	if (pid == 0)
		copy(&s, recorder);
	close(recorder[0]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_gt(read(a[0], text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, "This command can no longer be recorded, and "
			 "ends.\n");
	streams_close(&s);
}
END_TEST

START_TEST(writers)
{
	others_do_not_stop(_i, false);
}
END_TEST

START_TEST(readers)
{
	others_do_not_stop(_i, true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("streams");
	TCase *tcase = tcase_create("streams");

	tcase_add_test(tcase, no_more_access);
	tcase_add_test(tcase, the_reason_waits);
	tcase_add_loop_test(tcase, writers, PIPE, SOCKET + 1);
	tcase_add_loop_test(tcase, readers, PIPE, SOCKET + 1);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
