/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: cron's and at's process for one job, as root of the host; in the
 * child that it forks for the job, which ends inside.
 */
#include "at_fork.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "linux/descriptors.h"
#include "linux/mount.h"
#include "rundir/recorder_socket.h"
#include "session/recorder.h"
#include "session/recorder_streams.h"

/* fork(2) passes no argument to its handlers. */
static struct {
	bool registered;
	const pam_handle_t *pamh;	/* NULL: not armed */
	void (*place)(void *arg);
	void *arg;
	int keep;
	int mounts, cwd;	/* of the host */
	int in, out;		/* says that the child is inside */
	int commands;		/* of sshd; or -1 */
	struct nsc_recorder_terminals terminals;	/* that sshd makes */
	int end;		/* of that of the next command; or -1 */
	enum nsc_at_fork_streams streams;	/* of commands */
	int told;		/* for the next command without terminal; -1 */
	int refused;		/* gets the sentence of a refusal; or -1 */
	bool unrecorded;	/* the recorder did not take one */
	bool in_child;		/* sshd's process for the user */
} armed = {
	.mounts = -1, .cwd = -1, .in = -1, .out = -1, .commands = -1,
	.terminals = { .recorder = -1 }, .end = -1, .told = -1, .refused = -1,
};

bool nsc_at_fork_is_job(const char *service)
{
	char program[16] = "";

	(void)prctl(PR_GET_NAME, program);
	return !strcmp(program, service) &&
	       (!strcmp(program, "cron") || !strcmp(program, "atd"));
}

/* libpam gives its data to modules only. */
static bool forked_by_program(void)
{
	const void *data;

	return armed.pamh && pam_get_data(armed.pamh, "", &data) ==
			     PAM_SYSTEM_ERR;
}

static int no_exec(void)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_NOEXEC, .propagation = MS_PRIVATE,
	};

	return unshare(CLONE_NEWNS) < 0 ? -1 :
	       mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr));
}

/* atd gives up its privileges around fork(2). */
void nsc_at_fork_disarm(void)
{
	uid_t before = geteuid();

	if (!armed.pamh)
		return;
	if (before)
		(void)!seteuid(0);
	if (setns(armed.mounts, CLONE_NEWNS) == 0)
		(void)!fchdir(armed.cwd);
	if (before)
		(void)!seteuid(before);
	nsc_fd_close(&armed.mounts);
	nsc_fd_close(&armed.cwd);
	armed.pamh = NULL;
}

/* Only sshd's process for the user and a job fork for a command. */
static int take_streams(void)
{
	struct nsc_streams s = NSC_STREAMS_INIT;
	_cleanup_fd_ int theirs = -1;
	bool job = armed.streams == NSC_AT_FORK_JOB;
	int ret = nsc_streams_of_fork(&s, job, NSC_IGNORE);

	if (ret < 0 || s.n == 0)
		return ret < 0 || (armed.in_child && !job) ? -1 : 0;
	armed.refused = s.fds[s.n - 1];
	if (nsc_descriptors_pair(&armed.told, &theirs) < 0)
		return -1;
	ret = nsc_streams_begin(&s, armed.terminals.recorder, 0, theirs,
				NSC_IGNORE);
	return ret < 0 ? ret : nsc_streams_put(&s, NSC_IGNORE);
}

/* sshd makes the terminal or the pipes of a command before it forks. */
static void at_fork_before(void)
{
	if (armed.terminals.recorder >= 0) {
		armed.unrecorded = nsc_recorder_take_masters(&armed.terminals,
					&armed.end, NSC_IGNORE) < 0;
		if (!armed.unrecorded && armed.streams && armed.end < 0)
			armed.unrecorded = take_streams() < 0;
	}
	if (forked_by_program())
		(void)nsc_fd_pipe(&armed.in, &armed.out);
}

static void at_fork_parent(void)
{
	char inside;
	ssize_t n;

	/* This was about one fork. */
	armed.unrecorded = false;
	armed.refused = -1;
	nsc_fd_close(&armed.end);
	nsc_fd_close(&armed.told);
	if (armed.in < 0)
		return;
	nsc_fd_close(&armed.out);
	do
		n = read(armed.in, &inside, 1);
	while (n < 0 && errno == EINTR);
	nsc_fd_close(&armed.in);
	if (n == 1)
		nsc_at_fork_disarm();
}

/*
 * setns(2) moves only children into a pid namespace.  The descriptors are
 * closed because somebody waits for the end of the job's output.
 */
static void follow(pid_t child)
{
	int status;

	nsc_process_default_signals();
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	(void)nsc_process_keep_only(&armed.keep, 1);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			_exit(1);
	nsc_process_end_like(status);
}

/* The message is lost if the monitor does not read: then nobody knows. */
static void report(void)
{
	if (armed.commands >= 0 && armed.in_child) {
		(void)send(armed.commands, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		nsc_fd_close(&armed.commands);
	}
	armed.in_child = true;
}

/* The command of a terminal that is not recorded does not begin. */
static void refuse_unrecorded(void)
{
	static const char text[] = NSC_RECORDER_REFUSED "\n";

	if (armed.refused >= 0)
		(void)!write(armed.refused, text, sizeof(text) - 1);
	else
		nsc_recorder_tell(NSC_RECORDER_REFUSED "\r\n");
	_exit(254);
}

/*
 * When its child has ended, sshd reads its terminal until nothing is there at
 * the moment: so its child waits for the command, and for the recorder.
 * Signals are for the command.
 */
static void __attribute__((noreturn)) follow_recorded(pid_t child, int end)
{
	int status;
	siginfo_t info;
	sigset_t all;

	nsc_process_all_signals(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	(void)setpgid(0, 0);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	(void)nsc_process_keep_only(&end, 1);
	while (waitpid(child, &status, WNOHANG) == 0)
		if (sigwaitinfo(&all, &info) > 0 && info.si_signo != SIGCHLD)
			kill(-child, info.si_signo);
	nsc_recorder_drain(end);
	nsc_process_end_like(status);
}

static void be_followed(bool streams)
{
	int end = NSC_TAKE_FD(armed.end);
	pid_t pid;

	nsc_fd_close(&armed.terminals.recorder);
	pid = fork();
	if (pid < 0)
		_exit(1);
	if (pid)
		follow_recorded(pid, end);
	if (streams)
		nsc_streams_tell(&end, NSC_STREAMS_COMMAND);
	nsc_fd_close(&end);
}

/* The recorder learns which process the command is. */
static void tell_recorder(void)
{
	/* cron reads the output of a job when that has ended. */
	if (armed.streams == NSC_AT_FORK_JOB) {
		armed.end = NSC_TAKE_FD(armed.told);
		be_followed(true);
		return;
	}
	nsc_streams_tell(&armed.told, NSC_STREAMS_COMMAND);
}

static void at_fork_child(void)
{
	pid_t pid;

	if (armed.unrecorded)
		refuse_unrecorded();
	if (armed.told >= 0)
		tell_recorder();
	report();
	if (armed.end >= 0)
		be_followed(false);
	if (!forked_by_program())
		return;
	armed.pamh = NULL;
	if (armed.out < 0 || (geteuid() && seteuid(0) < 0))
		_exit(1);
	nsc_fd_close(&armed.mounts);
	nsc_fd_close(&armed.cwd);
	armed.place(armed.arg);
	(void)!write(armed.out, "", 1);
	nsc_fd_close(&armed.in);
	nsc_fd_close(&armed.out);
	pid = fork();
	if (pid < 0)
		_exit(1);
	if (pid)
		follow(pid);
}

static int at_fork_register(void)
{
	int ret = armed.registered ? 0 :
		  pthread_atfork(at_fork_before, at_fork_parent,
				 at_fork_child);

	armed.registered = ret == 0;
	return -ret;
}

void nsc_at_fork_report(int commands, int recorder,
			enum nsc_at_fork_streams streams)
{
	int ret = at_fork_register();

	/* Without memory, the process could make terminals unseen. */
	if (ret < 0 && recorder >= 0)
		_exit(1);
	if (ret == 0)
		armed.commands = commands;
	armed.terminals.recorder = recorder;
	armed.streams = streams;
}

int nsc_at_fork_arm(const pam_handle_t *pamh, void (*place)(void *arg),
		    void *arg, int keep, struct nsc_error *err)
{
	int ret = at_fork_register();

	if (ret < 0)
		return nsc_error_sys(err, -ret, "watch for the job");
	armed.mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	armed.cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	armed.pamh = pamh;
	armed.place = place;
	armed.arg = arg;
	armed.keep = keep;
	if (armed.mounts >= 0 && armed.cwd >= 0 && no_exec() == 0)
		return 0;
	nsc_error_sys(err, errno, "keep the job from the host");
	nsc_at_fork_disarm();
	return -err->code;
}
