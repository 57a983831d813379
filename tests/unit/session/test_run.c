/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/run.c: a command inside and the process that
 * waits for it.  The steps into the container are faked, so the command runs
 * here.
 */
#include "entry.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "session/run.h"
#include "util/fd.h"
#include "util/process.h"

static char dir[64], out[80];

/* --- the seam */

/* Of nsc_enter_as_user(), in the child. */
static int user_fails;
static bool user_is_slow;

STEP(nsc_enter_as_user, const struct nsc_state *state, bool keep_ids)
{
	sigset_t pending;

	(void)state;
	if (user_is_slow) {
		close(open(out, O_WRONLY | O_CREAT, 0600));
		usleep(300000);
		sigpending(&pending);
		if (sigismember(&pending, SIGUSR1))
			return nsc_error_set(error, EIO, "not yet the user");
	}
	return user_fails || !keep_ids ?
		       nsc_error_set(error, EIO, "as user") : 0;
}

/* --- a command */

static char sh[] = "/bin/sh", home[] = "/", script[512];
static char *argv[] = { sh, (char[]){ "-c" }, script, NULL };
static char *env[] = { (char[]){ "A=of the session" },
		       (char[]){ "PATH=/bin:/usr/bin" }, NULL };
static struct nsc_state state;
static struct nsc_session session;
static struct nsc_run request;
static const struct nsc_session_origin origin = { .service = "exec" };
static int status;

/* All steps into the container. */
#define INSIDE(recorded) \
	"monitor exec\nenter 71\nstreams" recorded "\nparent 1\n"

static void begin(const char *text)
{
	unit_make_dir(dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	snprintf(script, sizeof(script), "exec > %s; %s", out, text);
	state = (struct nsc_state){ .home = home };
	session = (struct nsc_session){ .pidfd = 71, .state = &state };
	request = (struct nsc_run){
		.session = &session, .origin = &origin, .program = sh,
		.argv = argv, .env = env, .keep_ids = true,
	};
	tape_begin(0);
	status = -1;
}

static const char *written(void)
{
	static char text[512];
	int fd = open(out, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n] = '\0';
	return text;
}

static void expect(const char *text, int expected)
{
	int ret = nsc_run(&request, &status, &err);

	ck_assert_msg(ret == 0, "%s", err.text);
	ck_assert_int_eq(status, expected);
	ck_assert_str_eq(written(), text);
}

START_TEST(runs)
{
	begin("echo $A; exit 7");
	expect("of the session\n", 7 << 8);
	ck_assert_str_eq(tape, INSIDE(""));
	unit_remove_dir(dir);
	begin("kill -9 $$");
	expect("", SIGKILL);
	unit_remove_dir(dir);
	/* It has left the session and the job of its caller. */
	begin("test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo alone");
	expect("alone\n", 0);
	unit_remove_dir(dir);
}
END_TEST

/* It has the mask of before; a shell would clear it. */
START_TEST(signals_of_the_command)
{
	char *const grep[] = { (char[]){ "grep" }, (char[]){ "SigBlk" },
			       (char[]){ "/proc/self/status" }, NULL };
	sigset_t one;
	int fd;

	begin("");
	fd = open(out, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(dup2(fd, 1), 1);
	request.program = "/bin/grep";
	request.argv = (char **)(uintptr_t)grep;
	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	sigprocmask(SIG_SETMASK, &one, NULL);
	expect("SigBlk:\t0000000000000200\n", 0);
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(searches)
{
	begin("echo found");
	request.program = "sh";
	request.search = true;
	expect("found\n", 0);
	request.program = "no-such-program";
	ck_assert_int_eq(nsc_run(&request, &status, &err), -ENOENT);
	ck_assert_str_eq(err.text, "run 'no-such-program' in the container: "
			 "No such file or directory");
	request.program = "sh";
	request.search = false;
	ck_assert_int_eq(nsc_run(&request, &status, &err), -ENOENT);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(directories)
{
	char inside[96];

	begin("pwd");
	expect("/\n", 0);
	state.home = dir;
	snprintf(inside, sizeof(inside), "%s\n", dir);
	expect(inside, 0);
	state.process.cwd = (char[]){ "/usr" };
	expect("/usr\n", 0);
	/* A home that is missing refuses nothing. */
	state.process.cwd = (char[]){ "/no/such" };
	expect("/\n", 0);
	request.cwd = "/tmp/..";
	expect("/\n", 0);
	/* One that was asked for does. */
	request.cwd = "/no/such";
	ck_assert_int_eq(nsc_run(&request, &status, &err), -ECANCELED);
	ck_assert_str_eq(err.text, "enter the directory '/no/such' in the "
			 "container: No such file or directory");
	unit_remove_dir(dir);
}
END_TEST

static int run_it(void)
{
	return nsc_run(&request, &status, &err);
}

/* Nobody runs who is not inside, or who is still root. */
START_TEST(each_step)
{
	begin("echo ran");
	tape_expect(run_it, INSIDE(""));
	/* The last one had begun when the parent failed. */
	while (wait(NULL) > 0)
		;
	unlink(out);
	for (int i = 1; i <= 3; i++) {
		tape_begin(i);
		ck_assert_int_eq(run_it(), -EIO);
		ck_assert_str_eq(written(), "");
	}
	tape_begin(0);
	user_fails = 1;
	ck_assert_int_eq(run_it(), -EIO);
	ck_assert_str_eq(err.text, "as user");
	ck_assert_int_eq(status, 127 << 8);
	ck_assert_str_eq(written(), "");
	unit_remove_dir(dir);
}
END_TEST

/* Streams are recorded only if all is. */
START_TEST(recorded)
{
	begin("echo ran");
	state.recording.mode = NSC_RECORD_ALL;
	tape_begin(1);
	ck_assert_int_eq(run_it(), -EIO);
	ck_assert_str_eq(tape, "recorder\n");
	ck_assert_str_eq(written(), "");
	tape_begin(0);
	expect("ran\n", 0);
	ck_assert_str_eq(tape, "recorder\n" INSIDE(", which are recorded"));
	unit_remove_dir(dir);
}
END_TEST

/* The caller is told that it runs, and not if it does not. */
static int told;

static void runs_now(void *arg)
{
	*(int *)arg += 1;
}

START_TEST(running)
{
	begin("echo ran");
	request.running = runs_now;
	request.arg = &told;
	expect("ran\n", 0);
	ck_assert_int_eq(told, 1);
	request.program = "/no/such";
	ck_assert_int_eq(run_it(), -ENOENT);
	ck_assert_int_eq(told, 1);
	unit_remove_dir(dir);
}
END_TEST

/* --- signals for who waits */

/* Run in a child, which waits for the command; returns its pid. */
static pid_t runner(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		nsc_process_default_signals();
		if (run_it() == 0)
			nsc_process_end_like(status);
		_exit(99);
	}
	return pid;
}

/* Wait until the command has written that. */
static void wait_for(const char *text)
{
	for (int i = 0; i < 10000 && strcmp(written(), text) != 0; i++)
		usleep(1000);
	ck_assert_str_eq(written(), text);
}

START_TEST(a_signal_is_passed_on)
{
	pid_t pid;
	int how;

	begin("trap 'echo got it; exit 3' USR1; echo ready; "
	      "while :; do sleep 0.01; done");
	pid = runner();
	wait_for("ready\n");
	kill(pid, SIGUSR1);
	ck_assert_int_eq(waitpid(pid, &how, 0), pid);
	ck_assert_str_eq(written(), "ready\ngot it\n");
	ck_assert_int_eq(how, 3 << 8);
	unit_remove_dir(dir);
}
END_TEST

/* A signal of the kernel's, as of a key, is for the whole job. */
START_TEST(a_key_is_for_all_of_it)
{
	int key[2], how;
	pid_t pid;

	ck_assert_int_eq(pipe(key), 0);
	begin("exec 2> /dev/null; trap 'wait; exit 5' ALRM; "
	      "(trap 'echo both; exit' ALRM; echo ready; "
	      "while :; do sleep 0.01; done) & while :; do sleep 0.01; done");
	pid = fork();
	if (pid == 0) {
		nsc_process_default_signals();
		/* The kernel signals who waits when the pipe has a byte. */
		fcntl(key[0], F_SETOWN, getpid());
		fcntl(key[0], F_SETSIG, SIGALRM);
		fcntl(key[0], F_SETFL, O_ASYNC);
		if (run_it() == 0)
			nsc_process_end_like(status);
		_exit(99);
	}
	wait_for("ready\n");
	ck_assert_int_eq(write(key[1], "", 1), 1);
	ck_assert_int_eq(waitpid(pid, &how, 0), pid);
	ck_assert_str_eq(written(), "ready\nboth\n");
	ck_assert_int_eq(how, 5 << 8);
	close(key[0]);
	close(key[1]);
	unit_remove_dir(dir);
}
END_TEST

/* It has no group of its own yet. */
START_TEST(a_key_before_the_job)
{
	int key[2], how;
	sigset_t all;
	pid_t pid;

	ck_assert_int_eq(pipe(key), 0);
	pid = fork();
	if (pid == 0) {
		pid_t command;

		nsc_process_default_signals();
		nsc_process_all_signals(&all);
		command = fork();
		if (command == 0)
			for (;;)
				pause();
		sigprocmask(SIG_BLOCK, &all, NULL);
		fcntl(key[0], F_SETOWN, getpid());
		fcntl(key[0], F_SETSIG, SIGALRM);
		fcntl(key[0], F_SETFL, O_ASYNC);
		(void)!write(key[1], "", 1);
		_exit(nsc_run_wait_for(command, &all));
	}
	ck_assert_int_eq(waitpid(pid, &how, 0), pid);
	ck_assert_int_eq(how, SIGALRM << 8);
	close(key[0]);
	close(key[1]);
}
END_TEST

static void on_stop(int number)
{
	(void)number;
	_exit(5);
}

/* A stop that a process asks for is the command's, and not of who waits. */
START_TEST(a_stop_that_is_no_key)
{
	sigset_t all;
	pid_t pid;
	int how;

	pid = fork();
	if (pid == 0) {
		pid_t command;

		nsc_process_default_signals();
		signal(SIGTSTP, on_stop);
		command = fork();
		if (command == 0)
			for (;;)
				pause();
		nsc_process_all_signals(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		kill(getpid(), SIGTSTP);
		_exit(nsc_run_wait_for(command, &all) >> 8);
	}
	ck_assert_int_eq(waitpid(pid, &how, WUNTRACED), pid);
	ck_assert_int_eq(how, 5 << 8);
}
END_TEST

/* Ends with 5, or with 6 if the rest of the group has got SIGTERM, too. */
static void __attribute__((noreturn)) lead_a_group(int ready)
{
	int line[2], how, number;
	sigset_t term;
	pid_t member;

	setsid();
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	if (pipe(line) < 0)
		_exit(99);
	member = fork();
	if (member == 0) {
		(void)!read(line[0], &(char){ 0 }, 1);
		sigpending(&term);
		_exit(sigismember(&term, SIGTERM));
	}
	(void)!write(ready, "", 1);
	sigwait(&term, &number);
	(void)!write(line[1], "", 1);
	_exit(waitpid(member, &how, 0) == member ? 5 + (how >> 8) : 99);
}

/* What a process sends is for the command, and not for what that started. */
START_TEST(a_signal_that_is_no_key)
{
	int ready[2], how;
	sigset_t all;
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		pid_t command;

		nsc_process_all_signals(&all);
		sigprocmask(SIG_BLOCK, &all, NULL);
		command = fork();
		if (command == 0)
			lead_a_group(ready[1]);
		(void)!read(ready[0], &(char){ 0 }, 1);
		kill(getpid(), SIGTERM);
		_exit(nsc_run_wait_for(command, &all) >> 8);
	}
	ck_assert_int_eq(waitpid(pid, &how, 0), pid);
	ck_assert_int_eq(how, 5 << 8);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

/* Nobody may signal it before it is the user, and so the signal waits. */
START_TEST(an_early_signal_is_passed_on)
{
	pid_t pid;
	int how;

	begin("sleep 60");
	user_is_slow = true;
	pid = runner();
	for (int i = 0; i < 10000 && access(out, F_OK) < 0; i++)
		usleep(1000);
	kill(pid, SIGUSR1);
	ck_assert_int_eq(waitpid(pid, &how, 0), pid);
	ck_assert_int_eq(how, SIGUSR1);
	unit_remove_dir(dir);
}
END_TEST

/* The command ends with who waits for it. */
START_TEST(who_waits_is_killed)
{
	pid_t pid;

	begin("trap 'echo hung up; exit' HUP; echo ready; "
	      "while :; do sleep 0.01; done");
	pid = runner();
	wait_for("ready\n");
	kill(pid, SIGKILL);
	wait_for("ready\nhung up\n");
	waitpid(pid, NULL, 0);
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		runs, signals_of_the_command, searches, directories, each_step,
		recorded, running, a_signal_is_passed_on,
		an_early_signal_is_passed_on, a_key_is_for_all_of_it,
		a_key_before_the_job, a_signal_that_is_no_key,
		a_stop_that_is_no_key,
		who_waits_is_killed, NULL,
	};
	Suite *suite = suite_create("run");
	TCase *tcase = unit_case("run");

	tcase_set_timeout(tcase, 30);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
