/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/tty_handover.c: the terminal of a login program, which is a child
 * of the test on a pty that the test types at.  The container's terminal is
 * another pty of the host.  The test enters no container and keeps its groups.
 */
#include "unit.h"

#include <grp.h>
#include <limits.h>
#include <sys/socket.h>

#include "terminal.h"
#include "linux/descriptors.h"
#include "session/stdio.h"
#include "session/tty_handover.h"
#include "util/fd.h"

#define OPEN_FILE 20		/* a private file of a login program */

int __real_setgroups(size_t n, const gid_t *groups);
int __wrap_setgroups(size_t n, const gid_t *groups);
int __wrap_setgroups(size_t n, const gid_t *groups)
{
	return geteuid() == 0 ? __real_setgroups(n, groups) : 0;
}

int __wrap_nsc_pty_new_here(dev_t host, struct nsc_pty *ret,
			    struct nsc_error *err);
int __wrap_nsc_pty_new_here(dev_t host, struct nsc_pty *ret,
			    struct nsc_error *err)
{
	if (host != nsc_pty_devpts())
		return nsc_error_set(err, EINVAL, "not the host's devpts");
	*ret = terminal_pair();
	return 0;
}

/* --- login programs */

static struct shared {
	int line;		/* line of the failure; 0: none */
	int ret;		/* result of nsc_tty_handover_begin() */
	struct nsc_error err;
} *shared;

static struct nsc_pty outer;

/* Start a process whose terminal is outer; returns its pid. */
static pid_t login_program(void (*run)(void))
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(outer.master);
	/* libcheck's handlers pass on what they get. */
	nsc_process_default_signals();
	NEED(setsid() > 0 && ioctl(outer.slave, TIOCSCTTY, 0) == 0);
	for (int fd = 0; fd < 3; fd++)
		dup2(outer.slave, fd);
	close(outer.slave);
	nsc_process_keep_only((const int[]){ OPEN_FILE }, 1);
	run();
	_exit(0);
}

static void ended_with(pid_t pid, int expected)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == expected, "status 0x%x, expected 0x%x, line "
		      "%d: %s", status, expected, shared->line,
		      shared->err.text);
}

static void prepare(void)
{
	shared = unit_shared(sizeof(*shared));
	outer = terminal_new();
	fcntl(outer.master, F_SETFL, 0);
}

static void look_for(struct nsc_tty_handover *h, bool relays,
		     enum nsc_tty_handover_kind kind)
{
	*h = (struct nsc_tty_handover)NSC_TTY_HANDOVER_INIT;
	NEED(nsc_tty_handover_look(h, relays, &shared->err) == 0);
	NEED(h->kind == kind);
}

static bool is_host_terminal(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstat(outer.slave, &b) == 0 &&
	       a.st_rdev == b.st_rdev;
}

/* --- with a relay */

/* Run the handover until the child is inside, on its own terminal. */
static void enter(void)
{
	struct nsc_tty_handover h;
	const char *name = ttyname(0);
	char now[TTY_NAME_MAX];
	sigset_t mask;

	outer.slave = dup(0);
	fcntl(outer.slave, F_SETFD, FD_CLOEXEC);
	NEED(dup2(0, 10) == 10 && dup3(0, 11, O_CLOEXEC) == 11);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	look_for(&h, false, NSC_TTY_HANDOVER_RELAY);
	NEED(nsc_tty_handover_needs_terminal(&h));
	NEED(nsc_tty_handover_begin(&h, &shared->err) == 0);
	/* No signal comes in between; the relay has the host's terminal. */
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int i = 1; i < SIGRTMIN; i++)
		NEED(i >= 32 || i == SIGKILL || i == SIGSTOP ||
		     sigismember(&mask, i));
	NEED(h.terminal == -1);
	NEED(nsc_tty_handover_finish(&h, geteuid(), &shared->err) == 0);
	/* login opens again what it knows from ttyname(3). */
	NEED(ttyname_r(0, now, sizeof(now)) == 0 && name && !strcmp(name, now));
	sigprocmask(SIG_SETMASK, NULL, &mask);
	NEED(sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGHUP));
}

static void talk(void)
{
	struct winsize size;
	char line[16];
	ssize_t n;

	enter();
	for (int fd = 0; fd < 3; fd++)
		NEED(isatty(fd) && !is_host_terminal(fd));
	/* Inherited descriptors are replaced; exec closes the others. */
	NEED(!is_host_terminal(10) && isatty(10));
	NEED(is_host_terminal(11));
	NEED(getsid(0) == getpid() && tcgetpgrp(0) == getpid());
	NEED(terminal_is_ours(0));
	NEED(ioctl(0, TIOCGWINSZ, &size) == 0);
	NEED(size.ws_row == 33 && size.ws_col == 77);
	close(OPEN_FILE);
	(void)!write(1, "hello\n", 6);
	n = read(0, line, sizeof(line));
	NEED(n == 3 && !memcmp(line, "xy\n", 3));
	_exit(3);
}

START_TEST(relayed)
{
	int file[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(file), 0);
	ck_assert_int_eq(dup2(file[1], OPEN_FILE), OPEN_FILE);
	pid = login_program(talk);
	close(file[1]);
	close(OPEN_FILE);
	expect(outer.master, "hello\r\n");
	ck_assert(terminal_is_raw(outer.slave));
	/* The relay is no longer that program, and has closed the file. */
	ck_assert_int_eq(nsc_process_poll(file[0], nsc_process_now() +
					  WAIT_MS), 1);
	ck_assert_int_eq(read(file[0], &c, 1), 0);
	type(outer.master, "xy\r", 3);
	ended_with(pid, 3 << 8);
	ck_assert(terminal_is_ours(outer.slave));
}
END_TEST

static void be_killed(void)
{
	enter();
	raise(SIGKILL);
}

START_TEST(ends_as_its_child)
{
	ended_with(login_program(be_killed), SIGKILL);
	ck_assert(terminal_is_ours(outer.slave));
}
END_TEST

static void wait_inside(void)
{
	enter();
	(void)!write(1, "hello\n", 6);
	for (;;)
		pause();
}

static void on_signal(int number)
{
	_exit(number);
}

static void wait_for_a_signal(void)
{
	enter();
	signal(SIGUSR2, on_signal);
	signal(SIGALRM, on_signal);
	signal(SIGTERM, on_signal);
	(void)!write(1, "hello\n", 6);
	for (;;)
		pause();
}

static const int passed_on[] = { SIGUSR2, SIGALRM, SIGTERM };

/* A signal for the program that was there before is for its child. */
START_TEST(signals_are_passed_on)
{
	pid_t pid = login_program(wait_for_a_signal);

	expect(outer.master, "hello\r\n");
	kill(pid, passed_on[_i]);
	ended_with(pid, passed_on[_i] << 8);
	ck_assert(terminal_is_ours(outer.slave));
}
END_TEST

/*
 * No process inside outlives the relay without a terminal.  Only the guard
 * does, which is in the relay's group, and possibly just for a moment.
 */
START_TEST(relay_killed)
{
	int file[2];
	pid_t pid;

	ck_assert_int_eq(pipe(file), 0);
	ck_assert_int_eq(dup2(file[1], OPEN_FILE), OPEN_FILE);
	pid = login_program(wait_inside);
	close(file[1]);
	close(OPEN_FILE);
	expect(outer.master, "hello\r\n");
	kill(pid, SIGKILL);
	ended_with(pid, SIGKILL);
	ck_assert_int_eq(nsc_process_poll(file[0], nsc_process_now() +
					  WAIT_MS), 1);
	WAIT_UNTIL(terminal_is_ours(outer.slave));
}
END_TEST

/* --- a child that fails before it is inside */

static void send_one(int channel, int n)
{
	struct nsc_error fine = NSC_ERROR_INIT;
	int fds[3] = { 0, 1, 2 };

	(void)!write(channel, &fine, sizeof(fine));
	nsc_descriptors_send(channel, &(struct iovec){ fds, 1 }, fds,
			     (size_t)n, 0);
}

static void fails(struct nsc_tty_handover *h)
{
	struct nsc_error err = NSC_ERROR_INIT;

	nsc_error_set(&err, ENOSPC, "none is left");
	nsc_tty_handover_fail(h, &err);
}

static void unterminated(struct nsc_tty_handover *h)
{
	struct nsc_error err;

	memset(&err, 'x', sizeof(err));
	err.code = EIO;
	(void)!write(h->channel, &err, sizeof(err));
}

static void garbage(struct nsc_tty_handover *h)
{
	(void)!write(h->channel, "garbage", 7);
	/* The child does not end by itself. */
	for (;;)
		pause();
}

static void no_terminal(struct nsc_tty_handover *h)
{
	send_one(h->channel, 0);
}

static void one_descriptor(struct nsc_tty_handover *h)
{
	send_one(h->channel, 1);
}

static void three_descriptors(struct nsc_tty_handover *h)
{
	send_one(h->channel, 3);
}

static void nothing(struct nsc_tty_handover *h)
{
	(void)h;
}

static const struct {
	void (*act)(struct nsc_tty_handover *h);
	int code;
	const char *text;
} failures[] = {
	{ fails, ENOSPC, "none is left" },
	{ nothing, ECHILD, "enter the container: the login program has ended" },
	{ garbage, EPROTO, "another process of nscontainer sent a part" },
	{ unterminated, EIO, "xxxxxxxxxx" },
	{ no_terminal, EAGAIN, "terminal: none was made" },
	{ one_descriptor, EAGAIN, "terminal: none was made" },
	{ three_descriptors, EAGAIN, "terminal: none was made" },
};
static int which;

static void begin(void)
{
	struct nsc_tty_handover h;
	sigset_t before, after;

	unit_note_descriptors();
	sigprocmask(SIG_SETMASK, NULL, &before);
	look_for(&h, false, NSC_TTY_HANDOVER_RELAY);
	shared->ret = nsc_tty_handover_begin(&h, &shared->err);
	if (shared->ret == 0) {
		failures[which].act(&h);
		_exit(0);
	}
	/* The process is unchanged, and has no child left. */
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < NSIG; i++)
		NEED(sigismember(&before, i) == sigismember(&after, i));
	NEED(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
	NEED(sigpending(&after) == 0 && !sigismember(&after, SIGCHLD));
	NEED(unit_other_descriptor() < 0);
	NEED(terminal_is_ours(0) &&
	     nsc_tty_handover_fail(&h, &shared->err) < 0);
}

START_TEST(child_fails)
{
	which = _i;
	ended_with(login_program(begin), 0);
	ck_assert_int_eq(shared->ret, -failures[_i].code);
	ck_assert_int_eq(shared->err.code, failures[_i].code);
	ck_assert_msg(!strncmp(shared->err.text, failures[_i].text,
			       strlen(failures[_i].text)), "%s",
		      shared->err.text);
	ck_assert_uint_lt(strnlen(shared->err.text, sizeof(shared->err.text)),
			  sizeof(shared->err.text));
}
END_TEST

/* --- other programs */

/* Run a function in a program that is not a session leader. */
static void in_child(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		run();
		_exit(0);
	}
	NEED(waitpid(pid, &status, 0) == pid && status == 0);
}

static void null_for(int first, int last)
{
	for (int fd = first; fd <= last; fd++) {
		int null = open("/dev/null", O_RDWR);

		if (null != fd) {
			dup2(null, fd);
			close(null);
		}
	}
}

static void run_none(void)
{
	struct nsc_tty_handover h;

	NEED(getsid(0) != getpid());
	look_for(&h, false, NSC_TTY_HANDOVER_NONE);
	NEED(!nsc_tty_handover_needs_terminal(&h) && h.terminal < 0);
	NEED(nsc_tty_handover_begin(&h, &shared->err) == 0);
	NEED(nsc_tty_handover_finish(&h, geteuid(), &shared->err) == 0);
	NEED(getsid(0) == getpid());
}

static void none(void)
{
	signal(SIGHUP, SIG_IGN);
	ioctl(0, TIOCNOTTY);
	null_for(0, 2);
	in_child(run_none);
}

/* A terminal that controls no process, and a controlling terminal alone. */
static void by_descriptor(void)
{
	struct nsc_tty_handover h;
	int fd = dup(0);

	null_for(0, 2);
	look_for(&h, false, NSC_TTY_HANDOVER_RELAY);
	NEED(h.terminal > fd && h.outer.n == 1 && h.outer.fds[0] == fd);
	close(h.terminal);
	close(fd);
	look_for(&h, false, NSC_TTY_HANDOVER_RELAY);
	NEED(h.terminal >= 0 && h.outer.n == 0);
	close(h.terminal);
	signal(SIGHUP, SIG_IGN);
	dup2(h.terminal = open("/dev/tty", O_RDWR), 0);
	close(h.terminal);
	ioctl(0, TIOCNOTTY);
	dup2(0, 2);
	null_for(0, 1);
	look_for(&h, false, NSC_TTY_HANDOVER_RELAY);
	NEED(h.terminal > 2 && h.outer.n == 1 && h.outer.fds[0] == 2);
}

static void run_drop(void)
{
	struct nsc_tty_handover h;
	pid_t pid = fork();

	if (pid == 0)
		_exit(pause());
	null_for(0, 1);
	outer.slave = fcntl(2, F_DUPFD_CLOEXEC, 30);
	look_for(&h, false, NSC_TTY_HANDOVER_DROP);
	NEED(!nsc_tty_handover_needs_terminal(&h));
	NEED(nsc_tty_handover_begin(&h, &shared->err) == 0);
	NEED(nsc_tty_handover_finish(&h, geteuid(), &shared->err) == 0);
	NEED(!isatty(2) && fcntl(2, F_GETFD) == 0);
	/* The process no longer has a controlling terminal. */
	NEED(open("/dev/tty", O_RDWR) < 0);
	kill(pid, SIGKILL);
}

static void drop(void)
{
	in_child(run_drop);
	/* The other processes of its session keep theirs. */
	NEED(open("/dev/tty", O_RDWR) >= 0);
}

static unsigned int number_of(int master)
{
	unsigned int number = 0;

	ioctl(master, TIOCGPTN, &number);
	return number;
}

/* A program like sudo with use_pty. */
static void pty(void)
{
	struct nsc_tty_handover h;
	struct nsc_pty own = terminal_new();
	struct winsize size;
	unsigned int before = number_of(own.master);

	fcntl(own.master, F_SETFL, 0);
	NEED(dup3(own.slave, 15, O_CLOEXEC) == 15 && dup2(own.slave, 16) == 16);
	look_for(&h, true, NSC_TTY_HANDOVER_PTY);
	NEED(nsc_tty_handover_needs_terminal(&h));
	NEED(h.master == own.master && h.slaves.n == 3 && h.terminal < 0);
	NEED(nsc_tty_handover_begin(&h, &shared->err) == 0);
	NEED(nsc_tty_handover_finish(&h, geteuid(), &shared->err) == 0);
	NEED(number_of(own.master) != before);
	NEED(!(fcntl(own.master, F_GETFL) & O_NONBLOCK));
	NEED(fcntl(own.master, F_GETFD) & FD_CLOEXEC);
	NEED(fcntl(15, F_GETFD) & FD_CLOEXEC && fcntl(16, F_GETFD) == 0);
	NEED(terminal_is_ours(16) && isatty(15));
	NEED(ioctl(16, TIOCGWINSZ, &size) == 0 && size.ws_col == 77);
	/* The descriptors are the two ends of one pty. */
	(void)!write(16, "up\n", 3);
	expect(own.master, "up\r\n");
	/* The caller's own terminal is unchanged. */
	NEED(terminal_is_ours(0) && isatty(0));
}

/*
 * If the session is recorded, the caller's terminal is relayed as well, with
 * every descriptor of it that the program has.
 */
static void recorded_pty(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	struct nsc_pty own = terminal_new();

	NEED(dup3(0, 15, O_CLOEXEC) == 15);
	h.recording.mode = NSC_RECORD_TERMINALS;
	NEED(nsc_tty_handover_look(&h, true, &shared->err) == 0);
	NEED(h.kind == NSC_TTY_HANDOVER_RELAY);
	NEED(h.master == own.master && h.slaves.n == 1 && h.outer.n == 4);
	NEED(h.outer.cloexec[3] && h.outer.fds[3] == 15);
	close(h.terminal);
}

/* A program that relays but has made no pty, like sudo without use_pty. */
static void no_pty(void)
{
	struct nsc_tty_handover h;

	look_for(&h, true, NSC_TTY_HANDOVER_RELAY);
	NEED(h.outer.n == 3);
}

static void too_many(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;

	while (dup(0) < NSC_TTY_HANDOVER_MAX)
		;
	NEED(nsc_tty_handover_look(&h, false, &shared->err) ==
	     -NSC_STDIO_REFUSED);
	NEED(!strcmp(shared->err.text, "more than 64 descriptors are a "
		     "terminal: close them"));
	NEED(h.terminal < 0);
}

static void way_out(void)
{
	struct nsc_tty_handover h = NSC_TTY_HANDOVER_INIT;
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	dup2(fd, 1);
	close(fd);
	NEED(nsc_tty_handover_look(&h, false, &shared->err) ==
	     -NSC_STDIO_REFUSED);
	NEED(h.terminal < 0);
}

static void (*const programs[])(void) = {
	none, by_descriptor, drop, pty, recorded_pty, no_pty, too_many,
	way_out,
};

START_TEST(programs_without_a_relay)
{
	ended_with(login_program(programs[_i]), 0);
	ck_assert(terminal_is_ours(outer.slave));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		relayed, ends_as_its_child, relay_killed, NULL,
	};
	Suite *suite = suite_create("handover");
	TCase *tcase = tcase_create("handover");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, prepare, NULL);
	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, signals_are_passed_on, 0,
			    NSC_ARRAY_SIZE(passed_on));
	tcase_add_loop_test(tcase, child_fails, 0, NSC_ARRAY_SIZE(failures));
	tcase_add_loop_test(tcase, programs_without_a_relay, 0,
			    NSC_ARRAY_SIZE(programs));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
