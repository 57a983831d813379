/*
 * Watches one container from the host, and cleans up after it.  Static.
 *
 * Runs as root of the host in the host's namespaces, with the descriptors of
 * monitor.h and nothing else.  It ends with the container.  When it is
 * killed, the container goes on and the next login starts another monitor.
 */
#include "door.h"
#include "groups.h"
#include "monitor.h"
#include "sessions.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "container/hooks_stop.h"
#include "container/paths.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

#define EMPTY_POLL_MS 1000	/* while processes are left, but no session */

enum event { EVENT_TIME, EVENT_ENDED, EVENT_LEADER, EVENT_WATCHER };

struct monitor {
	bool logout;		/* stop policy "logout", else "empty" */
	bool never;		/* "never", "start" */
	bool leader;
	unsigned int linger;	/* seconds */
	int enter;		/* socket of door.h */
	struct sessions *all;
	const char *helper;	/* its pid inside, "0": none */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Clients of the socket are served meanwhile: none can make it longer. */
static enum event wait_event(const struct monitor *m, int watcher, int timeout)
{
	struct pollfd p[] = {
		{ .fd = NSC_MONITOR_PID1, .events = POLLIN },
		{ .fd = m->leader ? NSC_MONITOR_LEADER : -1,
		  .events = POLLIN },
		{ .fd = watcher, .events = POLLIN },
		{ .fd = m->all->epoll, .events = POLLIN },
		{ .fd = m->enter, .events = POLLIN },
	};

	for (int64_t begin = now_ms(), left = timeout;;) {
		int n = poll(p, 5, (int)left);

		if (n == 0 || (n > 0 && (p[0].revents || p[1].revents ||
					 p[2].revents)))
			break;
		if (n > 0 && p[3].revents)
			sessions_reap(m->all);
		if (n > 0 && p[4].revents)
			door_serve(m->enter, m->all);
		if (timeout >= 0)
			left = timeout - (now_ms() - begin);
		if (timeout >= 0 && left < 0)
			return EVENT_TIME;
	}
	if (p[0].revents)
		return EVENT_ENDED;
	if (p[1].revents)
		return EVENT_LEADER;
	return p[2].revents ? EVENT_WATCHER : EVENT_TIME;
}

static void remove_files(const struct monitor *m)
{
	if (m->leader) {
		unlinkat(NSC_MONITOR_DIR, NSC_FILE_PID, 0);
		unlinkat(NSC_MONITOR_DIR, NSC_FILE_START, 0);
	}
	unlinkat(NSC_MONITOR_RUNDIR, NSC_FILE_PID, 0);
	unlinkat(NSC_MONITOR_RUNDIR, NSC_FILE_START, 0);
	unlinkat(NSC_MONITOR_RUNDIR, NSC_FILE_STATE, 0);
	unlinkat(NSC_MONITOR_RUNDIR, NSC_FILE_SECCOMP, 0);
}

static void __attribute__((noreturn)) ended(const struct monitor *m)
{
	siginfo_t info;

	remove_files(m);
	door_close(m->enter);
	sessions_close(m->all);
	groups_end();
	/* Fails where another process is the parent. */
	waitid(P_PIDFD, NSC_MONITOR_PID1, &info, WEXITED | __WALL);
	nsc_hooks_stop(NSC_MONITOR_RUNDIR);
	_exit(0);
}

/* The files first: who finds the container may rely on it. */
static void __attribute__((noreturn)) stop(const struct monitor *m)
{
	struct pollfd p = { .fd = NSC_MONITOR_PID1, .events = POLLIN };

	remove_files(m);
	syscall(SYS_pidfd_send_signal, NSC_MONITOR_PID1, SIGKILL, NULL, 0);
	groups_thaw();
	while (poll(&p, 1, -1) < 0)
		;
	ended(m);
}

/*
 * Is PID 1 alone, but for the process that carries the network?  The
 * container's own procfs has a directory for each.
 */
static bool empty(const struct monitor *m)
{
	int fd = dup(NSC_MONITOR_PROC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool others = false;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	rewinddir(dir);
	while (!others && (entry = readdir(dir)))
		others = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
			 strcmp(entry->d_name, "1") != 0 &&
			 strcmp(entry->d_name, m->helper) != 0;
	closedir(dir);
	return !others;
}

/*
 * A child that gets the exclusive lock for us: the lock belongs to the
 * description that both share, so it stays when the child has ended.
 */
static int start_watcher(void)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid != 0)
		return pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	while (flock(NSC_MONITOR_SESSIONS, LOCK_EX) < 0)
		;
	_exit(0);
}

static void reap(int *watcher)
{
	siginfo_t info;

	if (*watcher < 0)
		return;
	waitid(P_PIDFD, (id_t)*watcher, &info, WEXITED | __WALL);
	close(*watcher);
	*watcher = -1;
}

/* Until no session holds the lock; then it is ours. */
static void wait_for_last(const struct monitor *m)
{
	int watcher = m->never ? -1 : start_watcher();
	int timeout = m->never || watcher >= 0 ? -1 : EMPTY_POLL_MS;

	for (;;) {
		enum event event = wait_event(m, watcher, timeout);

		if (event == EVENT_ENDED)
			ended(m);
		if (event == EVENT_LEADER)
			stop(m);
		/*
		 * Ours already when the watcher got it; not when the watcher
		 * was killed, or none could be started.
		 */
		if (flock(NSC_MONITOR_SESSIONS, LOCK_EX | LOCK_NB) == 0)
			break;
		if (event == EVENT_WATCHER) {
			reap(&watcher);
			watcher = start_watcher();
			timeout = watcher >= 0 ? -1 : EMPTY_POLL_MS;
		}
	}
	reap(&watcher);
}

static void pause_for(const struct monitor *m, int ms)
{
	enum event event = wait_event(m, -1, ms);

	if (event == EVENT_ENDED)
		ended(m);
	if (event == EVENT_LEADER)
		stop(m);
}

/* Each session sets the time of the file: was there one since *last? */
static bool used_since(struct timespec *last)
{
	struct timespec before = *last;
	struct stat st;

	if (fstat(NSC_MONITOR_SESSIONS, &st) < 0)
		return false;
	*last = st.st_mtim;
	return last->tv_sec != before.tv_sec || last->tv_nsec != before.tv_nsec;
}

/* The last session is gone.  Returns when there is one again. */
static void after_last(const struct monitor *m)
{
	struct timespec last = { 0, 0 };
	unsigned int left = m->linger;

	used_since(&last);
	while (left--) {
		flock(NSC_MONITOR_SESSIONS, LOCK_UN);
		pause_for(m, 1000);
		if (flock(NSC_MONITOR_SESSIONS, LOCK_EX | LOCK_NB) < 0)
			return;
		/* A login that came and went starts the time anew. */
		if (used_since(&last))
			left = m->linger;
	}
	while (!m->logout && !empty(m)) {
		flock(NSC_MONITOR_SESSIONS, LOCK_UN);
		pause_for(m, EMPTY_POLL_MS);
		if (flock(NSC_MONITOR_SESSIONS, LOCK_EX | LOCK_NB) < 0)
			return;
	}
	stop(m);
}

static void report(const struct nsc_error *err)
{
	signal(SIGPIPE, SIG_IGN);
	(void)!write(NSC_MONITOR_GO, "", 1);
	close(NSC_MONITOR_GO);
	(void)!write(NSC_MONITOR_REPORT, err, sizeof(*err));
	close(NSC_MONITOR_REPORT);
}

int main(int argc, char **argv)
{
	struct sessions all;
	struct monitor m = { .leader = argc > 5, .all = &all };
	struct nsc_error err = NSC_ERROR_INIT;

	if (argc < 5)
		return 2;
	m.logout = !strcmp(argv[2], "logout");
	m.never = !strcmp(argv[2], "never") || !strcmp(argv[2], "start");
	m.linger = (unsigned int)strtoul(argv[3], NULL, 10);
	m.helper = argv[4];
	m.enter = groups_open(&err);
	if (m.enter == 0)
		m.enter = sessions_open(&all, argv[1], &err);
	if (m.enter == 0)
		m.enter = door_open(&err);
	if (m.enter < 0) {
		/* A new container's PID 1 ends, since it never gets its go. */
		(void)!write(NSC_MONITOR_REPORT, &err, sizeof(err));
		return 1;
	}
	report(&err);
	for (;;) {
		wait_for_last(&m);
		after_last(&m);
	}
}
