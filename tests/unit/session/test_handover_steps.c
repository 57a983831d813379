/* SPDX-License-Identifier: Apache-2.0 */
/* lib/session/tty_handover.c: the parent, and each of its steps that fails. */
#include "handover_steps.h"

/* --- the parent steps down */

static int made = 77;

static int step_down(void)
{
	int ret;

	faked = true;
	ret = handover_step_down(made);
	faked = false;
	ck_assert(ret == 0 || ret == -1);
	return ret ? nsc_error_set(&err, EIO, "not all of it") : 0;
}

START_TEST(steps_down)
{
	effective = MAKER;
	tape_expect(step_down, "groups 0\ngid 65534 65534 65534\n"
		    "uid 65534 4711 65534\ncapabilities 0\n"
		    "no_new_privs 1000\nprctl 4 0\n");
	real_uid = 1000;
	real_gid = 100;
	tape_expect(step_down, "groups 0\ngid 100 100 100\n"
		    "uid 1000 4711 1000\ncapabilities 0\n"
		    "no_new_privs 1000\nprctl 4 0\n");
	/* The rights must be gone, whatever setresuid(2) says. */
	effective = 0;
	tape_begin(0);
	ck_assert_int_eq(step_down(), -EIO);
	ck_assert_str_eq(tape, "groups 0\ngid 100 100 100\n"
			 "uid 1000 4711 1000\n");
	effective = MAKER;
	made = -1;
	tape_begin(0);
	ck_assert_int_eq(step_down(), -EIO);
	ck_assert_str_eq(tape, "");
}
END_TEST

static void let_go(void)
{
	int keep[] = { 3, 9 };
	char cwd[8];

	for (int fd = 0; fd < 3; fd++)
		NEED(dup2(pair[0], fd) == fd);
	NEED(dup2(pair[0], 3) == 3 && dup2(pair[1], 9) == 9);
	NEED(handover_let_go(keep, 2) == 0);
	for (int fd = 0; fd < 3; fd++)
		NEED(is_null(fd));
	NEED(fcntl(3, F_GETFD) >= 0 && !is_null(3));
	NEED(fcntl(9, F_GETFD) >= 0 && !is_null(9));
	for (int fd = 4; fd < 100; fd++)
		NEED(fd == 9 || fcntl(fd, F_GETFD) < 0);
	NEED(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"));
}

static void lets_nothing_go(void)
{
	const struct rlimit none = { 3, 3 };

	NEED(setrlimit(RLIMIT_NOFILE, &none) == 0);
	NEED(handover_let_go(NULL, 0) == -1);
}

START_TEST(lets_go)
{
	pair_new();
	ends_with(child(let_go), 0);
	ends_with(child(lets_nothing_go), 0);
	pair_close();
}
END_TEST

/* --- the child's answer */

static int answered(int first, int second)
{
	struct nsc_pty pty = NSC_PTY_INIT;
	int ret;

	polled[1] = first;
	polled[0] = second;
	polls = 2;
	nsc_error_clear(&err);
	ret = handover_receive(pair[0], &pty, &err);
	polls = 0;
	if (ret == 0) {
		ck_assert(isatty(pty.slave));
		nsc_pty_close(&pty);
	} else {
		ck_assert(pty.master == -1 && pty.slave == -1);
		ck_assert_int_eq(err.code, -ret);
	}
	return ret;
}

START_TEST(answers)
{
	const struct nsc_error none = NSC_ERROR_INIT;
	struct nsc_error some = NSC_ERROR_INIT;
	struct nsc_pty pty = terminal_pair();

	pair_new();
	ck_assert_int_eq(answered(0, 1), -ETIMEDOUT);
	ck_assert_str_eq(err.text, "enter the container: it does not answer");
	ck_assert_int_eq(answered(-EIO, 1), -ETIMEDOUT);
	nsc_error_set(&some, EUSERS, "too many");
	nsc_error_send(pair[1], &some);
	ck_assert_int_eq(answered(1, 1), -EUSERS);
	ck_assert_str_eq(err.text, "too many");
	nsc_error_send(pair[1], &none);
	ck_assert_int_eq(answered(1, 0), -ETIMEDOUT);
	ck_assert_str_eq(err.text, "terminal: the child did not send it");
	nsc_error_send(pair[1], &none);
	ck_assert_int_eq(answered(1, -EIO), -ETIMEDOUT);
	nsc_error_send(pair[1], &none);
	ck_assert_int_eq(answered(1, 1), -EAGAIN);
	nsc_error_send(pair[1], &none);
	ck_assert_int_eq(nsc_pty_send(pair[1], &pty, &err), 0);
	ck_assert_int_eq(answered(1, 1), 0);
	nsc_fd_close(&pair[1]);
	ck_assert_int_eq(answered(1, 1), -ECHILD);
	ck_assert_str_eq(err.text, "enter the container: the login program "
			 "has ended");
	nsc_pty_close(&pty);
	pair_close();
}
END_TEST

/* Nothing of the child is left, and no other signal is taken. */
START_TEST(forgets)
{
	sigset_t mask, before;
	pid_t pid;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &before);
	pid = child(wait_for_ever);
	raise(SIGUSR1);
	forget(pid);
	ck_assert(waitpid(pid, NULL, WNOHANG) < 0 && errno == ECHILD);
	/* Nor does it wait for one that somebody else has waited for. */
	forget(pid);
	ck_assert_int_eq(sigpending(&mask), 0);
	ck_assert(sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGCHLD));
	signal(SIGUSR1, SIG_IGN);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
END_TEST

/* --- the fork */

static void is_unchanged(const struct nsc_tty_handover *h, const sigset_t *mask)
{
	sigset_t now;

	sigprocmask(SIG_SETMASK, NULL, &now);
	for (int i = 1; i < NSIG; i++)
		ck_assert_int_eq(sigismember(mask, i), sigismember(&now, i));
	ck_assert(h->channel == -1 && h->end == -1 && h->theirs == -1 &&
		  h->terminal == -1);
}

START_TEST(no_fork)
{
	static const enum nsc_tty_handover_kind kinds[] = {
		NSC_TTY_HANDOVER_RELAY, NSC_TTY_HANDOVER_FOLLOW,
	};
	struct nsc_tty_handover h;
	sigset_t mask;
	int ret;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(kinds); i++) {
		h = (struct nsc_tty_handover)NSC_TTY_HANDOVER_INIT;
		h.kind = kinds[i];
		h.streams.n = i;
		h.terminal = dup(0);
		faked = true;
		ret = nsc_tty_handover_begin(&h, &err);
		faked = false;
		ck_assert_int_eq(ret, -EAGAIN);
		ck_assert_int_eq(strncmp(err.text, "terminal: start its relay",
					 25), 0);
		is_unchanged(&h, &mask);
	}
}
END_TEST

START_TEST(no_sockets)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	const struct rlimit none = { 0, 1024 };
	struct rlimit before;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	h.kind = NSC_TTY_HANDOVER_RELAY;
	ck_assert_int_eq(nsc_tty_handover_begin(&h, &err), -EMFILE);
	ck_assert_int_eq(strncmp(err.text, "terminal: socket", 16), 0);
	h.streams.n = 1;
	ck_assert_int_eq(nsc_tty_handover_begin(&h, &err), -EMFILE);
	ck_assert_int_eq(strncmp(err.text, "record: socket", 14), 0);
	/* Whoever needs neither gets none. */
	h.kind = NSC_TTY_HANDOVER_NONE;
	h.streams.n = 0;
	ck_assert_int_eq(nsc_tty_handover_begin(&h, &err), 0);
	before.rlim_max = before.rlim_max < 1024 ? before.rlim_max : 1024;
	before.rlim_cur = before.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	h.kind = NSC_TTY_HANDOVER_PTY;
	h.streams.n = 1;
	ck_assert_int_eq(nsc_tty_handover_begin(&h, &err), 0);
	ck_assert(h.end >= 0 && h.theirs >= 0 && h.channel == -1);
	close(h.end);
	close(h.theirs);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		steps_down, lets_go, answers, forgets, no_fork, no_sockets,
		NULL,
	};
	Suite *suite = suite_create("handover_steps");
	TCase *tcase = unit_case("handover_steps");

	tcase_add_checked_fixture(tcase, prepare, NULL);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
