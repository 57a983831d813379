/* SPDX-License-Identifier: Apache-2.0 */
/* lib/session/tty_handover.c: the child inside, and each step that fails. */
#include "handover_steps.h"

static struct nsc_tty_handover inside;

static int finish_recorded(void)
{
	int ret;

	inside = (struct nsc_tty_handover)NSC_TTY_HANDOVER_INIT;
	inside.streams.n = 1;
	inside.recorder = 55;
	inside.end = 56;
	inside.theirs = dup(0);
	ret = finish_streams(&inside, &err);
	ck_assert_int_eq(inside.theirs, -1);
	return ret;
}

START_TEST(streams)
{
	char whole[128];
	int next = dup(0);

	close(next);
	tape_begin(0);
	ck_assert_int_eq(finish_recorded(), 0);
	snprintf(whole, sizeof(whole), "begin 1 55 %d\ntell 56 p\nput 1\n",
		 next);
	ck_assert_str_eq(tape, whole);
	/* The recorder's end is told of the failure, too. */
	tape_begin(1);
	ck_assert_int_eq(finish_recorded(), -EIO);
	ck_assert_ptr_nonnull(strstr(tape, "\ntell 56 p\n"));
	ck_assert_ptr_null(strstr(tape, "put"));
	tape_begin(2);
	ck_assert_int_eq(finish_recorded(), -EIO);
	/* Whether or not there are any, the kind decides what follows. */
	tape_begin(0);
	inside = (struct nsc_tty_handover)NSC_TTY_HANDOVER_INIT;
	ck_assert_int_eq(finish_streams(&inside, &err), 0);
	ck_assert_str_eq(tape, "tell -1 p\nput 0\n");
	inside.kind = NSC_TTY_HANDOVER_PTY;
	for (int step = 1; step < 3; step++) {
		tape_begin(step);
		ck_assert_int_eq(nsc_tty_handover_finish(&inside, 0, &err),
				 -EIO);
	}
}
END_TEST

/* The program's own pty. */
START_TEST(no_pty)
{
	struct nsc_pty own = terminal_new();
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;

	tape_begin(1);
	h.master = own.master;
	ck_assert_int_eq(finish_pty(&h, &err), -EIO);
	/* A relay's terminal that fails is not left out. */
	h.kind = NSC_TTY_HANDOVER_RELAY;
	tape_begin(2);
	ck_assert_int_eq(nsc_tty_handover_finish(&h, 0, &err), -EIO);
	tape_begin(0);
	h.master = -1;
	ck_assert_int_eq(finish_pty(&h, &err), -EBADF);
	ck_assert_int_eq(strncmp(err.text, "terminal: replace the pty", 25), 0);
	h.master = own.master;
	h.slaves.n = 2;
	h.slaves.fds[0] = -1;
	h.slaves.fds[1] = own.slave;
	ck_assert_int_eq(finish_pty(&h, &err), -EBADF);
	ck_assert_int_eq(strncmp(err.text, "terminal: replace descriptor -1",
				 31), 0);
	/* 0 is one like the others. */
	h.slaves.fds[0] = 0;
	ck_assert_int_eq(finish_pty(&h, &err), 0);
	ck_assert(isatty(0) && isatty(own.slave));
	nsc_pty_close(&own);
}
END_TEST

/* sudo with a pty of its own whose caller's terminal is recorded, too. */
static void is_sudo(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	struct nsc_pty own = terminal_new();
	unsigned int before = 0, after = 0;

	NEED(ioctl(own.master, TIOCGPTN, &before) == 0);
	h.kind = NSC_TTY_HANDOVER_RELAY;
	h.channel = pair[1];
	h.recorder = dup(0);
	h.master = own.master;
	h.slaves.n = 1;
	h.slaves.fds[0] = own.slave;
	NEED(nsc_tty_handover_finish(&h, __real_geteuid(),
				     &shared->err) == 0);
	NEED(h.channel == -1 && h.recorder == -1);
	NEED(ioctl(own.master, TIOCGPTN, &after) == 0 && after != before);
	_exit(5);
}

START_TEST(sudo_with_a_pty)
{
	pid_t pid;

	pair_new();
	ck_assert_int_eq(write(pair[0], "", 1), 1);
	pid = child(is_sudo);
	ends_with(pid, 5);
	pair_close();
}
END_TEST

/* Without a slave of the program's, nobody's owner is copied. */
START_TEST(owner_of_nobody)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	struct nsc_pty own = terminal_new(), pty = terminal_pair();
	struct stat st;

	ck_assert_int_eq(fchown(own.slave, MAKER, (gid_t)-1), 0);
	h.master = own.master;
	h.slaves.fds[0] = own.slave;
	copy_pty(&h, &pty);
	ck_assert_int_eq(fstat(pty.slave, &st), 0);
	ck_assert_uint_ne(st.st_uid, MAKER);
	h.slaves.n = 1;
	copy_pty(&h, &pty);
	ck_assert_int_eq(fstat(pty.slave, &st), 0);
	ck_assert_uint_eq(st.st_uid, MAKER);
	nsc_pty_close(&own);
	nsc_pty_close(&pty);
}
END_TEST

START_TEST(not_given_up)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	int one = open("/", O_RDONLY), two = open("/", O_RDONLY);

	h.outer.n = 2;
	h.outer.fds[0] = one;
	h.outer.fds[1] = -1;
	h.outer.fds[2] = two;
	ck_assert_int_eq(finish_drop(&h, &err), -EBADF);
	ck_assert_int_eq(strncmp(err.text, "terminal: give it up", 20), 0);
	ck_assert(is_null(one));
	h.outer.n = 1;
	h.outer.fds[1] = two;
	h.terminal = dup(0);
	ck_assert_int_eq(finish_drop(&h, &err), 0);
	ck_assert(h.terminal == -1 && is_null(one));
	ck_assert(!is_null(two));
	/* 0 is one like the others. */
	h.outer.fds[0] = 0;
	h.terminal = dup(0);
	ck_assert_int_eq(finish_drop(&h, &err), 0);
	ck_assert(is_null(0));
	close(one);
	close(two);
}
END_TEST

static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void give_up(const struct nsc_pty *pty)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;

	h.terminal = dup(pty->slave);
	NEED(has_terminal());
	NEED(finish_drop(&h, &shared->err) == 0);
}

/* Who leads the session would take the terminal from all of it. */
static void gives_up(void)
{
	struct nsc_pty pty = terminal_pair();
	int status;
	pid_t pid;

	NEED(setsid() > 0 && ioctl(pty.slave, TIOCSCTTY, 0) == 0);
	give_up(&pty);
	NEED(has_terminal());
	pid = fork();
	if (pid == 0) {
		give_up(&pty);
		NEED(!has_terminal());
		_exit(0);
	}
	NEED(waitpid(pid, &status, 0) == pid && status == 0);
	NEED(has_terminal());
}

START_TEST(given_up)
{
	ends_with(child(gives_up), 0);
}
END_TEST

static void hands_out(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	struct nsc_pty pty = terminal_pair();

	h.channel = pair[1];
	close(pair[0]);
	handover_hand_out(&h, &pty, __real_geteuid(), &shared->err);
	_exit(98);
}

/* It ends as well when its relay does. */
START_TEST(relay_ends)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	struct nsc_pty pty = terminal_pair(), got = NSC_PTY_INIT;
	pid_t pid;

	pair_new();
	pid = child(hands_out);
	nsc_fd_close(&pair[1]);
	ck_assert_int_eq(nsc_error_receive(pair[0], &err), 0);
	ck_assert_int_eq(__real_nsc_process_poll(pair[0], -1), 1);
	ck_assert_int_eq(nsc_pty_receive(pair[0], &got, &err), 0);
	nsc_fd_close(&pair[0]);
	ends_with(pid, 1);
	nsc_pty_close(&got);
	/* It has ended before, and with it the other end. */
	pair_new();
	nsc_fd_close(&pair[0]);
	h.channel = pair[1];
	ck_assert_int_eq(handover_hand_out(&h, &pty, 0, &err), -EPIPE);
	ck_assert_int_eq(strncmp(err.text, "terminal: its relay", 19), 0);
	pair_close();
	nsc_pty_close(&pty);
}
END_TEST

START_TEST(owner)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	struct nsc_pty pty = terminal_pair(), master = { pty.master, 0 };
	struct stat st;

	for (int i = 0; i < 3; i++) {
		pair_new();
		h.channel = pair[1];
		ck_assert_int_eq(write(pair[0], "", 1), 1);
		if (i == 0) {
			ck_assert_int_eq(handover_hand_out(&h, &pty, MAKER,
							   &err), 0);
			ck_assert_int_eq(fstat(pty.slave, &st), 0);
			ck_assert_uint_eq(st.st_uid, MAKER);
		} else if (i == 1) {
			master.slave = open("/", O_PATH);
			ck_assert_int_lt(handover_hand_out(&h, &master, MAKER,
							   &err), 0);
			ck_assert_int_eq(strncmp(err.text, "terminal: give it "
						 "to uid 4711", 27), 0);
			close(master.slave);
		} else {
			master.slave = -1;
			ck_assert_int_eq(handover_hand_out(&h, &master, MAKER,
							   &err), -EBADF);
			close(h.channel);
		}
		ck_assert(i == 2 || h.channel == -1);
		close(pair[0]);
	}
	nsc_pty_close(&pty);
}
END_TEST

/* --- without a terminal, but followed */

static void follows(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	sigset_t now;

	h.kind = NSC_TTY_HANDOVER_FOLLOW;
	h.channel = pair[1];
	close(pair[0]);
	sigemptyset(&h.mask);
	sigaddset(&h.mask, SIGUSR1);
	NEED(nsc_tty_handover_finish(&h, 0, &shared->err) == 0);
	NEED(h.channel == -1 && fcntl(pair[1], F_GETFD) < 0);
	NEED(getsid(0) == getpid());
	sigprocmask(SIG_SETMASK, NULL, &now);
	NEED(sigismember(&now, SIGUSR1) && !sigismember(&now, SIGUSR2));
	_exit(7);
}

START_TEST(followed)
{
	int fds[NSC_DESCRIPTORS_MAX];
	struct stat st;
	char byte = 'x';
	pid_t pid;

	for (int go = 0; go < 2; go++) {
		pair_new();
		pid = child(follows);
		nsc_fd_close(&pair[1]);
		ck_assert_int_eq(nsc_error_receive(pair[0], &err), 0);
		ck_assert_int_eq(nsc_descriptors_receive(pair[0], &byte, 1,
							 fds, 0), 1);
		/* Its owner is the child's user. */
		ck_assert_int_eq(fstat(fds[0], &st), 0);
		ck_assert(S_ISFIFO(st.st_mode) && st.st_uid == geteuid());
		close(fds[0]);
		if (go)
			ck_assert_int_eq(write(pair[0], "", 1), 1);
		nsc_fd_close(&pair[0]);
		ends_with(pid, go ? 7 : 1);
	}
}
END_TEST

static void cannot_be_followed(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;

	h.kind = NSC_TTY_HANDOVER_FOLLOW;
	h.channel = pair[1];
	NEED(nsc_tty_handover_finish(&h, 0, &shared->err) == -EPIPE);
	NEED(!strncmp(shared->err.text, "record: the parent", 18));
	/* Each step that fails is the last one. */
	faked = true;
	tape_begin(1);
	NEED(finish_follow(&h, &shared->err) == -EIO);
	NEED(!strcmp(tape, "prctl 1 15\n"));
}

START_TEST(not_followed)
{
	pair_new();
	nsc_fd_close(&pair[0]);
	ends_with(child(cannot_be_followed), 0);
	pair_close();
}
END_TEST

static void begins_and_ends(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;

	h.kind = NSC_TTY_HANDOVER_FOLLOW;
	NEED(nsc_tty_handover_begin(&h, &shared->err) == 0);
	NEED(nsc_tty_handover_finish(&h, 0, &shared->err) == 0);
	NEED(getsid(0) == getpid());
	_exit(7);
}

static void is_killed(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;

	h.kind = NSC_TTY_HANDOVER_FOLLOW;
	NEED(nsc_tty_handover_begin(&h, &shared->err) == 0);
	NEED(nsc_tty_handover_finish(&h, 0, &shared->err) == 0);
	raise(SIGKILL);
}

/* Who was there before ends as its child does. */
START_TEST(ends_as_its_child)
{
	int status;
	pid_t pid;

	ends_with(child(begins_and_ends), 7);
	pid = child(is_killed);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, SIGKILL);
}
END_TEST

static bool child_sends;

/* A child that fails leaves the program as it was. */
static void goes_on(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	struct nsc_error none = NSC_ERROR_INIT;
	sigset_t before, now;
	int ret;

	unit_note_descriptors();
	sigprocmask(SIG_SETMASK, NULL, &before);
	h.kind = NSC_TTY_HANDOVER_FOLLOW;
	ret = nsc_tty_handover_begin(&h, &shared->err);
	if (ret == 0 && !child_sends)
		_exit(0);
	if (ret == 0) {
		nsc_error_set(&none, ENOSPC, "no room");
		nsc_tty_handover_fail(&h, &none);
	}
	NEED(ret == (child_sends ? -ENOSPC : -ECHILD));
	NEED(!strcmp(shared->err.text, child_sends ? "no room" :
		     "enter the container: the login program has ended"));
	NEED(unit_other_descriptor() < 0);
	NEED(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	sigprocmask(SIG_SETMASK, NULL, &now);
	NEED(!sigismember(&now, SIGTERM) && !sigismember(&before, SIGTERM));
	_exit(5);
}

START_TEST(child_fails)
{
	for (int i = 0; i < 2; i++) {
		child_sends = i;
		ends_with(child(goes_on), 5);
	}
}
END_TEST

/* The relay's parent could not begin the recording: nothing of it stays. */
static void not_recorded(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	struct nsc_pty outer = terminal_new();
	int ret;

	NEED(setsid() > 0 && ioctl(outer.slave, TIOCSCTTY, 0) == 0);
	for (int fd = 0; fd < 3; fd++)
		NEED(dup2(outer.slave, fd) == fd);
	unit_note_descriptors();
	h.kind = NSC_TTY_HANDOVER_RELAY;
	h.terminal = fcntl(0, F_DUPFD_CLOEXEC, 3);
	NEED(nsc_descriptors_pair(&pair[0], &h.recorder) == 0);
	nsc_fd_close(&pair[0]);
	ret = nsc_tty_handover_begin(&h, &shared->err);
	if (ret == 0) {
		const struct nsc_error none = NSC_ERROR_INIT;
		struct nsc_pty pty = terminal_pair();

		nsc_error_send(h.channel, &none);
		nsc_pty_send(h.channel, &pty, &shared->err);
		wait_for_ever();
	}
	NEED(ret == -EPIPE);
	NEED(!strncmp(shared->err.text, "record the session: its recorder",
		      32));
	nsc_fd_close(&h.recorder);
	NEED(unit_other_descriptor() < 0 && terminal_is_ours(0));
	NEED(waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD);
	_exit(5);
}

START_TEST(recorder_fails)
{
	ends_with(child(not_recorded), 5);
}
END_TEST

/* --- a failure */

static void fails(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	struct nsc_error some = NSC_ERROR_INIT;

	close(pair[0]);
	nsc_error_set(&some, EUSERS, "too many");
	h.channel = pair[1];
	nsc_tty_handover_fail(&h, &some);
	_exit(98);
}

START_TEST(failure)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	struct nsc_error some = NSC_ERROR_INIT;
	pid_t pid;

	pair_new();
	pid = child(fails);
	nsc_fd_close(&pair[1]);
	ck_assert_int_eq(nsc_error_receive(pair[0], &err), -EUSERS);
	ck_assert_str_eq(err.text, "too many");
	ends_with(pid, 1);
	pair_close();
	/* Without a relay the program goes on, with nothing of ours. */
	h.terminal = dup(0);
	h.recorder = dup(0);
	h.end = dup(0);
	h.theirs = dup(0);
	nsc_error_set(&some, EUSERS, "too many");
	ck_assert_int_eq(nsc_tty_handover_fail(&h, &some), -EUSERS);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		streams, no_pty, not_given_up, given_up, relay_ends, followed,
		not_followed, child_fails, recorder_fails, failure,
		sudo_with_a_pty, NULL,
	};
	const TTest *const root[] = {
		owner, ends_as_its_child, owner_of_nobody, NULL,
	};
	Suite *suite = suite_create("handover_inside");
	TCase *tcase = unit_case("handover_inside");

	tcase_add_checked_fixture(tcase, prepare, NULL);
	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
