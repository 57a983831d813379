/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/tty_outer.c: the caller's terminal, or what it has instead.  Each
 * case runs in a child whose controlling terminal is a pty of the test's.
 */
#include "session/tty_outer.c"

#include <sys/mman.h>

#include "unit.h"
#include "util/proc.h"

#include "terminal.h"

static struct shared {
	int line;		/* of the failure */
	struct nsc_error err;
} *shared;

static struct nsc_pty outer;

static void run(void (*act)(void))
{
	int status;
	pid_t pid;

	shared = unit_shared(sizeof(*shared));
	outer = terminal_new();
	pid = fork();
	if (pid == 0) {
		nsc_process_default_signals();
		NEED(setsid() > 0 && ioctl(outer.slave, TIOCSCTTY, 0) == 0);
		for (int fd = 0; fd < 3; fd++)
			dup2(outer.slave, fd);
		act();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == 0, "0x%x in line %d: %s", status,
		      shared->line, shared->err.text);
	munmap(shared, sizeof(*shared));
	nsc_pty_close(&outer);
}

static int null(int flags)
{
	return open("/dev/null", flags | O_CLOEXEC);
}

static void put_null(int first, int last)
{
	int fd = null(O_RDWR);

	for (int at = first; at <= last; at++)
		NEED(dup2(fd, at) == at);
	close(fd);
}

static bool is_null(int fd)
{
	return !isatty(fd) && fcntl(fd, F_GETFD) >= 0;
}

/* --- which terminal */

static void finds_terminal(void)
{
	struct stat own, found;
	int fd;

	/* The controlling one, opened anew. */
	fd = nsc_tty_outer_terminal();
	NEED(fd > 2 && isatty(fd) && fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
	NEED(fstat(outer.slave, &own) == 0);
	signal(SIGHUP, SIG_IGN);
	NEED(ioctl(0, TIOCNOTTY) == 0);
	/* Without one, the first of 0, 1 and 2. */
	for (int at = 0; at < 3; at++) {
		fd = nsc_tty_outer_terminal();
		NEED(fd > 2 && fstat(fd, &found) == 0 &&
		     found.st_rdev == own.st_rdev);
		NEED(fcntl(fd, F_GETFD) == FD_CLOEXEC);
		close(fd);
		put_null(0, at);
	}
	NEED(dup2(outer.slave, 3) == 3 || outer.slave == 3);
	NEED(nsc_tty_outer_terminal() == -1);
}

static void by_access(void)
{
	char path[32];
	int read_only, write_only;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", outer.slave);
	read_only = open(path, O_RDONLY | O_NOCTTY);
	write_only = open(path, O_WRONLY | O_NOCTTY);
	NEED(may(read_only, O_RDONLY) && !may(read_only, O_WRONLY));
	NEED(may(write_only, O_WRONLY) && !may(write_only, O_RDONLY));
	NEED(may(0, O_RDONLY) && may(0, O_WRONLY) && !may(-1, O_RDONLY));
	NEED(with_access(write_only, O_WRONLY) == write_only);
	/* One of 0 to 2 has what the terminal lacks. */
	NEED(with_access(write_only, O_RDONLY) == 0);
	put_null(0, 1);
	NEED(with_access(write_only, O_RDONLY) == 2);
	dup2(write_only, 2);
	/* No other descriptor counts. */
	write_only = fcntl(2, F_DUPFD, 20);
	NEED(dup2(outer.slave, 3) == 3 && may(3, O_RDONLY));
	NEED(with_access(write_only, O_RDONLY) == write_only);
}

/* --- what is opened anew */

static bool is_new(int fd, int of)
{
	struct stat a, b;

	/* O_NONBLOCK belongs to the open file. */
	return fstat(fd, &a) == 0 && fstat(of, &b) == 0 &&
	       a.st_ino == b.st_ino && fcntl(fd, F_GETFL) & O_NONBLOCK &&
	       !(fcntl(of, F_GETFL) & O_NONBLOCK) &&
	       fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

static void opens_anew(void)
{
	struct nsc_pty other = terminal_pair();
	int pair[2], fd, file = open("/proc/self/exe", O_RDONLY);
	struct stat a, b;

	fcntl(other.slave, F_SETFL, 0);
	fd = open_anew(0, O_RDONLY);
	NEED(fstat(fd, &a) == 0 && fcntl(fd, F_GETFL) & O_NONBLOCK);
	NEED(isatty(fd) && !(fcntl(0, F_GETFL) & O_NONBLOCK));
	NEED((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	NEED(pipe(pair) == 0);
	fd = open_anew(pair[0], O_RDONLY);
	NEED(is_new(fd, pair[0]));
	fd = open_anew(pair[1], O_WRONLY);
	NEED(is_new(fd, pair[1]));
	/* Another terminal may be somebody else's by now. */
	fd = open_anew(other.slave, O_RDONLY);
	NEED(fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC &&
	     !(fcntl(fd, F_GETFL) & O_NONBLOCK));
	NEED(fstat(fd, &a) == 0 && fstat(other.slave, &b) == 0 &&
	     a.st_ino == b.st_ino);
	fd = open_anew(file, O_RDONLY);
	NEED(fstat(fd, &a) == 0 && fstat(file, &b) == 0 &&
	     a.st_ino == b.st_ino && !(fcntl(fd, F_GETFL) & O_NONBLOCK));
	NEED(open_anew(-1, O_RDONLY) == -1);
}

static void opens_both(void)
{
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	int write_only = null(O_WRONLY), read_only = null(O_RDONLY);
	int before;

	unit_note_descriptors();
	NEED(nsc_tty_outer_open(&caller, &shared->err) == 0);
	NEED(caller.terminal && caller.eager && isatty(caller.size));
	NEED(caller.size > 2 && fcntl(caller.size, F_GETFD) == FD_CLOEXEC);
	NEED(caller.guard >= 0 && caller.guard_pidfd >= 0 && !caller.raw);
	NEED(!caller.shared && !caller.silent);
	nsc_tty_outer_close(&caller);
	NEED(unit_other_descriptor() == -1);
	NEED(caller.in == -1 && caller.guard == -1);
	/* The guard has been waited for. */
	NEED(waitpid(-1, NULL, WNOHANG | __WALL) < 0);
	/* The size is that of any terminal. */
	put_null(0, 1);
	NEED(nsc_tty_outer_open(&caller, &shared->err) == 0);
	NEED(!caller.terminal && !caller.eager && isatty(caller.size));
	NEED(caller.guard == -1 && is_null(caller.in) && is_null(caller.out));
	nsc_tty_outer_close(&caller);
	NEED(unit_other_descriptor() == -1);
	put_null(0, 2);
	/* No other descriptor counts. */
	NEED(outer.slave > 3 ? dup2(outer.slave, 3) == 3 : true);
	unit_note_descriptors();
	/* What cannot be read is empty, and what cannot be written is lost. */
	dup2(write_only, 0);
	dup2(read_only, 1);
	before = dup(0);
	close(before);
	NEED(nsc_tty_outer_open(&caller, &shared->err) == 0);
	NEED(caller.size == -1);
	NEED(read(caller.in, &before, 1) == 0 && write(caller.out, "", 1) == 1);
	nsc_tty_outer_close(&caller);
	NEED(unit_other_descriptor() == -1);
}

/* Another process of the job, which is no child of ours. */
static pid_t companion(bool ours)
{
	int ready[2];
	pid_t pid;

	NEED(pipe(ready) == 0);
	pid = fork();
	if (pid == 0 && (ours || fork() == 0)) {
		(void)!write(ready[1], &(pid_t){ getpid() }, sizeof(pid_t));
		for (;;)
			pause();
	}
	if (pid == 0)
		_exit(0);
	/* Then its parent has ended. */
	if (!ours)
		NEED(waitpid(pid, NULL, 0) == pid);
	NEED(read(ready[0], &pid, sizeof(pid)) == sizeof(pid));
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void opens_terminal(void)
{
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	int terminal = fcntl(0, F_DUPFD, 20);
	pid_t other;

	unit_note_descriptors();
	NEED(nsc_tty_outer_open_terminal(terminal, &caller,
					 &shared->err) == 0);
	NEED(caller.terminal && !caller.shared && !caller.silent);
	NEED(caller.size > 2 && caller.size != terminal);
	nsc_tty_outer_close(&caller);
	/* A part of a pipeline: ^C is for all of it. */
	put_null(0, 0);
	NEED(nsc_tty_outer_open_terminal(terminal, &caller,
					 &shared->err) == 0);
	NEED(caller.terminal && caller.shared && !caller.silent);
	nsc_tty_outer_close(&caller);
	put_null(0, 1);
	other = companion(true);
	NEED(nsc_tty_outer_open_terminal(terminal, &caller,
					 &shared->err) == 0);
	NEED(caller.shared && !caller.silent);
	nsc_tty_outer_close(&caller);
	kill(other, SIGKILL);
	/* A pager reads the terminal. */
	other = companion(false);
	NEED(nsc_tty_outer_open_terminal(terminal, &caller,
					 &shared->err) == 0);
	NEED(caller.shared && caller.silent);
	nsc_tty_outer_set_raw(&caller);
	NEED(!caller.raw && terminal_is_ours(terminal));
	nsc_tty_outer_close(&caller);
	kill(other, SIGKILL);
	NEED(unit_other_descriptor() == -1);
}

/* --- its modes */

static void sets_raw(void)
{
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	struct termios modes;
	sigset_t all, now;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	NEED(nsc_tty_outer_open(&caller, &shared->err) == 0);
	nsc_tty_outer_set_raw(&caller);
	NEED(caller.raw && terminal_is_raw(0));
	sigprocmask(SIG_SETMASK, NULL, &now);
	NEED(sigismember(&now, SIGTTOU) && sigismember(&now, SIGTERM));
	/* The modes to restore are those before. */
	nsc_tty_outer_set_raw(&caller);
	nsc_tty_outer_restore(&caller);
	NEED(!caller.raw && terminal_is_ours(0));
	/* A shell has changed them meanwhile. */
	NEED(tcgetattr(0, &modes) == 0);
	modes.c_cc[VINTR] = 'X';
	NEED(tcsetattr(0, TCSANOW, &modes) == 0);
	nsc_tty_outer_set_raw(&caller);
	nsc_tty_outer_restore(&caller);
	NEED(tcgetattr(0, &modes) == 0 && modes.c_cc[VINTR] == 'X');
	/* ^C is for all of a pipeline. */
	caller.shared = true;
	nsc_tty_outer_set_raw(&caller);
	NEED(tcgetattr(0, &modes) == 0);
	NEED(modes.c_lflag & ISIG && !(modes.c_lflag & ICANON));
	nsc_tty_outer_close(&caller);
	NEED(tcgetattr(0, &modes) == 0 && modes.c_lflag & ICANON);
}

static void typed_before(void)
{
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;

	NEED(nsc_tty_outer_open(&caller, &shared->err) == 0);
	NEED(!nsc_tty_outer_has_typed_ahead(&caller));
	NEED(write(outer.master, "a", 1) == 1);
	NEED(!nsc_tty_outer_has_typed_ahead(&caller));
	NEED(write(outer.master, "\r", 1) == 1);
	NEED(nsc_tty_outer_has_typed_ahead(&caller));
	/* It is read first, and then raw. */
	nsc_tty_outer_set_raw(&caller);
	NEED(!caller.raw && terminal_is_ours(0));
	NEED(read(caller.in, (char[8]){ 0 }, 8) == 2);
	nsc_tty_outer_set_raw(&caller);
	NEED(caller.raw && terminal_is_raw(0));
	NEED(write(outer.master, "a\n", 2) == 2);
	NEED(!nsc_tty_outer_has_typed_ahead(&caller));
	caller.raw = false;
	caller.terminal = false;
	NEED(!nsc_tty_outer_has_typed_ahead(&caller));
	caller.terminal = true;
	caller.before.c_lflag &= ~(tcflag_t)ICANON;
	NEED(!nsc_tty_outer_has_typed_ahead(&caller));
	caller.raw = true;
	nsc_tty_outer_close(&caller);
}

static void ends_lines(void)
{
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;

	caller.before.c_cc[VEOL] = 'e';
	caller.before.c_cc[VEOL2] = 0;
	NEED(nsc_tty_outer_is_line(&caller, '\n'));
	NEED(nsc_tty_outer_is_line(&caller, '\r'));
	NEED(nsc_tty_outer_is_line(&caller, 'e'));
	NEED(!nsc_tty_outer_is_line(&caller, 'x'));
	/* A key of 0 is none. */
	NEED(!nsc_tty_outer_is_line(&caller, '\0'));
	caller.before.c_cc[VEOL2] = 'f';
	NEED(nsc_tty_outer_is_line(&caller, 'f'));
}

/* It has its name when it has let go of everything. */
static int guard_of(const struct nsc_tty_outer *caller)
{
	int pid = unit_pid_of(caller->guard_pidfd);
	char path[64], name[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	while (strcmp(name, "nsc-terminal\n") != 0) {
		FILE *file = fopen(path, "re");

		NEED(file && fgets(name, sizeof(name), file));
		fclose(file);
	}
	return pid;
}

static void guards_as_nobody(void)
{
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	unsigned int uid = 0;
	char ids[64];

	if (geteuid() != 0)
		return;
	NEED(nsc_tty_outer_open(&caller, &shared->err) == 0);
	NEED(nsc_proc_status(guard_of(&caller), "Uid", ids, sizeof(ids)));
	NEED(sscanf(ids, "%*u %u", &uid) == 1 && uid == NSC_NOBODY);
	nsc_tty_outer_close(&caller);
}

/* The user, whose process this is, cannot trace the guard, which was root. */
static void guards(void)
{
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	char path[64];
	struct stat st;

	if (geteuid() == 0)
		NEED(setresuid(4711, 4711, 4711) == 0);
	NEED(prctl(PR_SET_DUMPABLE, 1) == 0);
	NEED(nsc_tty_outer_open(&caller, &shared->err) == 0);
	snprintf(path, sizeof(path), "/proc/%d/stat", guard_of(&caller));
	NEED(stat(path, &st) == 0 && st.st_uid == 0);
	nsc_tty_outer_close(&caller);
}

static void in_background(void)
{
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	pid_t other = fork();

	if (other == 0)
		for (;;)
			pause();
	setpgid(other, other);
	signal(SIGTTOU, SIG_IGN);
	NEED(nsc_tty_outer_open(&caller, &shared->err) == 0);
	NEED(!nsc_tty_outer_in_background(&caller));
	nsc_tty_outer_set_raw(&caller);
	NEED(tcsetpgrp(0, other) == 0);
	NEED(nsc_tty_outer_in_background(&caller));
	/* The modes are those of the job that has it. */
	nsc_tty_outer_restore(&caller);
	NEED(!caller.raw && terminal_is_raw(0));
	NEED(tcsetattr(0, TCSANOW, &caller.before) == 0);
	nsc_tty_outer_set_raw(&caller);
	NEED(!caller.raw && terminal_is_ours(0));
	caller.terminal = false;
	NEED(!nsc_tty_outer_in_background(&caller));
	caller.terminal = true;
	nsc_tty_outer_close(&caller);
	kill(other, SIGKILL);
}

static void writes(void)
{
	struct nsc_tty_outer caller = NSC_TTY_OUTER_INIT;
	int pair[2], size = 4096;
	char data[65536] = { 0 };

	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	caller.out = pair[0];
	/* A blocking socket does not block. */
	while (nsc_tty_outer_write(&caller, data, sizeof(data)) > 0)
		continue;
	NEED(errno == EAGAIN);
	close(pair[1]);
	NEED(nsc_tty_outer_write(&caller, data, 1) < 0 && errno == EPIPE);
	NEED(pipe(pair) == 0);
	caller.out = pair[1];
	NEED(nsc_tty_outer_write(&caller, "abc", 3) == 3);
	NEED(read(pair[0], data, 8) == 3 && !memcmp(data, "abc", 3));
}

static void (*const cases[])(void) = {
	finds_terminal, by_access, opens_anew, opens_both, opens_terminal,
	sets_raw, typed_before, ends_lines, guards, guards_as_nobody,
	in_background, writes,
};

START_TEST(outer_terminal)
{
	run(cases[_i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outer");
	TCase *tcase = unit_case("outer");

	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, outer_terminal, 0, NSC_ARRAY_SIZE(cases));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
