/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches one container from the host, and cleans up after it.  Static.
 *
 * Runs as root of the host in the host's namespaces, with only the descriptors
 * in rundir/monitor_start.h.  It ends with the container.  If it is killed, the
 * container continues, and the next login starts another monitor.
 */
#include "monitor/socket.h"
#include "monitor/session_cgroups.h"
#include "cgroup/cgroup_death.h"
#include "monitor/idle.h"
#include "monitor/lifetime.h"
#include "monitor/resolver_restart.h"
#include "monitor/network_log.h"
#include "monitor/oom.h"
#include "rundir/monitor_start.h"
#include "monitor/processes.h"
#include "monitor/recorders.h"
#include "monitor/renewal.h"
#include "monitor/session_log.h"
#include "monitor/session_table.h"
#include "monitor/terminals.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "util/error.h"
#include "util/fd.h"
#include "util/memory.h"
#include "util/process.h"
#include "util/proc.h"
#include "rundir/ending.h"
#include "rundir/hooks_stop.h"
#include "rundir/instance.h"
#include "rundir/state.h"
#include "util/paths.h"
#include "util/version.h"
#include "linux/pidfd.h"

#define EMPTY_POLL_MS 1000	/* for remaining processes without a session */
#define QUIET_MS 1000		/* then it may be quiet for days */
#define STOP_MS 10000		/* until SIGKILL, like nsinit stop */
#define GO_MS 5000		/* for PID 1 to run */
#define LOOK_MS 5000		/* between looks at PID 1, during sessions */
/*
 * The frames of main() and of what waits take memory as long as the container
 * runs, so texts of errors are in others.
 */
#define APART __attribute__((noinline))

enum event { EVENT_TIME, EVENT_ENDED, EVENT_LEADER, EVENT_WAITER,
	     EVENT_WOKEN };

struct monitor {
	bool leader;
	int enter;		/* see monitor/socket.h */
	int wake;		/* a message: look at PID 1 and 'current' */
	struct sessions all;
	struct hangups hangups;
	struct renewal renewal;
	struct oom oom;
	struct recorders recorders;
	struct resolver_restart resolver;
	struct network_log network_log;
	struct nsc_state *state;
	char helper[16];	/* its pid inside; "0": none */
	char stop[16];		/* of the state, once it was changed */
	struct lifetime lifetime;
	int64_t trim;		/* of freed memory; INT64_MAX: done */
	int64_t looked;		/* at PID 1 */
};

/* Nobody can join from here on; 'state' is for the tools, until the end. */
static void remove_files(const struct monitor *m)
{
	if (m->leader) {
		unlinkat(NSC_MONITOR_DIR, NSC_FILE_PID, 0);
		unlinkat(NSC_MONITOR_DIR, NSC_FILE_START, 0);
	}
	unlinkat(NSC_MONITOR_RUNDIR, NSC_FILE_PID, 0);
	unlinkat(NSC_MONITOR_RUNDIR, NSC_FILE_START, 0);
}

/* nsinit update may have changed it. */
static void APART read_lifecycle(struct monitor *m)
{
	struct nsc_state *fresh = NULL;

	if (nsc_state_load(NSC_MONITOR_RUNDIR, &fresh, NSC_IGNORE) < 0)
		return;
	if (!fresh->other_version &&
	    (strcmp(fresh->stop, m->state->stop) != 0 ||
	     memcmp(&fresh->lifecycle, &m->state->lifecycle,
		    sizeof(fresh->lifecycle)) != 0)) {
		m->state->lifecycle = fresh->lifecycle;
		snprintf(m->stop, sizeof(m->stop), "%s", fresh->stop);
		m->state->stop = m->stop;
		idle_restart(&m->all);
		lifetime_plan(&m->lifetime, m->state);
	}
	nsc_state_free(fresh);
}

/* failure: PID 1 died at the start, or NULL. */
static void __attribute__((noreturn))
monitor_ended(struct monitor *m, const struct nsc_error *failure)
{
	bool ended;

	remove_files(m);
	ended = nsc_ending_wait(NSC_MONITOR_RUNDIR, m->state,
				NSC_MONITOR_PID1);
	socket_close(m->enter);
	oom_end(&m->oom, &m->all);
	network_log_end(&m->network_log, m->state);
	sessions_close(&m->all);
	session_cgroups_end();
	if (ended || !nsc_pidfd_alive(NSC_MONITOR_PID1)) {
		/* This fails if another process is the parent. */
		nsc_process_wait(NSC_MONITOR_PID1, -1, NULL);
		nsc_state_remove(NSC_MONITOR_RUNDIR);
	} else {
		/*
		 * A process that waits for a server of the user's need not end.
		 * The records and the next login must not wait for it: a later
		 * start removes the rest.
		 */
		session_log_stuck(m->state->pid, m->all.user);
	}
	/*
	 * After exec, hooks end with SIGCHLD; ignoring it would lose their
	 * status.
	 */
	signal(SIGCHLD, SIG_DFL);
	nsc_hooks_stop(NSC_MONITOR_RUNDIR);
	nsc_instance_remove(NSC_MONITOR_RUNDIR, m->state->generation);
	/* The process that waits for the start kills us now: it comes last. */
	if (failure)
		nsc_error_send(NSC_MONITOR_REPORT, failure);
	_exit(0);
}

/* Remove the files first: a process that finds them relies on the container. */
static void __attribute__((noreturn)) monitor_stop(struct monitor *m)
{
	remove_files(m);
	nsc_pidfd_signal(NSC_MONITOR_PID1, SIGKILL);
	session_cgroups_thaw();
	monitor_ended(m, NULL);
}

/*
 * The pidfd reports the end of PID 1 only when the kernel has released it, and
 * nothing reports that PID 1 waits in the kernel for a process of a session.
 */
static void monitor_look(struct monitor *m)
{
	struct nsc_proc_stat stat;

	m->looked = nsc_process_now();
	sessions_look(&m->all);
	if (nsc_proc_stat(m->state->pid, &stat) < 0 || !stat.ending ||
	    stat.start != m->state->start)
		return;
	if (m->state->external)
		monitor_ended(m, NULL);
	monitor_stop(m);
}

/* End it like nsinit stop, but no login can join meanwhile. */
static void __attribute__((noreturn)) end_of_life(struct monitor *m)
{
	struct pollfd p = { .fd = NSC_MONITOR_PID1, .events = POLLIN };

	remove_files(m);
	/* A login that was about to join starts the next container. */
	socket_close(m->enter);
	m->enter = -1;
	session_cgroups_thaw();
	nsc_pidfd_end(NSC_MONITOR_PID1, m->state->own_init);
	while (poll(&p, 1, STOP_MS) < 0)
		;
	monitor_stop(m);
}

static int64_t next_due(const struct monitor *m, int64_t deadline)
{
	const int64_t due[] = {
		m->lifetime.end,
		m->lifetime.warning,
		hangup_due(&m->hangups),
		idle_due(&m->all, m->state),
		m->all.later,
		m->trim,
		m->oom.due,
		m->resolver.again,
		m->network_log.due,
		m->all.n ? m->looked + LOOK_MS : INT64_MAX,
	};

	for (size_t i = 0; i < sizeof(due) / sizeof(*due); i++)
		if (due[i] < deadline)
			deadline = due[i];
	return deadline;
}

/* Milliseconds for poll(2), rounded so that it does not wake up early. */
static int left_until(int64_t due)
{
	int64_t left = due - nsc_process_now();

	if (due == INT64_MAX)
		return -1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static void monitor_go_on(struct monitor *m)
{
	int64_t now = nsc_process_now();

	sessions_go_on(&m->all);
	hangup_go_on(&m->hangups);
	idle_go_on(&m->all, &m->hangups);
	oom_go_on(&m->oom, &m->all);
	resolver_restart_go_on(&m->resolver, m->state);
	network_log_go_on(&m->network_log, m->state);
	/* Trim later, because the next login would wait for new pages. */
	if (m->trim <= now) {
		nsc_memory_trim();
		m->trim = INT64_MAX;
	}
	if (m->lifetime.warning <= now && now < m->lifetime.end)
		lifetime_warn(&m->lifetime, now);
	if (m->lifetime.warning <= now)
		m->lifetime.warning = INT64_MAX;
	if (m->lifetime.end <= now)
		end_of_life(m);
	if (m->all.n && m->looked + LOOK_MS <= now)
		monitor_look(m);
}

static void empty_wake(const struct monitor *m)
{
	char message;

	while (recv(m->wake, &message, sizeof(message), MSG_DONTWAIT) >= 0)
		;
}

static bool drains(const struct monitor *m)
{
	return !nsc_instance_is_current(NSC_MONITOR_RUNDIR,
					m->state->generation);
}

static void sessions_ended(struct monitor *m, bool killed)
{
	/* On one processor, the parent of the ended login goes first. */
	sched_yield();
	/* The counter goes when the session's group does. */
	if (killed || m->oom.due != INT64_MAX)
		oom_end(&m->oom, &m->all);
	sessions_reap(&m->all);
}

/*
 * Meanwhile, serve clients of the socket, ended sessions and all timers; none
 * of these extends the timeout.
 */
static enum event wait_event(struct monitor *m, int waiter, int timeout)
{
	int64_t deadline = timeout < 0 ? INT64_MAX :
					 nsc_process_now() + timeout;
	struct pollfd p[] = {
		{ .fd = NSC_MONITOR_PID1, .events = POLLIN },
		{ .fd = m->leader ? NSC_MONITOR_LEADER : -1,
		  .events = POLLIN },
		{ .fd = waiter, .events = POLLIN },
		{ .fd = m->wake, .events = POLLIN },
		{ .fd = m->all.epoll, .events = POLLIN },
		{ .fd = m->enter, .events = POLLIN },
		{ .fd = m->renewal.fifo, .events = POLLIN },
		{ .events = m->oom.events },
		{ .fd = m->recorders.socket, .events = POLLIN },
		{ .events = POLLIN },
		{ .fd = m->network_log.packets, .events = POLLIN },
		{ .fd = m->network_log.names, .events = POLLIN },
	};

	do {
		int n;

		p[7].fd = oom_fd(&m->oom);
		p[9].fd = m->resolver.pidfd;
		n = poll(p, NSC_ARRAY_SIZE(p),
			 left_until(next_due(m, deadline)));
		if (n > 0 && (p[0].revents || p[1].revents || p[2].revents ||
			      p[3].revents))
			break;
		if (n > 0)
			m->trim = nsc_process_now() + QUIET_MS;
		if (n > 0 && p[4].revents)
			sessions_ended(m, p[7].revents);
		if (n > 0 && p[5].revents)
			socket_serve(m->enter, &m->all);
		if (n > 0 && p[6].revents)
			renewal_serve(&m->renewal, m->state, !drains(m));
		if (n > 0 && p[7].revents & m->oom.events)
			oom_notice(&m->oom);
		if (n > 0 && p[8].revents)
			recorders_serve(&m->recorders);
		if (n > 0 && p[9].revents)
			resolver_restart_ended(&m->resolver);
		if (n > 0 && (p[10].revents || p[11].revents))
			network_log_notice(&m->network_log);
		monitor_go_on(m);
	} while (nsc_process_now() < deadline);
	if (p[0].revents)
		return EVENT_ENDED;
	if (p[1].revents)
		return EVENT_LEADER;
	if (p[3].revents) {
		empty_wake(m);
		read_lifecycle(m);
		monitor_look(m);
		return EVENT_WOKEN;
	}
	return p[2].revents ? EVENT_WAITER : EVENT_TIME;
}

/*
 * Start a child that takes the exclusive lock for us: the lock belongs to the
 * open file description that both share, so it outlives the child.
 */
static int start_waiter(void)
{
	pid_t parent = getpid();
	int pidfd = -1;
	pid_t pid = nsc_process_fork(&pidfd);

	if (pid != 0)
		return pid < 0 ? -1 : pidfd;
	nsc_process_die_with(parent);
	while (flock(NSC_MONITOR_SESSIONS, LOCK_EX) < 0)
		;
	_exit(0);
}

static void monitor_reap(int *waiter)
{
	if (*waiter < 0)
		return;
	nsc_process_wait(*waiter, -1, NULL);
	nsc_fd_close(waiter);
}

/* The waiter may already hold the lock for us. */
static void end_waiter(int *waiter)
{
	if (*waiter >= 0)
		nsc_process_kill(*waiter);
	nsc_fd_close(waiter);
	flock(NSC_MONITOR_SESSIONS, LOCK_UN);
}

/* A container that gets no new logins need not wait for them. */
static bool stays(const struct monitor *m)
{
	return strcmp(m->state->stop, "empty") != 0 &&
	       strcmp(m->state->stop, "logout") != 0 &&
	       (m->state->external || !drains(m));
}

/*
 * Wait until no session holds the lock, and take it.  A leader holds the lock
 * until it ends together with the container, so there is nothing to watch.
 */
static void wait_for_last(struct monitor *m)
{
	bool waits = !stays(m) && !m->leader;
	int waiter = waits ? start_waiter() : -1;
	int timeout = !waits || waiter >= 0 ? -1 : EMPTY_POLL_MS;

	for (;;) {
		enum event event = wait_event(m, waiter, timeout);

		if (event == EVENT_ENDED)
			monitor_ended(m, NULL);
		if (event == EVENT_LEADER)
			monitor_stop(m);
		if (m->leader)
			continue;
		if (stays(m)) {
			end_waiter(&waiter);
			timeout = -1;
			continue;
		}
		/*
		 * This succeeds if the waiter got the lock, but not if the
		 * waiter was killed or could not be started.
		 */
		if (flock(NSC_MONITOR_SESSIONS, LOCK_EX | LOCK_NB) == 0)
			break;
		if (event == EVENT_WAITER || waiter < 0) {
			monitor_reap(&waiter);
			waiter = start_waiter();
			timeout = waiter >= 0 ? -1 : EMPTY_POLL_MS;
		}
	}
	monitor_reap(&waiter);
}

static void pause_for(struct monitor *m, int ms)
{
	enum event event = wait_event(m, -1, ms);

	if (event == EVENT_ENDED)
		monitor_ended(m, NULL);
	if (event == EVENT_LEADER)
		monitor_stop(m);
}

/* The last session has ended.  Returns when there is a new one. */
static void after_last(struct monitor *m)
{
	unsigned int left = m->state->lifecycle.linger;
	unsigned int opened = m->all.opened;

	while (left-- && !drains(m)) {
		flock(NSC_MONITOR_SESSIONS, LOCK_UN);
		pause_for(m, 1000);
		if (flock(NSC_MONITOR_SESSIONS, LOCK_EX | LOCK_NB) < 0)
			return;
		/* A login that came and went restarts the linger time. */
		if (opened != m->all.opened)
			left = m->state->lifecycle.linger;
		opened = m->all.opened;
	}
	/*
	 * A draining container with "never" gets here and ends as with
	 * "logout".
	 */
	while (!strcmp(m->state->stop, "empty") && !processes_none(m->helper)) {
		flock(NSC_MONITOR_SESSIONS, LOCK_UN);
		pause_for(m, EMPTY_POLL_MS);
		if (flock(NSC_MONITOR_SESSIONS, LOCK_EX | LOCK_NB) < 0)
			return;
	}
	monitor_stop(m);
}

/* The container is complete: from here on logins join it. */
static int become_current(const struct monitor *m, struct nsc_error *err)
{
	unsigned int number = m->state->generation, before;
	int ret = nsc_instance_make_current(NSC_MONITOR_RUNDIR, number,
					    &before, err);

	if (ret == 0 && before != number)
		nsc_instance_wake(m->all.uid, before);
	return ret;
}

/* Is the container new, or does it already run, without its monitor? */
static bool is_new(void)
{
	struct stat st;

	return fstat(NSC_MONITOR_GO, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* Wait until a new PID 1 runs and closes its end, or a limit has killed it. */
static void let_go(const struct monitor *m, struct nsc_error *failure)
{
	struct pollfd p[] = {
		{ .fd = NSC_MONITOR_GO },
		{ .fd = NSC_MONITOR_PID1, .events = POLLIN },
	};
	struct nsc_proc_stat stat;
	int status = 0;

	(void)!write(NSC_MONITOR_GO, "", 1);
	while (poll(p, 2, GO_MS) < 0 && errno == EINTR)
		;
	/* The kernel closes the files of a process before the process ends. */
	if (nsc_proc_stat(m->state->pid, &stat) == 0 && !stat.ending)
		return;
	if (nsc_process_wait(NSC_MONITOR_PID1, nsc_process_now() + GO_MS,
			     &status) == 0)
		nsc_death_explain(NSC_MONITOR_RUNDIR,
				  &m->state->process.rlimits, status, failure);
}

static void monitor_report(struct monitor *m)
{
	struct nsc_error failure = NSC_ERROR_INIT;
	bool new = is_new();

	signal(SIGPIPE, SIG_IGN);
	if (new)
		let_go(m, &failure);
	close(NSC_MONITOR_GO);
	/* From here on, the kernel reaps the processes that write records. */
	signal(SIGCHLD, SIG_IGN);
	if (failure.code)
		monitor_ended(m, &failure);
	nsc_error_send(NSC_MONITOR_REPORT, NSC_IGNORE);
	close(NSC_MONITOR_REPORT);
	if (new)
		session_log_started(m->state->pid, m->all.user,
				    m->state->generation);
}

static int open_all(struct monitor *m, char **argv, struct nsc_error *err)
{
	int ret = nsc_state_load(NSC_MONITOR_RUNDIR, &m->state, err);

	if (ret < 0)
		return ret;
	if (m->state->other_version)
		return nsc_error_set(err, EPROTO, "container-monitor is of "
				     "another version than the container");
	snprintf(m->helper, sizeof(m->helper), "%u", m->state->helper);
	m->all.uid = (uid_t)strtoul(argv[2], NULL, 10);
	lifetime_plan(&m->lifetime, m->state);
	m->hangups.state = m->all.state = m->state;
	m->hangups.pidns = processes_namespace(m->state->pid);
	m->all.hangups = &m->hangups;
	m->all.user = argv[1];
	ret = session_cgroups_open(err);
	if (ret == 0)
		ret = sessions_open(&m->all, err);
	if (ret == 0)
		ret = m->enter = socket_open(NSC_FILE_ENTER, m->all.uid, err);
	if (ret >= 0)
		ret = m->wake = wake_open(err);
	if (ret >= 0)
		ret = renewal_open(&m->renewal, m->all.uid, err);
	if (ret >= 0)
		ret = recorders_open(&m->recorders, m->state, err);
	oom_open(&m->oom, &m->all);
	resolver_restart_open(&m->resolver);
	network_log_open(&m->network_log, m->state);
	return ret < 0 ? ret : become_current(m, err);
}

static bool APART monitor_begin(struct monitor *m, char **argv)
{
	struct nsc_error err = NSC_ERROR_INIT;

	if (open_all(m, argv, &err) < 0) {
		/* PID 1 of a new container gets no start byte, and ends. */
		nsc_error_send(NSC_MONITOR_REPORT, &err);
		return false;
	}
	monitor_report(m);
	return true;
}

int main(int argc, char **argv)
{
	struct monitor m = { .leader = argc > 3, .hangups.looker = -1 };

	if (nsc_version_print(argc, argv, "container-monitor"))
		return 0;
	if (argc < 3)
		return 2;
	if (!is_new())	/* the kernel would reap PID 1, too */
		signal(SIGCHLD, SIG_IGN);
	if (!monitor_begin(&m, argv))
		return 1;
	for (;;) {
		wait_for_last(&m);
		after_last(&m);
	}
}
