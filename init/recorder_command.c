/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: a child of container-recorder, nobody on the host with
 * CAP_SYS_PTRACE, until the command line is noted.
 *
 * The command stands still at its execve(2), by ptrace(2): it could end before
 * anybody looks.  Where the host forbids that, this looks often.
 */
#include "recorder_command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/proc.h"
#include "util/process.h"
#include "util/text.h"
#include "session/recorder_streams.h"
#include "record/nobody.h"

#define EXECUTE_US 10000000	/* internal-sftp executes no program */
#define LOOK_NS 100000		/* at first; then the looks become rarer */
#define PART 8192		/* of a command line, in one message */

/* Its arguments with blanks between them; as much as there is room for. */
static size_t read_part(int fd, char *to, size_t size)
{
	ssize_t got = read(fd, to, size - 1);
	size_t n = got > 0 ? (size_t)got : 0;
	uint32_t c;

	for (size_t i = 0; i < n; i++)
		if (!to[i])
			to[i] = ' ';
	/* A title of a process has room behind it. */
	while (n && n < size - 1 && to[n - 1] == ' ')
		n--;
	/* A character that is cut belongs to the next part. */
	for (size_t k = 1; n == size - 1 && k < 4; k++)
		if (nsc_text_decode((unsigned char *)to + n - k, k, &c) < 0 &&
		    lseek(fd, -(off_t)k, SEEK_CUR) >= 0)
			n -= k;
	to[n] = '\0';
	return n;
}

/* Returns false if there is none, as while a program is executed. */
static bool note(pid_t pid, struct nsc_tap *tap)
{
	char path[32], part[PART + 1];
	bool noted = false;
	_cleanup_fd_ int fd = -1;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read_part(fd, part, sizeof(part)))) {
		noted = true;
		if (!nsc_tap_stream(tap, NSC_RECORDER_COMMAND, part, n))
			break;
	}
	return noted;
}

/* --- the command stands still */

/* Let it go on after a stop that is not the awaited one. */
static void go_on(pid_t pid, int status)
{
	int signal = WSTOPSIG(status);

	if (status >> 16 != PTRACE_EVENT_STOP)
		ptrace(PTRACE_CONT, pid, NULL, signal);
	else if (signal == SIGTRAP)
		ptrace(PTRACE_CONT, pid, NULL, 0);
	else
		ptrace(PTRACE_LISTEN, pid, NULL, 0);
}

/* Its program has not begun, or it ends without one, as internal-sftp does. */
static bool stands_still(int status)
{
	return status >> 16 == PTRACE_EVENT_EXEC ||
	       status >> 16 == PTRACE_EVENT_EXIT;
}

static void note_stopped(pid_t pid, struct nsc_tap *tap)
{
	int status;

	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
		if (stands_still(status)) {
			note(pid, tap);
			/* The end of this process lets it go. */
			return;
		}
		go_on(pid, status);
	}
}

/* --- it does not */

static void note_running(pid_t pid, uint64_t start, struct nsc_tap *tap)
{
	const int64_t began = nsc_process_now_us();
	struct nsc_proc_stat stat;
	bool late;

	do {
		int64_t waited = nsc_process_now_us() - began;

		late = waited >= EXECUTE_US;
		nanosleep(&(struct timespec){
			  .tv_nsec = LOOK_NS + 1000 * (waited / 50) }, NULL);
		if (nsc_proc_stat(pid, &stat) < 0 || stat.start != start ||
		    stat.ending)
			return;
	} while ((stat.forked && !late) || (!note(pid, tap) && !late));
}

/* --- which process */

/* The kernel says who sends.  Returns its pid, or 0 if nobody does. */
static pid_t receive(int end, char *process)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
	struct ucred sender = { 0, 0, 0 };
	struct iovec data = { process, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	const struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(end, &message, 0);
	while (n < 0 && errno == EINTR);
	c = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_CREDENTIALS &&
	    c->cmsg_len == CMSG_LEN(sizeof(sender)))
		memcpy(&sender, CMSG_DATA(c), sizeof(sender));
	return sender.pid > 0 ? sender.pid : 0;
}

/*
 * A security module may refuse the execve(2) of a process that a confined one
 * traces: apparmor(7), and SELinux when the domain changes.
 */
static bool is_confined(void)
{
	char label[64];
	int n = nsc_file_read_text(AT_FDCWD, "/proc/self/attr/current", label,
				   sizeof(label));

	label[n > 0 ? strcspn(label, "\n") : 0] = '\0';
	return *label && strcmp(label, "unconfined") != 0;
}

/* The sender waits for the answer, so its pid is still its own. */
static void note_command(pid_t pid, int end, struct nsc_tap *tap)
{
	struct nsc_proc_stat stat = { .pid = 0 };
	bool found = pid && nsc_proc_stat(pid, &stat) == 0;
	/* Root inside may name another process: one that has a program. */
	bool traced = found && stat.forked && !is_confined() &&
		      ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXEC |
			     PTRACE_O_TRACEEXIT) == 0;

	(void)send(end, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	/* Its other end waits until nobody has this one. */
	close(end);
	if (traced)
		note_stopped(pid, tap);
	else if (found)
		note_running(pid, stat.start, tap);
}

static void be_noter(int end, struct nsc_tap *tap)
{
	char process = '\0';
	pid_t pid = receive(end, &process);

	if (process == NSC_STREAMS_COMMAND)
		note_command(pid, end, tap);
	else if (pid)
		note(pid, tap);
}

int recorder_command_start(int end, struct nsc_tap *tap)
{
	const struct sigaction no_zombie = { .sa_flags = SA_NOCLDWAIT };
	pid_t pid;

	sigaction(SIGCHLD, &no_zombie, NULL);
	pid = fork();
	if (pid)
		return pid < 0 ? -errno : 0;
	prctl(PR_SET_NAME, "nsc-noter");
	signal(SIGCHLD, SIG_DFL);
	if (nsc_nobody_become(1ULL << CAP_SYS_PTRACE,
			      (int[]){ end, tap->recorder }, 2) == 0)
		be_noter(end, tap);
	_exit(0);
}
