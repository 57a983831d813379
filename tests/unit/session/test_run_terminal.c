/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/run_terminal.c: a command inside on a terminal of its own, while
 * the caller's stays outside.  The caller is a child of the test on a pty that
 * the test types at; the steps into the container are faked.
 */
#include "entry.h"

#include <sys/fsuid.h>
#include <sys/prctl.h>

#include "terminal.h"
#include "session/run_terminal.h"
#include "session/stdio.h"
#include "util/fd.h"

/* What the caller tells the test. */
static struct shared {
	int ret, status, dumpable;
	bool ignores;		/* the end of who reads its output */
	struct nsc_error err;
	char tape[sizeof(tape)];
	int steps;
	int other;		/* descriptor than before, or -1 */
} *shared;

/* --- the seam */

STEP(nsc_enter_as_user, const struct nsc_state *state, bool keep_ids)
{
	(void)state;
	(void)keep_ids;
	(void)error;
	return 0;
}

STEP(nsc_pty_new_here, dev_t host, struct nsc_pty *ret)
{
	tape_write("terminal of %u%s", (unsigned int)setfsuid((uid_t)-1),
		   host == nsc_pty_devpts() ? "" : "?");
	*ret = terminal_pair();
	return tape_result(error);
}

/* --- the caller */

static struct nsc_pty outer;
static char sh[] = "/bin/sh", home[] = "/", script[256];
static char *argv[] = { sh, (char[]){ "-c" }, script, NULL };
static char *env[] = { (char[]){ "A=of the session" },
		       (char[]){ "PATH=/bin:/usr/bin" }, NULL };
static int fails;		/* the step */
static int input = -1;		/* in place of the terminal */
static bool controlling = true;

static void call(void)
{
	struct nsc_state state = { .home = home, .run_uid = geteuid() };
	struct nsc_session session = { .pidfd = 71, .state = &state };
	const struct nsc_session_origin origin = { .service = "nsshell" };
	struct nsc_run run = {
		.session = &session, .origin = &origin, .program = sh,
		.argv = argv, .env = env, .keep_ids = true,
	};

	tape_begin(fails);
	unit_note_descriptors();
	shared->ret = nsc_run_given(&run, controlling, &shared->status,
				    &shared->err);
	shared->other = unit_other_descriptor();
	shared->dumpable = prctl(PR_GET_DUMPABLE);
	shared->ignores = signal(SIGPIPE, SIG_DFL) == SIG_IGN;
	strcpy(shared->tape, tape);
	shared->steps = tape_steps;
	_exit(0);
}

static pid_t caller(const char *text)
{
	pid_t pid;

	shared = unit_shared(sizeof(*shared));
	shared->ret = shared->status = 99;
	snprintf(script, sizeof(script), "%s", text);
	outer = terminal_new();
	fcntl(outer.master, F_SETFL, 0);
	pid = fork();
	if (pid)
		return pid;
	close(outer.master);
	nsc_process_default_signals();
	if (setsid() < 0 || ioctl(outer.slave, TIOCSCTTY, 0) < 0)
		_exit(1);
	for (int fd = 0; fd < 3; fd++)
		dup2(fd == 0 && input >= 0 ? input : outer.slave, fd);
	nsc_process_keep_only(NULL, 0);
	call();
	_exit(0);
}

static void ended(pid_t pid, int result, int expected)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_msg(shared->ret == result, "%d: %s", shared->ret,
		      shared->err.text);
	ck_assert_int_eq(shared->status, expected);
	ck_assert_int_eq(shared->other, -1);
}

#define ALL "recorder\nmonitor nsshell\nenter 71\nterminal of %u\nstreams\n" \
	"parent 1\n"

START_TEST(runs)
{
	char all[128];
	pid_t pid;

	pid = caller("stty size; echo $A; tty; exit 7");
	expect(outer.master, "33 77\r\nof the session\r\n/dev/pts/");
	ended(pid, 0, 7 << 8);
	snprintf(all, sizeof(all), ALL, geteuid());
	ck_assert_str_eq(shared->tape, all);
	/* Nobody inside may look into who is left outside. */
	ck_assert_int_eq(shared->dumpable, 0);
	ck_assert(shared->ignores);
	/* The terminal is as it was. */
	ck_assert(terminal_is_ours(outer.slave));
}
END_TEST

START_TEST(input_is_passed_on)
{
	pid_t pid = caller("echo ready; read x; echo got $x");

	expect(outer.master, "ready\r\n");
	WAIT_UNTIL(terminal_is_raw(outer.slave));
	type(outer.master, "hi\n", 3);
	expect(outer.master, "got hi\r\n");
	ended(pid, 0, 0);
}
END_TEST

/* What is no terminal goes inside as it is. */
START_TEST(redirected)
{
	int pair[2];
	pid_t pid;

	ck_assert_int_eq(pipe(pair), 0);
	type(pair[1], "piped\n", 6);
	close(pair[1]);
	input = pair[0];
	pid = caller("cat; test -t 0 || test -t 1 && echo both; : > /dev/tty "
		     "&& echo own");
	expect(outer.master, "piped\r\nboth\r\nown\r\n");
	ended(pid, 0, 0);
}
END_TEST

START_TEST(a_way_out)
{
	pid_t pid;

	input = open("/", O_RDONLY | O_DIRECTORY);
	pid = caller("echo ran");
	ended(pid, -NSC_STDIO_REFUSED, 99);
	ck_assert_str_eq(shared->tape, "");
}
END_TEST

/* It has 0 to 2 and nothing else: no terminal of the host. */
START_TEST(what_is_open)
{
	pid_t pid = caller("ls /proc/self/fd | tr -d '\\n'; echo .");

	/* 3 is what ls itself opens. */
	expect(outer.master, "0123.\r\n");
	ended(pid, 0, 0);
}
END_TEST

START_TEST(no_program)
{
	pid_t pid;

	sh[5] = '\0';
	pid = caller("");
	ended(pid, -EACCES, 127 << 8);
	ck_assert_str_eq(shared->err.text, "run '/bin/' in the container: "
			 "Permission denied");
}
END_TEST

START_TEST(each_step)
{
	int steps = 9;

	for (fails = 1; fails <= steps; fails++) {
		pid_t pid = caller("sleep 100");

		ended(pid, -EIO, 99);
		ck_assert_int_eq(shared->err.code, EIO);
		ck_assert_int_eq(shared->steps, fails);
		ck_assert(terminal_is_ours(outer.slave));
		/* The last one, beside a child that runs. */
		if (strstr(shared->tape, "parent"))
			steps = fails;
		close(outer.master);
		close(outer.slave);
	}
	ck_assert_int_eq(steps, 6);
}
END_TEST

/* Without a terminal anywhere, none is made. */
START_TEST(no_terminal)
{
	int pair[2];
	pid_t pid;
	int status;

	shared = unit_shared(sizeof(*shared));
	strcpy(script, "test -t 1 || echo none");
	ck_assert_int_eq(pipe(pair), 0);
	controlling = false;
	pid = fork();
	if (pid == 0) {
		nsc_process_default_signals();
		setsid();
		for (int fd = 0; fd < 3; fd++)
			dup2(pair[fd != 0], fd);
		nsc_process_keep_only(NULL, 0);
		call();
	}
	close(pair[1]);
	expect(pair[0], "none\n");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(shared->ret, 0);
	ck_assert_str_eq(shared->tape, "monitor nsshell\nenter 71\nstreams\n"
			 "parent 1\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		runs, input_is_passed_on, redirected, a_way_out, what_is_open,
		no_program, each_step, no_terminal, NULL,
	};
	Suite *suite = suite_create("run terminal");
	TCase *tcase = tcase_create("run terminal");

	tcase_set_timeout(tcase, 60);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
