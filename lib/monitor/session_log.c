/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: container-monitor, and in a child for each record: any of the places
 * may block, such as a file on a disk that does not answer, a lock on utmp that
 * anybody can hold, the queue of the audit system.
 */
#include "monitor/session_log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/paths.h"
#include "rundir/monitor_start.h"
#include "monitor/child.h"
#include "monitor/session_log_places.h"
#include "monitor/session_log_text.h"
#include "rundir/session_history.h"
#include "rundir/session_info.h"

#define OPEN_MS 1000	/* for the write of the open record */
#define REAP_MS 500	/* for the parent to reap the login process */

/* An ioctl(2) on a pidfd since Linux 6.13; with the exit status since 6.15. */
struct pidfd_info_v0 {
	uint64_t mask, cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};

#define PIDFD_GET_INFO_V0 _IOWR(0xff, 11, struct pidfd_info_v0)
#define PIDFD_INFO_EXIT_V0 (UINT64_C(1) << 3)

/*
 * The kernel has the status after the parent has reaped the process, and then
 * reports POLLHUP.
 */
static int exit_status(int pidfd)
{
	struct pidfd_info_v0 info = { .mask = PIDFD_INFO_EXIT_V0 };
	struct pollfd p = { .fd = pidfd };

	if (ioctl(pidfd, PIDFD_GET_INFO_V0, &info) < 0 && errno != ESRCH)
		return -1;
	poll(&p, 1, REAP_MS);
	info.mask = PIDFD_INFO_EXIT_V0;
	if (ioctl(pidfd, PIDFD_GET_INFO_V0, &info) < 0 ||
	    !(info.mask & PIDFD_INFO_EXIT_V0))
		return -1;
	return info.exit_code;
}

/*
 * sshd exits with 255 whenever its client goes, whatever the last command of
 * the connection returned.  Only a signal is about the session.
 */
static int session_status(const struct session *s)
{
	int status = exit_status(s->pidfd);

	if (!strcmp(s->service, "sshd") && status != -1 && WIFEXITED(status))
		return s->command < 0 ? -1 : exit_status(s->command);
	return status;
}

/* login(1) has a module of PAM for lastlog. */
static bool needs_lastlog(const struct session *s)
{
	return !s->lastlogged && !strcmp(s->service, "sshd");
}

static void complain(const struct session *s, const char *what, int error)
{
	char text[RECORD_MAX];
	size_t n = session_log_text_begin("lost", s->user, text);

	snprintf(text + n, sizeof(text) - n, " pid=%d to=\"%s\" error=\"%s\"",
		 (int)s->pid, what, strerror(error));
	session_log_syslog(s->pid, text);
}

static void tell_audit(const struct session *s, const struct session_end *end)
{
	char text[RECORD_MAX], exe[256] = "";
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int ret;

	exe[n < 0 ? 0 : n] = '\0';
	session_log_text_audit(s, end, exe, text);
	ret = session_log_audit(end, text);
	/* Complain once for each session. */
	if (ret < 0 && !end)
		complain(s, "audit", -ret);
}

static void write_one(const struct session *s, const struct session_end *end)
{
	char text[RECORD_MAX];
	size_t len = session_log_text_line(s, end, text);
	int ret = nsc_session_history_add(text, len);

	session_log_syslog(s->pid, text);
	if (ret < 0)
		complain(s, NSC_HISTORY, -ret);
	tell_audit(s, end);
	if (end)
		session_log_utmp_close(s);
	else
		session_log_utmp_open(s);
	if (end && needs_lastlog(s))
		session_log_lastlog(s);
}

/* Also write the opening, if it was not due yet. */
static void write_all(const struct session *s, const struct session_end *end,
		      void (*write)(const struct session *s,
				    const struct session_end *end))
{
	if (end && s->unrecorded)
		write(s, NULL);
	write(s, end);
}

/* other is the pipe that closes after the open record was written; -1: none. */
static void __attribute__((noreturn))
write_in_child(const struct session *s, const struct session_end *end,
	       int other)
{
	struct session_end known = { .status = -1 };

	/*
	 * Close the lock first, since the next start may wait for it: the
	 * kernel releases together all descriptors that one call closes, and
	 * the last inotify descriptor takes 15 ms.
	 */
	close(NSC_MONITOR_LOCK);
	close(NSC_MONITOR_SESSIONS);
	nsc_process_keep_only((int[]){ s->pidfd, s->command, other }, 3);
	if (end && other >= 0)
		poll(&(struct pollfd){ .fd = other, .events = POLLIN }, 1,
		     OPEN_MS);
	if (end)
		known = *end;
	if (end && known.status == -1 && s->pidfd >= 0)
		known.status = session_status(s);
	write_all(s, end ? &known : NULL, write_one);
	_exit(0);
}

static void write_syslog(const struct session *s, const struct session_end *end)
{
	char text[RECORD_MAX];

	session_log_text_line(s, end, text);
	session_log_syslog(s->pid, text);
}

/* Without a child process, write only to syslog, which does not block long. */
static void write_some(const struct session *s, const struct session_end *end)
{
	int error = errno;

	write_all(s, end, write_syslog);
	complain(s, "all but syslog", error);
}

/* Nobody waits for the child: SIGCHLD is ignored. */
static void record(const struct session *s, const struct session_end *end,
		   int other)
{
	pid_t pid = nsc_process_fork_unwatched();

	if (pid == 0)
		write_in_child(s, end, other);
	if (pid < 0)
		write_some(s, end);
}

void session_log_last(struct session *s)
{
	pid_t pid = needs_lastlog(s) ? nsc_process_fork_unwatched() : 1;

	if (pid == 0) {
		close(NSC_MONITOR_LOCK);
		close(NSC_MONITOR_SESSIONS);
		nsc_process_keep_only(NULL, 0);
		session_log_lastlog(s);
		_exit(0);
	}
	s->lastlogged = pid > 0;
}

void session_log_event(pid_t pid, const char *line)
{
	if (monitor_child(-1) != 0)
		return;
	session_log_syslog(pid, line);
	(void)nsc_session_history_add(line, strlen(line));
	_exit(0);
}

void session_log_started(pid_t pid, const char *user, unsigned int generation)
{
	char line[RECORD_MAX];
	size_t n = session_log_text_begin("start", user, line);

	snprintf(line + n, sizeof(line) - n, " generation=%u", generation);
	session_log_event(pid, line);
}

void session_log_stuck(pid_t pid, const char *user)
{
	char line[RECORD_MAX];
	size_t n = session_log_text_begin("stuck", user, line);

	snprintf(line + n, sizeof(line) - n, " pid=%d error=\"PID 1 has not "
		 "ended after SIGKILL: a process of the container cannot be "
		 "killed\"", (int)pid);
	session_log_syslog(pid, line);
}

/* If the pipe cannot be made, the close does not wait. */
void session_log_open(struct session *s)
{
	_cleanup_fd_ int out = -1;

	(void)nsc_fd_pipe(&s->recorded, &out);
	record(s, NULL, out);
	s->unrecorded = false;
}

void session_log_close(const struct session *s, const struct session_end *end)
{
	record(s, end, s->recorded);
}
