/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/recorder_streams.c: which descriptors of a command are recorded,
 * and how they are replaced.  The recorder is faked.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "linux/descriptors.h"
#include "session/recorder.h"
#include "session/recorder_streams.h"
#include "util/fd.h"

static struct nsc_error err;

/* --- the seam */

static struct nsc_recorder_request asked;
static int asked_fds[NSC_DESCRIPTORS_MAX];
static size_t n_asked, n_expected;
static int answer = -2;		/* -2: as many as were asked for */

int __wrap_nsc_recorder_ask(int recorder,
			    const struct nsc_recorder_request *request,
			    const struct nsc_recorder_fds *with,
			    int fds[NSC_DESCRIPTORS_MAX],
			    struct nsc_error *error);
int __wrap_nsc_recorder_ask(int recorder,
			    const struct nsc_recorder_request *request,
			    const struct nsc_recorder_fds *with,
			    int fds[NSC_DESCRIPTORS_MAX],
			    struct nsc_error *error)
{
	int n = answer == -2 ? (int)with->answer : answer;

	ck_assert_int_eq(recorder, 77);
	asked = *request;
	n_asked = with->n;
	n_expected = with->answer;
	memcpy(asked_fds, with->fds, with->n * sizeof(*with->fds));
	if (n < 0)
		return nsc_error_set(error, -n, "recorder");
	for (int i = 0; i < n; i++)
		fds[i] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	return n;
}

/* Put the descriptor at this number, and close the other. */
static void place(int fd, int at)
{
	if (fd == at)
		return;
	ck_assert_int_eq(dup2(fd, at), at);
	close(fd);
}

static bool is_same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static bool is_recorders(int fd)
{
	int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool ret = is_same_file(fd, exe);

	close(exe);
	return ret;
}

static void pipe_at(int at, int end)
{
	int pair[2];

	ck_assert_int_eq(pipe(pair), 0);
	place(pair[end], at);
	close(pair[!end]);
}

/* libcheck has descriptors of its own, which are no streams. */
static bool foreign[1024];

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

int __wrap_nsc_recorder_each_descriptor(int (*look)(int fd, void *arg),
					void *arg);
int __wrap_nsc_recorder_each_descriptor(int (*look)(int fd, void *arg),
					void *arg)
{
	int ret = 0;

	for (int fd = 0; ret == 0 && fd < 1024; fd++)
		if (is_open(fd) && !foreign[fd])
			ret = look(fd, arg);
	return ret;
}

/* Nothing but what a test opens is above 2. */
static void begin(void)
{
	static bool again;

	for (int fd = 3; fd < 1024; fd++)
		if (!again)
			foreign[fd] = is_open(fd);
		else if (!foreign[fd])
			close(fd);
	again = true;
	for (int at = 0; at < 3; at++)
		place(open("/dev/null", O_RDWR), at);
}

/* --- 0, 1 and 2 */

START_TEST(stdio)
{
	struct nsc_streams s = NSC_STREAMS_INIT;
	char dir[64], path[80];
	int pair[2];

	begin();
	nsc_streams_of_stdio(&s);
	ck_assert_uint_eq(s.n, 0);
	/* A pipe, a file and a socket. */
	pipe_at(0, 0);
	snprintf(path, sizeof(path), "%s/out", unit_make_dir(dir));
	place(open(path, O_WRONLY | O_CREAT, 0600), 1);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	place(pair[0], 2);
	nsc_streams_of_stdio(&s);
	ck_assert_uint_eq(s.n, 3);
	ck_assert(!s.same);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(s.fds[i], i);
	ck_assert(s.kinds[0] == NSC_RECORDER_INPUT &&
		  s.kinds[1] == NSC_RECORDER_OUTPUT &&
		  s.kinds[2] == NSC_RECORDER_ERRORS);
	/* Errors that go where the output goes keep their order. */
	s = (struct nsc_streams)NSC_STREAMS_INIT;
	ck_assert_int_eq(dup2(1, 2), 2);
	nsc_streams_of_stdio(&s);
	ck_assert_uint_eq(s.n, 2);
	ck_assert(s.same && s.fds[1] == 1);
	/* The same file as the input, and no output. */
	s = (struct nsc_streams)NSC_STREAMS_INIT;
	ck_assert_int_eq(dup2(2, 0), 0);
	place(open("/dev/null", O_RDWR), 1);
	nsc_streams_of_stdio(&s);
	ck_assert_uint_eq(s.n, 2);
	ck_assert(!s.same && s.fds[1] == 2);
	unit_remove_dir(dir);
}
END_TEST

/* --- of sshd and cron before they fork */

/* Three pipes at 10 to 15, as sshd makes them for its child. */
static void child_pipes(int n)
{
	for (int i = 0; i < n; i++) {
		int pair[2];

		ck_assert_int_eq(pipe(pair), 0);
		if (pair[0] >= 40)
			ck_abort_msg("too many descriptors");
		ck_assert_int_eq(dup2(pair[0], 40 + 2 * i), 40 + 2 * i);
		ck_assert_int_eq(dup2(pair[1], 41 + 2 * i), 41 + 2 * i);
		close(pair[0]);
		close(pair[1]);
	}
}

START_TEST(pipes_of_a_fork)
{
	struct nsc_streams s = NSC_STREAMS_INIT;

	begin();
	child_pipes(3);
	/* One end alone is nobody's stream. */
	pipe_at(50, 0);
	ck_assert_int_eq(nsc_streams_of_fork(&s, false, &err), 0);
	ck_assert_uint_eq(s.n, 3);
	ck_assert(s.own);
	/* The child reads the first one and writes the others. */
	ck_assert(s.fds[0] == 40 && s.kinds[0] == NSC_RECORDER_INPUT);
	ck_assert(s.fds[1] == 43 && s.kinds[1] == NSC_RECORDER_OUTPUT);
	ck_assert(s.fds[2] == 45 && s.kinds[2] == NSC_RECORDER_ERRORS);
}
END_TEST

START_TEST(more_pipes_of_a_fork)
{
	struct nsc_streams s = NSC_STREAMS_INIT;

	begin();
	child_pipes(5);
	ck_assert_int_eq(nsc_streams_of_fork(&s, false, &err), 0);
	ck_assert_uint_eq(s.n, 3);
	/* Both ends read: no pipe between two processes. */
	begin();
	pipe_at(40, 0);
	ck_assert_int_eq(dup2(40, 41), 41);
	s = (struct nsc_streams)NSC_STREAMS_INIT;
	ck_assert_int_eq(nsc_streams_of_fork(&s, false, &err), 0);
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

/* A job of cron writes to a file. */
START_TEST(files_of_a_fork)
{
	struct nsc_streams s = NSC_STREAMS_INIT;
	char dir[64], path[80];

	begin();
	snprintf(path, sizeof(path), "%s/out", unit_make_dir(dir));
	place(open(path, O_WRONLY | O_CREAT, 0600), 40);
	place(open(path, O_RDONLY), 41);
	ck_assert_int_eq(nsc_streams_of_fork(&s, false, &err), 0);
	ck_assert_uint_eq(s.n, 0);
	ck_assert_int_eq(nsc_streams_of_fork(&s, true, &err), 0);
	ck_assert_uint_eq(s.n, 1);
	ck_assert(!s.own && s.fds[0] == 40);
	ck_assert_int_eq(s.kinds[0], NSC_RECORDER_OUTPUT);
	/* Those that are not its output are no streams. */
	s = (struct nsc_streams)NSC_STREAMS_INIT;
	for (int fd = 40; fd < 60; fd++)
		place(open(path, O_WRONLY), fd);
	ck_assert_int_eq(nsc_streams_of_fork(&s, true, &err), 0);
	ck_assert_uint_eq(s.n, NSC_RECORDER_STREAMS_MAX);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(too_many_pipes)
{
	struct nsc_streams s = NSC_STREAMS_INIT;

	begin();
	for (int i = 0; i < 256; i++)
		pipe_at(300 + i, 0);
	ck_assert_int_eq(nsc_streams_of_fork(&s, false, &err), 0);
	pipe_at(556, 0);
	ck_assert_int_eq(nsc_streams_of_fork(&s, false, &err), -EMFILE);
	ck_assert_ptr_nonnull(strstr(err.text, "too many pipes"));
}
END_TEST

/* --- the recorder */

START_TEST(recorded)
{
	struct nsc_streams s = NSC_STREAMS_INIT;
	int pair[2];

	begin();
	ck_assert_int_eq(pipe(pair), 0);
	place(pair[0], 40);
	place(pair[1], 41);
	ck_assert_int_eq(nsc_streams_of_fork(&s, false, &err), 0);
	ck_assert_uint_eq(s.n, 1);
	s.kinds[1] = NSC_RECORDER_OUTPUT;
	ck_assert_int_eq(nsc_streams_begin(&s, 77, 4711, 1, &err), 0);
	ck_assert_int_eq(asked.type, NSC_RECORDER_STREAMS);
	ck_assert_int_eq(asked.pid, 4711);
	ck_assert(asked.own && asked.kinds[0] == NSC_RECORDER_INPUT);
	ck_assert_int_eq(asked.kinds[1], '\0');
	ck_assert(n_asked == 2 && n_expected == 1);
	ck_assert(asked_fds[0] == 40 && asked_fds[1] == 1);
	ck_assert(s.n == 1 && is_recorders(s.pipes[0]));
	ck_assert_int_eq(nsc_streams_put(&s, &err), 0);
	ck_assert(is_recorders(40) && !is_recorders(41));
	ck_assert_int_eq(fcntl(40, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(s.n, 0);
	ck_assert_int_eq(s.pipes[0], -1);
	/* A session that goes on unrecorded gets none. */
	s = (struct nsc_streams){ .n = 1, .fds = { 41 } };
	answer = 0;
	ck_assert_int_eq(nsc_streams_begin(&s, 77, 0, 1, &err), 0);
	ck_assert_int_eq(nsc_streams_put(&s, &err), 0);
	ck_assert(!is_recorders(41));
	s = (struct nsc_streams){ .n = 1, .fds = { 41 } };
	answer = -EIO;
	ck_assert_int_eq(nsc_streams_begin(&s, 77, 0, 1, &err), -EIO);
}
END_TEST

/* As many as there may be, and not one more. */
START_TEST(recorded_to_the_last)
{
	struct nsc_streams s = { .n = NSC_RECORDER_STREAMS_MAX };

	begin();
	for (int i = 0; i < NSC_RECORDER_STREAMS_MAX; i++) {
		pipe_at(40 + i, 0);
		s.fds[i] = 40 + i;
		s.kinds[i] = NSC_RECORDER_OUTPUT;
	}
	ck_assert_int_eq(nsc_streams_begin(&s, 77, 4711, 1, &err), 0);
	ck_assert_uint_eq(s.n, NSC_RECORDER_STREAMS_MAX);
	ck_assert(!s.same && !s.own);
	ck_assert_int_eq(nsc_streams_put(&s, &err), 0);
	for (int i = 0; i < NSC_RECORDER_STREAMS_MAX; i++)
		ck_assert(is_recorders(40 + i));
}
END_TEST

START_TEST(recorded_stdio)
{
	const struct nsc_recording all = { .mode = NSC_RECORD_ALL },
		terminals = { .mode = NSC_RECORD_ALL - 1 };
	struct nsc_streams s = NSC_STREAMS_INIT;
	int end = 99;

	begin();
	ck_assert_int_eq(nsc_streams_begin_stdio(&s, &terminals, 77, &end,
						 &err), 0);
	ck_assert_int_eq(end, -1);
	ck_assert_int_eq(nsc_streams_begin_stdio(&s, &all, 77, &end, &err), 0);
	ck_assert(end == -1 && s.n == 0);
	pipe_at(0, 0);
	pipe_at(1, 1);
	ck_assert_int_eq(dup2(1, 2), 2);
	ck_assert_int_eq(nsc_streams_begin_stdio(&s, &all, 77, &end, &err), 0);
	ck_assert(end >= 0 && s.n == 2 && s.same);
	ck_assert(n_asked == 3 && !asked.pid && !asked.own);
	ck_assert_int_eq(nsc_streams_put(&s, &err), 0);
	for (int fd = 0; fd < 3; fd++) {
		ck_assert(is_recorders(fd));
		/* The command has them, too. */
		ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
	}
	close(end);
	/* Errors of their own. */
	s = (struct nsc_streams)NSC_STREAMS_INIT;
	for (int fd = 0; fd < 3; fd++)
		pipe_at(fd, fd != 0);
	ck_assert_int_eq(nsc_streams_begin_stdio(&s, &all, 77, &end, &err), 0);
	ck_assert(s.n == 3 && !s.same);
	ck_assert_int_eq(nsc_streams_put(&s, &err), 0);
	for (int fd = 0; fd < 3; fd++) {
		ck_assert(is_recorders(fd));
		ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
	}
	close(end);
	pipe_at(0, 0);
	answer = -EIO;
	ck_assert_int_eq(nsc_streams_begin_stdio(&s, &all, 77, &end, &err),
			 -EIO);
	ck_assert_int_eq(end, -1);
}
END_TEST

START_TEST(told)
{
	int pair[2], none = -1;
	char c = 0;

	begin();
	ck_assert_int_eq(nsc_descriptors_pair(&pair[0], &pair[1]), 0);
	nsc_streams_tell(&none, NSC_STREAMS_COMMAND);
	ck_assert_int_eq(none, -1);
	nsc_streams_tell(&pair[0], NSC_STREAMS_PROGRAM);
	ck_assert_int_eq(pair[0], -1);
	ck_assert_int_eq(recv(pair[1], &c, 1, 0), 1);
	ck_assert_int_eq(c, NSC_STREAMS_PROGRAM);
	ck_assert_int_eq(recv(pair[1], &c, 1, 0), 0);
}
END_TEST

/* The process that waits for the command has the same socket. */
START_TEST(answered)
{
	int pair[2], others;
	pid_t recorder;
	char c = 0;

	ck_assert_int_eq(nsc_descriptors_pair(&pair[0], &pair[1]), 0);
	others = dup(pair[0]);
	recorder = fork();
	if (recorder == 0) {
		close(others);
		close(pair[0]);
		/* The second one comes too late for whoever asked. */
		_exit(recv(pair[1], &c, 1, 0) != 1 ||
		      send(pair[1], "", 1, 0) != 1 ||
		      recv(pair[1], &c, 1, 0) != 0 ||
		      send(pair[1], "", 1, 0) != 1 || usleep(100000) < 0);
	}
	close(pair[1]);
	nsc_streams_tell(&pair[0], NSC_STREAMS_COMMAND);
	ck_assert_int_eq(pair[0], -1);
	ck_assert_int_lt(recv(others, &c, 1, MSG_DONTWAIT), 0);
	nsc_recorder_drain(others);
	ck_assert_int_eq(recv(others, &c, 1, MSG_DONTWAIT), 0);
	ck_assert_int_eq(waitpid(recorder, NULL, 0), recorder);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		stdio, pipes_of_a_fork, more_pipes_of_a_fork, files_of_a_fork,
		too_many_pipes, recorded, recorded_to_the_last, recorded_stdio,
		told, answered, NULL,
	};
	Suite *suite = suite_create("recorder streams");
	TCase *tcase = tcase_create("recorder streams");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
