/* SPDX-License-Identifier: Apache-2.0 */
/* lib/linux/pty.c, terminal.c and descriptors.c: ptys, and sending them. */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>

#include "linux/descriptors.h"
#include "linux/pty.h"
#include "linux/terminal.h"
#include "util/fd.h"

static struct nsc_error err;
static int pair[2];

static struct nsc_pty pty_new(void)
{
	struct nsc_pty pty = NSC_PTY_INIT;

	pty.master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	ck_assert(pty.master >= 0 && unlockpt(pty.master) == 0);
	pty.slave = ioctl(pty.master, TIOCGPTPEER, O_RDWR | O_NOCTTY |
			  O_CLOEXEC);
	ck_assert_int_ge(pty.slave, 0);
	return pty;
}

static void pair_new(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    pair), 0);
}

static void pair_close(void)
{
	nsc_fd_close(&pair[0]);
	nsc_fd_close(&pair[1]);
}

/* --- ptys */

START_TEST(sizes)
{
	const struct winsize size = { 12, 34, 0, 0 };
	struct nsc_pty from = pty_new(), to = pty_new();
	struct winsize now;

	ck_assert_int_eq(ioctl(from.slave, TIOCSWINSZ, &size), 0);
	nsc_pty_copy_size(&to, from.slave);
	ck_assert_int_eq(ioctl(to.slave, TIOCGWINSZ, &now), 0);
	ck_assert(now.ws_row == 12 && now.ws_col == 34);
	/* Without a terminal there is none to copy. */
	nsc_pty_copy_size(&to, -1);
	nsc_pty_copy_size(&to, pair[0]);
	ck_assert_int_eq(ioctl(to.slave, TIOCGWINSZ, &now), 0);
	ck_assert(now.ws_row == 12 && now.ws_col == 34);
	nsc_pty_close(&from);
	nsc_pty_close(&to);
	ck_assert(to.master == -1 && to.slave == -1);
}
END_TEST

static void on_signal(int number)
{
	_exit(number);
}

/* A key signals whoever is in front. */
START_TEST(keys)
{
	struct nsc_pty pty = pty_new();
	const int fds[] = { 0, 1, 2 };
	int ready[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		signal(SIGINT, on_signal);
		signal(SIGQUIT, on_signal);
		if (nsc_pty_take(&pty, fds, 3, &err) < 0)
			_exit(99);
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &(char){ 0 }, 1), 1);
	ck_assert_int_eq(nsc_pty_signal(&pty, SIGKILL), -EINVAL);
	ck_assert_int_eq(nsc_pty_signal(&pty, SIGINT), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, SIGINT << 8);
	close(ready[0]);
	close(ready[1]);
	nsc_pty_close(&pty);
	ck_assert_int_eq(nsc_pty_signal(&pty, SIGINT), -EBADF);
}
END_TEST

START_TEST(not_taken)
{
	struct nsc_pty pty = pty_new();
	int wrong = -1, status;
	pid_t pid = fork();

	if (pid == 0) {
		if (nsc_pty_take(&pty, &wrong, 1, &err) != -EBADF ||
		    strncmp(err.text, "terminal: descriptor -1", 23) != 0)
			_exit(1);
		/* It leads a session by now. */
		if (nsc_pty_take(&pty, &wrong, 0, &err) != -EPERM ||
		    strncmp(err.text, "terminal: make it the controlling",
			    33) != 0)
			_exit(2);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	nsc_pty_close(&pty);
}
END_TEST

/* Nobody takes the controlling terminal of another session, not even root. */
START_TEST(not_taken_from_others)
{
	struct nsc_pty pty = pty_new();
	int ready[2], status;
	pid_t has, pid;

	ck_assert_int_eq(pipe(ready), 0);
	has = fork();
	if (has == 0) {
		if (nsc_pty_take(&pty, NULL, 0, &err) < 0)
			_exit(1);
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &(char){ 0 }, 1), 1);
	pid = fork();
	if (pid == 0)
		_exit(nsc_pty_take(&pty, NULL, 0, &err) != -EPERM);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	kill(has, SIGKILL);
	ck_assert_int_eq(waitpid(has, NULL, 0), has);
	close(ready[0]);
	close(ready[1]);
	nsc_pty_close(&pty);
}
END_TEST

/* vhangup(2), as login does it, leaves nobody a slave that works. */
START_TEST(after_a_hangup)
{
	struct nsc_pty pty = pty_new();
	struct pollfd p = { .fd = pty.slave, .events = POLLIN };
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(signal(SIGHUP, SIG_IGN) != SIG_ERR &&
		      setsid() > 0 && ioctl(pty.slave, TIOCSCTTY, 0) == 0 &&
		      vhangup() == 0 ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert(poll(&p, 1, 0) == 1 && p.revents & POLLHUP);
	ck_assert_int_lt(write(pty.slave, "a", 1), 0);
	nsc_pty_renew_slave(&pty);
	p.fd = pty.slave;
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	ck_assert_int_eq(write(pty.slave, "a", 1), 1);
	ck_assert_int_eq(read(pty.master, &(char){ 0 }, 1), 1);
	ck_assert_int_eq(fcntl(pty.slave, F_GETFD), FD_CLOEXEC);
	nsc_pty_close(&pty);
}
END_TEST

START_TEST(which_is_which)
{
	struct nsc_pty one = pty_new(), two = pty_new();
	int null = open("/dev/null", O_RDWR), file = open("/", O_RDONLY);

	ck_assert(nsc_terminal_is_master(one.master));
	ck_assert(!nsc_terminal_is_master(one.slave));
	ck_assert(!nsc_terminal_is_master(null));
	ck_assert(!nsc_terminal_is_master(file));
	ck_assert(!nsc_terminal_is_master(-1));
	ck_assert(!nsc_terminal_is_same(one.master, two.master));
	ck_assert(nsc_terminal_is_same(one.slave, one.slave));
	ck_assert(!nsc_terminal_is_same(one.slave, null));
	ck_assert(!nsc_terminal_is_same(null, one.slave));
	ck_assert(!nsc_terminal_is_same(null, null));
	ck_assert(!nsc_terminal_is_controlling(one.slave));
	ck_assert(!nsc_terminal_is_controlling(one.master));
	close(null);
	close(file);
	nsc_pty_close(&one);
	nsc_pty_close(&two);
}
END_TEST

/* --- sending */

static void send_descriptors(size_t n)
{
	static int fds[NSC_DESCRIPTORS_MAX];

	ck_assert_int_eq(nsc_descriptors_send(pair[1], &(struct iovec){
					      (char[]){ 'x' }, 1 }, fds, n, 0),
			 0);
}

/* One descriptor is no pty, and neither are three. */
START_TEST(no_pty)
{
	struct nsc_pty got = NSC_PTY_INIT;

	pair_new();
	for (size_t n = 0; n < 5; n++) {
		if (n == 2)
			continue;
		send_descriptors(n);
		ck_assert_int_eq(nsc_pty_receive(pair[0], &got, &err),
				 -EAGAIN);
		ck_assert_str_eq(err.text, "terminal: none was made with the "
				 "container");
		ck_assert(got.master == -1 && got.slave == -1);
	}
	nsc_fd_close(&pair[0]);
	ck_assert_int_eq(nsc_pty_send(pair[1], &(struct nsc_pty){ 0, 0 }, &err),
			 -EPIPE);
	ck_assert_int_eq(strncmp(err.text, "terminal: send it: ", 19), 0);
	pair_close();
}
END_TEST

START_TEST(messages)
{
	static int many[NSC_DESCRIPTORS_MAX + 1];
	int fds[NSC_DESCRIPTORS_MAX];
	char text[4] = "";

	pair_new();
	ck_assert_int_eq(nsc_descriptors_receive(pair[0], text, 1, fds,
						 MSG_DONTWAIT), -EAGAIN);
	/* Half a message is none, and its descriptors are closed. */
	send_descriptors(2);
	ck_assert_int_eq(nsc_descriptors_receive(pair[0], text, 4, fds, 0),
			 -ECONNRESET);
	send_descriptors(NSC_DESCRIPTORS_MAX);
	ck_assert_int_eq(nsc_descriptors_receive(pair[0], text, 1, fds, 0),
			 NSC_DESCRIPTORS_MAX);
	for (int i = 0; i < NSC_DESCRIPTORS_MAX; i++) {
		ck_assert_int_eq(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
		close(fds[i]);
	}
	ck_assert_int_eq(nsc_descriptors_send(pair[1], &(struct iovec){
					      text, 1 }, many,
					      NSC_ARRAY_SIZE(many), 0),
			 -EMSGSIZE);
	nsc_fd_close(&pair[1]);
	ck_assert_int_eq(nsc_descriptors_receive(pair[0], text, 1, fds, 0),
			 -ECONNRESET);
	pair_close();
}
END_TEST

/* Descriptors that do not fit are an error, and none stays. */
START_TEST(no_room)
{
	int fds[NSC_DESCRIPTORS_MAX], next;
	struct rlimit few, before;
	char text;

	pair_new();
	send_descriptors(3);
	next = dup(0);
	close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)next + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_int_eq(nsc_descriptors_receive(pair[0], &text, 1, fds, 0),
			 -EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	pair_close();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		sizes, keys, not_taken, not_taken_from_others, which_is_which,
		no_pty, messages, no_room, NULL,
	};
	const TTest *const root[] = { after_a_hangup, NULL };
	Suite *suite = suite_create("terminals");
	TCase *tcase = unit_case("terminals");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
