/* SPDX-License-Identifier: Apache-2.0 */
/* init/recorder_command.c: what is noted of a command before it runs. */
#include "unit.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/process.h"
#include "session/recorder_streams.h"
#include "../init/recorder_command.h"

static bool forbidden;		/* ptrace(2) is */
static const char *label = "unconfined\n";	/* of the noter; or NULL */

long __real_ptrace(enum __ptrace_request request, pid_t pid, void *a, long b);
long __wrap_ptrace(enum __ptrace_request request, pid_t pid, void *a, long b);
int __wrap_nsc_nobody_become(uint64_t capabilities, const int *keep,
			     unsigned int n);
int __real_nsc_file_read_text(int dir, const char *path, char *buf,
			      size_t size);
int __wrap_nsc_file_read_text(int dir, const char *path, char *buf,
			      size_t size);

long __wrap_ptrace(enum __ptrace_request request, pid_t pid, void *a, long b)
{
	/* What such a security module says would come at execve(2). */
	ck_assert(!label || !strcmp(label, "unconfined\n"));
	if (!forbidden)
		return __real_ptrace(request, pid, a, b);
	errno = EPERM;
	return -1;
}

int __wrap_nsc_file_read_text(int dir, const char *path, char *buf, size_t size)
{
	if (strcmp(path, "/proc/self/attr/current") != 0)
		return __real_nsc_file_read_text(dir, path, buf, size);
	return label ? snprintf(buf, size, "%s", label) : -EINVAL;
}

/* An ordinary user may trace processes of their own. */
int __wrap_nsc_nobody_become(uint64_t capabilities, const int *keep,
			     unsigned int n)
{
	ck_assert_uint_eq(capabilities, 1ULL << CAP_SYS_PTRACE);
	return nsc_process_keep_only(keep, n);
}

static int ends[2], notes[2];

static void begin(void)
{
	struct nsc_tap tap = { .recorder = -1 };
	const int on = 1;

	ck_assert(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0 &&
		  socketpair(AF_UNIX, SOCK_SEQPACKET, 0, notes) == 0 &&
		  setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on,
			     sizeof(on)) == 0);
	tap.recorder = notes[1];
	ck_assert_int_eq(recorder_command_start(ends[1], &tap), 0);
	signal(SIGCHLD, SIG_DFL);
	close(notes[1]);
	close(ends[1]);
}

/* All parts in one text; each begins with what it is. */
static const char *noted(void)
{
	static char text[100000];
	char part[10000];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(notes[0], part, sizeof(part), 0)) > 0) {
		ck_assert_int_eq(part[0], NSC_RECORDER_COMMAND);
		memcpy(text + len, part + 1, (size_t)n - 1);
		len += (size_t)n - 1;
	}
	text[len] = '\0';
	return text;
}

/* Some hosts let processes trace their children only. */
static void tell(void)
{
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	nsc_streams_tell(&ends[0], NSC_STREAMS_COMMAND);
}

static pid_t command(const char *text)
{
	pid_t pid = fork();

	if (pid == 0) {
		tell();
		execlp("sh", "sh", "-c", text, NULL);
		_exit(127);
	}
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* It would have ended before anybody could look. */
START_TEST(what_ends_at_once)
{
	for (int i = 0; i < 50; i++) {
		pid_t pid;

		if (i == 25)
			label = NULL;
		begin();
		pid = command("exit 7");
		ck_assert_str_eq(noted(), "sh -c exit 7");
		ck_assert_int_eq(status_of(pid), 7 << 8);
		close(ends[0]);
		close(notes[0]);
	}
}
END_TEST

START_TEST(nothing_is_cut)
{
	char text[70000] = "exit 0 #";
	size_t len = strlen(text);
	pid_t pid;

	while (len < sizeof(text) - 8)
		len += (size_t)sprintf(text + len, "\u20ac");
	begin();
	pid = command(text);
	ck_assert(!strcmp(noted() + strlen("sh -c "), text));
	ck_assert_int_eq(status_of(pid), 0);
}
END_TEST

static const char *const labels[] = {
	"sshd (enforce)\n", "unconfined_u:unconfined_r:unconfined_t:s0",
	"system_u:system_r:sshd_t:s0-s0:c0.c1023",
};

START_TEST(a_host_that_forbids_it)
{
	pid_t pid;

	if (_i)
		label = labels[_i - 1];
	else
		forbidden = true;
	begin();
	pid = command("sleep 1000");
	ck_assert_str_eq(noted(), "sh -c sleep 1000");
	kill(pid, SIGKILL);
	ck_assert_int_eq(status_of(pid), SIGKILL);
}
END_TEST

static volatile sig_atomic_t signals;

static void on_signal(int signal)
{
	signals += signal == SIGUSR1;
}

/* It gets its signals, stops and goes on, and executes its program then. */
START_TEST(signals_arrive)
{
	int status;
	pid_t pid;

	begin();
	pid = fork();
	if (pid == 0) {
		signal(SIGUSR1, on_signal);
		tell();
		raise(SIGSTOP);
		raise(SIGUSR1);
		execlp("sh", "sh", "-c", signals == 1 ? "exit 5" : "exit 1",
		       NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	kill(pid, SIGCONT);
	ck_assert_str_eq(noted(), "sh -c exit 5");
	ck_assert_int_eq(status_of(pid), 5 << 8);
}
END_TEST

/* As internal-sftp: what it is, at its end. */
START_TEST(no_program)
{
	pid_t pid;

	const char *line;

	forbidden = _i;
	begin();
	pid = fork();
	if (pid == 0) {
		tell();
		_exit(3);
	}
	line = noted();
	ck_assert(forbidden ? !*line : strstr(line, program_invocation_name) !=
		  NULL);
	ck_assert_int_eq(status_of(pid), 3 << 8);
}
END_TEST

/* It is not lost however long the process takes, and whatever stops it. */
START_TEST(a_late_program)
{
	pid_t pid, flood;

	begin();
	signal(SIGUSR1, on_signal);
	pid = fork();
	if (pid == 0) {
		tell();
		while (signals < 1000)
			pause();
		execlp("sh", "sh", "-c", "exit 5", NULL);
		_exit(127);
	}
	flood = fork();
	if (flood == 0)
		for (;;) {
			kill(pid, SIGUSR1);
			usleep(10);
		}
	ck_assert_str_eq(noted(), "sh -c exit 5");
	kill(flood, SIGKILL);
	status_of(flood);
	status_of(pid);
}
END_TEST

/* Root inside may name any process there, and holds none by that. */
START_TEST(one_that_has_a_program)
{
	pid_t pid;

	begin();
	pid = fork();
	if (pid == 0) {
		dup2(ends[0], 9);
		close(ends[0]);
		execlp("sh", "sh", "-c", "printf c >&9; sleep 1000", NULL);
		_exit(127);
	}
	ck_assert_str_eq(noted(), "sh -c printf c >&9; sleep 1000");
	kill(pid, SIGKILL);
	ck_assert_int_eq(status_of(pid), SIGKILL);
}
END_TEST

START_TEST(nobody_tells)
{
	begin();
	close(ends[0]);
	ck_assert_str_eq(noted(), "");
}
END_TEST

/* su has the command in its own command line, and does not wait. */
START_TEST(a_program_that_starts_the_command)
{
	begin();
	nsc_streams_tell(&ends[0], NSC_STREAMS_PROGRAM);
	ck_assert_ptr_nonnull(strstr(noted(), program_invocation_name));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("command");
	TCase *tcase = tcase_create("command");

	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, what_ends_at_once);
	tcase_add_test(tcase, nothing_is_cut);
	tcase_add_loop_test(tcase, a_host_that_forbids_it, 0, 4);
	tcase_add_test(tcase, signals_arrive);
	tcase_add_loop_test(tcase, no_program, 0, 2);
	tcase_add_test(tcase, a_late_program);
	tcase_add_test(tcase, one_that_has_a_program);
	tcase_add_test(tcase, nobody_tells);
	tcase_add_test(tcase, a_program_that_starts_the_command);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
