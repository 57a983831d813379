/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam/at_fork.c: cron, which forks for a job that goes inside while cron itself
 * stays; and a placed sshd, whose grandchildren are commands.  The test is
 * these programs; the recorder is faked.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "pam/at_fork.h"
#include "session/recorder.h"
#include "session/recorder_streams.h"
#include "util/fd.h"
#include "util/process.h"

static struct nsc_error err;

/* What the processes of a test tell each other. */
static struct shared {
	int ran, placed, drained, began, put, told, refused;
	char text[128];
} *shared;

/* --- the seam */

static int get_data = PAM_SYSTEM_ERR;	/* the program's own call */

int pam_get_data(const pam_handle_t *pamh, const char *name, const void **data)
{
	(void)pamh;
	(void)name;
	(void)data;
	return get_data;
}

static int masters_result, masters_end = -1;

int __wrap_nsc_recorder_take_masters(struct nsc_recorder_terminals *t, int *end,
				     struct nsc_error *error);
int __wrap_nsc_recorder_take_masters(struct nsc_recorder_terminals *t, int *end,
				     struct nsc_error *error)
{
	(void)error;
	ck_assert_int_ge(t->recorder, 0);
	*end = masters_end;
	masters_end = -1;
	return masters_result;
}

void __wrap_nsc_recorder_tell(const char *text);
void __wrap_nsc_recorder_tell(const char *text)
{
	shared->refused++;
	snprintf(shared->text, sizeof(shared->text), "%s", text);
}

void __wrap_nsc_recorder_drain(int end);
void __wrap_nsc_recorder_drain(int end)
{
	shared->drained += fcntl(end, F_GETFD) >= 0 ? 1 : 100;
}

static int streams_n, streams_result, begin_result, put_result;
static int stream;		/* the last one of a command */

int __wrap_nsc_streams_of_fork(struct nsc_streams *s, bool files,
			       struct nsc_error *error);
int __wrap_nsc_streams_of_fork(struct nsc_streams *s, bool files,
			       struct nsc_error *error)
{
	(void)files;
	(void)error;
	s->n = (size_t)streams_n;
	for (int i = 0; i < streams_n; i++)
		s->fds[i] = i == streams_n - 1 ? stream : 0;
	return streams_result;
}

int __wrap_nsc_streams_begin(struct nsc_streams *s, int recorder, pid_t pid,
			     int theirs, struct nsc_error *error);
int __wrap_nsc_streams_begin(struct nsc_streams *s, int recorder, pid_t pid,
			     int theirs, struct nsc_error *error)
{
	(void)s;
	(void)error;
	ck_assert(recorder >= 0 && !pid && theirs >= 0);
	shared->began++;
	return begin_result;
}

int __wrap_nsc_streams_put(struct nsc_streams *s, struct nsc_error *error);
int __wrap_nsc_streams_put(struct nsc_streams *s, struct nsc_error *error)
{
	(void)s;
	(void)error;
	shared->put++;
	return put_result;
}

void __real_nsc_streams_tell(int *end, enum nsc_streams_process process);
void __wrap_nsc_streams_tell(int *end, enum nsc_streams_process process);
void __wrap_nsc_streams_tell(int *end, enum nsc_streams_process process)
{
	shared->told += *end >= 0 && process == NSC_STREAMS_COMMAND;
	__real_nsc_streams_tell(end, process);
}

static void begin(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	nsc_process_default_signals();
}

static int end_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* --- cron */

static const pam_handle_t *const pamh = (const void *)"handle";
static bool place_fails;

static void place(void *arg)
{
	if (place_fails)
		_exit(9);
	ck_assert_ptr_eq(arg, &place_fails);
	shared->placed++;
}

/* A child that no handler sees, as one that a PAM module makes. */
static bool may_exec(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };
	pid_t pid = (pid_t)syscall(SYS_fork);

	if (pid == 0) {
		execv("/bin/true", argv);
		_exit(errno == EACCES ? 1 : 2);
	}
	return end_of(pid) == 0;
}

static char *mounts(void)
{
	static char text[64];
	ssize_t n = readlink("/proc/self/ns/mnt", text, sizeof(text) - 1);

	text[n] = '\0';
	return text;
}

static int keep;		/* a descriptor of the session */

static void arm(void)
{
	begin();
	keep = open("/dev/null", O_RDONLY);
	unit_note_descriptors();
	ck_assert_int_eq(chdir("/usr"), 0);
	ck_assert_msg(nsc_at_fork_arm(pamh, place, &place_fails, keep,
				      &err) == 0, "%s", err.text);
}

START_TEST(a_job_goes_inside)
{
	char before[64], cwd[64];
	pid_t pid;

	strcpy(before, mounts());
	arm();
	ck_assert(!may_exec());
	ck_assert_str_ne(mounts(), before);
	pid = fork();
	if (pid == 0) {
		shared->ran++;
		/* Nothing of the host's is open, such as its mounts. */
		_exit(shared->placed == 1 && unit_other_descriptor() < 0 ?
			      7 : 8);
	}
	ck_assert_int_eq(end_of(pid), 7 << 8);
	ck_assert_int_eq(shared->ran, 1);
	/* The program is where it was, and forks as before. */
	ck_assert(may_exec());
	ck_assert_str_eq(mounts(), before);
	ck_assert_str_eq(getcwd(cwd, sizeof(cwd)), "/usr");
	pid = fork();
	if (pid == 0)
		_exit(3);
	ck_assert_int_eq(end_of(pid), 3 << 8);
	ck_assert_int_eq(shared->placed, 1);
	unit_check_descriptors();
}
END_TEST

/* A process between both waits, and ends like the job. */
START_TEST(who_waits_ends_like_it)
{
	int pair[2];
	pid_t pid;
	char c;

	arm();
	ck_assert_int_eq(pipe2(pair, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		/* Its own output is closed meanwhile, for cron to read. */
		(void)!write(pair[1], getppid() > 1 &&
			     getpid() != getppid() ? "y" : "n", 1);
		raise(SIGKILL);
	}
	ck_assert(read(pair[0], &c, 1) == 1 && c == 'y');
	ck_assert_int_eq(end_of(pid), SIGKILL);
	/* Neither of them holds the pipe any more. */
	close(pair[1]);
	ck_assert_int_eq(read(pair[0], &c, 1), 0);
}
END_TEST

/* The waiting process keeps the session and nothing else. */
START_TEST(what_stays_open)
{
	int pair[2], job[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char c;

	arm();
	ck_assert_int_eq(pipe2(pair, O_CLOEXEC) | pipe(job), 0);
	/* Also as the output of the job. */
	for (int fd = 0; fd < 3; fd++)
		ck_assert_int_eq(dup2(pair[1], fd), fd);
	if (fork() == 0) {
		for (int fd = 0; fd < 3; fd++)
			close(fd);
		close(pair[1]);
		(void)!read(job[0], &c, 1);
		_exit(0);
	}
	for (int fd = 0; fd < 3; fd++)
		ck_assert_int_eq(dup2(null, fd), fd);
	close(pair[1]);
	/* At its end although the job and who waits for it still run. */
	ck_assert_int_eq(read(pair[0], &c, 1), 0);
	close(job[1]);
}
END_TEST

/* A job that cannot be placed: the program stays where nothing runs. */
START_TEST(a_job_that_is_not_placed)
{
	pid_t pid;

	arm();
	place_fails = true;
	pid = fork();
	if (pid == 0)
		_exit(7);
	ck_assert_int_eq(end_of(pid), 9 << 8);
	ck_assert(!may_exec());
	/* The next job is placed. */
	place_fails = false;
	pid = fork();
	if (pid == 0)
		_exit(7);
	ck_assert_int_eq(end_of(pid), 7 << 8);
	ck_assert_int_eq(shared->placed, 1);
	ck_assert(may_exec());
}
END_TEST

/* A module of PAM forks: that is no job. */
START_TEST(the_fork_of_a_module)
{
	pid_t pid;

	arm();
	get_data = PAM_NO_MODULE_DATA;
	pid = fork();
	if (pid == 0)
		_exit(7);
	ck_assert_int_eq(end_of(pid), 7 << 8);
	ck_assert_int_eq(shared->placed, 0);
	ck_assert(!may_exec());
	get_data = PAM_SYSTEM_ERR;
}
END_TEST

/* atd has the user's effective id when it forks, and when it ends. */
START_TEST(an_effective_user)
{
	pid_t pid;

	arm();
	ck_assert_int_eq(seteuid(4711), 0);
	pid = fork();
	if (pid == 0)
		_exit(geteuid() == 0 ? 7 : 8);
	ck_assert_int_eq(end_of(pid), 7 << 8);
	ck_assert_uint_eq(geteuid(), 4711);
	ck_assert(may_exec());
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(disarmed)
{
	char before[64];
	pid_t pid;

	strcpy(before, mounts());
	arm();
	nsc_at_fork_disarm();
	ck_assert_str_eq(mounts(), before);
	nsc_at_fork_disarm();
	ck_assert(may_exec());
	pid = fork();
	if (pid == 0)
		_exit(7);
	ck_assert_int_eq(end_of(pid), 7 << 8);
	ck_assert_int_eq(shared->placed, 0);
}
END_TEST

START_TEST(not_armed_without_rights)
{
	pid_t pid;

	begin();
	ck_assert_int_eq(setuid(4711), 0);
	ck_assert_int_eq(nsc_at_fork_arm(pamh, place, NULL, -1, &err), -EPERM);
	ck_assert_str_eq(err.text, "keep the job from the host: Operation not "
			 "permitted");
	/* What the program forks then is no job. */
	pid = fork();
	if (pid == 0)
		_exit(7);
	ck_assert_int_eq(end_of(pid), 7 << 8);
	ck_assert_int_eq(shared->placed, 0);
}
END_TEST

START_TEST(jobs)
{
	static const char *const names[] = { "cron", "atd", "sshd", "cro" };

	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++) {
		prctl(PR_SET_NAME, names[i]);
		for (size_t k = 0; k < NSC_ARRAY_SIZE(names); k++)
			ck_assert_int_eq(nsc_at_fork_is_job(names[k]),
					 i == k && i < 2);
	}
}
END_TEST

/* --- sshd */

static int commands[2];		/* the connection to the monitor */

static void be_sshd(int recorder, enum nsc_at_fork_streams streams)
{
	begin();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    commands), 0);
	nsc_at_fork_report(commands[1], recorder, streams);
}

/* Messages that the monitor has got. */
static int messages(void)
{
	char c[4];
	int n = 0;

	while (recv(commands[0], c, sizeof(c), MSG_DONTWAIT) == 1)
		n++;
	return n;
}

/* The status of a command that sshd's process for the user starts. */
static int command(void)
{
	pid_t pid = fork();
	int status;

	if (pid)
		return end_of(pid);
	pid = fork();
	if (pid == 0)
		_exit(fcntl(commands[1], F_GETFD) < 0 ? 7 : 8);
	if (waitpid(pid, &status, 0) != pid)
		_exit(99);
	nsc_process_end_like(status);
}

START_TEST(commands_are_reported)
{
	pid_t pid;

	be_sshd(-1, NSC_AT_FORK_NONE);
	pid = fork();
	if (pid == 0)
		_exit(0);
	end_of(pid);
	/* The process for the user is no command. */
	ck_assert_int_eq(messages(), 0);
	ck_assert_int_eq(command(), 7 << 8);
	ck_assert_int_eq(messages(), 1);
	/* Nothing waits for a monitor that does not read. */
	for (int i = 0; i < 2000; i++)
		(void)send(commands[1], "", 1, MSG_DONTWAIT);
	ck_assert_int_eq(command(), 7 << 8);
	close(commands[0]);
	ck_assert_int_eq(command(), 7 << 8);
}
END_TEST

static int null_fd(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* Nothing runs on a terminal that the recorder did not take. */
START_TEST(unrecorded_terminals)
{
	be_sshd(null_fd(), NSC_AT_FORK_NONE);
	masters_result = -EIO;
	ck_assert_int_eq(command(), 254 << 8);
	ck_assert_int_eq(shared->refused, 1);
	ck_assert_ptr_nonnull(strstr(shared->text, NSC_RECORDER_REFUSED
				     "\r\n"));
	masters_result = 0;
	ck_assert_int_eq(command(), 7 << 8);
	ck_assert_int_eq(shared->refused, 1);
	ck_assert_int_eq(shared->drained, 0);
}
END_TEST

/* A process waits for the command, and then for the recorder. */
START_TEST(recorded_terminals)
{
	int end;
	pid_t pid;

	be_sshd(null_fd(), NSC_AT_FORK_NONE);
	end = masters_end = null_fd();
	pid = fork();
	if (pid == 0)
		_exit(fcntl(end, F_GETFD) < 0 ? 7 : 8);
	ck_assert_int_eq(end_of(pid), 7 << 8);
	ck_assert_int_eq(shared->drained, 1);
	ck_assert_int_lt(fcntl(end, F_GETFD), 0);
}
END_TEST

/* Whoever ends sshd's child means the command. */
START_TEST(signals_of_a_recorded_terminal)
{
	int ready[2];
	pid_t pid;
	char c;

	be_sshd(null_fd(), NSC_AT_FORK_NONE);
	masters_end = null_fd();
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		setsid();
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	/* Its signals are blocked before it leaves the group. */
	while (getpgid(pid) != pid)
		usleep(1000);
	kill(pid, SIGTERM);
	ck_assert_int_eq(end_of(pid), SIGTERM);
	ck_assert_int_eq(shared->drained, 1);
}
END_TEST

START_TEST(recorded_streams)
{
	int pair[2];
	char text[128] = "";

	be_sshd(null_fd(), NSC_AT_FORK_PIPES);
	ck_assert_int_eq(pipe(pair), 0);
	stream = pair[1];
	streams_n = 2;
	ck_assert_int_eq(command(), 7 << 8);
	/* Of the process for the user and of the command. */
	ck_assert_int_eq(shared->began, 2);
	ck_assert_int_eq(shared->put, 2);
	ck_assert_int_eq(shared->told, 2);
	ck_assert_int_eq(shared->drained, 0);
	begin_result = -EIO;
	ck_assert_int_eq(command(), 254 << 8);
	ck_assert_int_eq(shared->put, 2);
	ck_assert_int_eq(shared->refused, 0);
	ck_assert_int_gt(read(pair[0], text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, NSC_RECORDER_REFUSED "\n");
	begin_result = 0;
	put_result = -EIO;
	ck_assert_int_eq(command(), 254 << 8);
	put_result = 0;
	streams_result = -EIO;
	ck_assert_int_eq(command(), 254 << 8);
	streams_result = 0;
	/* A command of sshd's has streams; sshd's own process need not. */
	streams_n = 0;
	ck_assert_int_eq(command(), 254 << 8);
	ck_assert_int_eq(shared->refused, 2);
}
END_TEST

/* cron reads the output when the job has ended: somebody waits for it. */
START_TEST(recorded_jobs)
{
	pid_t pid;

	be_sshd(null_fd(), NSC_AT_FORK_JOB);
	stream = 1;
	streams_n = 1;
	pid = fork();
	if (pid == 0)
		_exit(7);
	ck_assert_int_eq(end_of(pid), 7 << 8);
	ck_assert_int_eq(shared->drained, 1);
	ck_assert_int_eq(shared->told, 1);
	/* A job without output is none that is recorded. */
	streams_n = 0;
	ck_assert_int_eq(command(), 7 << 8);
	ck_assert_int_eq(shared->drained, 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		jobs, commands_are_reported, unrecorded_terminals,
		recorded_terminals, signals_of_a_recorded_terminal,
		recorded_streams, recorded_jobs, NULL,
	};
	const TTest *const root[] = {
		a_job_goes_inside, who_waits_ends_like_it, what_stays_open,
		a_job_that_is_not_placed, the_fork_of_a_module,
		an_effective_user, disarmed, not_armed_without_rights, NULL,
	};
	Suite *suite = suite_create("at_fork");
	TCase *tcase = tcase_create("at_fork");

	tcase_set_timeout(tcase, 30);
	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
