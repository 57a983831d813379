/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry for each login process.  Its end is noticed by its pidfd, so every
 * kind of end is.  The files in 'session' are owned by root: the login itself
 * makes its file (lib/session/monitor_client.c), or the monitor does for a
 * login without privileges.
 */
#include "monitor/session_table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "util/text.h"
#include "util/paths.h"
#include "rundir/session_file.h"
#include "monitor/anchor.h"
#include "monitor/sshd_commands.h"
#include "monitor/session_cgroups.h"
#include "linux/pidfd.h"
#include "rundir/monitor_start.h"
#include "monitor/session_log.h"

#define MOST 16384		/* even with a higher limit of descriptors */
#define EACH 5			/* descriptors of a session */
#define COMMANDS 64		/* that began just before the end */
#define SPARE 64		/* descriptors for other purposes */
#define EVENTS 64
#define LASTLOG_S 3		/* until sshd has read it */
#define PROCESSES 2		/* the login program, and its child */
#define LATER_MS 20		/* deferred work waits for running logins */

/* --- the file of a session */

/* Use only the terminal's name: never open a file that a user opened. */
static void find_tty(pid_t pid, char *tty, size_t size)
{
	char path[64], link[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/0", (int)pid);
	n = readlink(path, link, sizeof(link) - 1);
	link[n < 0 ? 0 : n] = '\0';
	if (!strncmp(link, "/dev/pts/", 9) || !strncmp(link, "/dev/tty", 8))
		nsc_text_escape(link, tty, size);
}

/* Collect the facts about a nsshell. */
static int look_at(const struct sessions *all, pid_t pid, struct session *s)
{
	int ret = nsc_session_file_look(pid, s);

	s->by_user = true;
	s->generation = all->state->generation;
	snprintf(s->service, sizeof(s->service), SESSION_NSSHELL);
	snprintf(s->user, sizeof(s->user), "%s", all->user);
	find_tty(pid, s->tty, sizeof(s->tty));
	return ret;
}

/* --- the table */

static struct session *table_find(const struct sessions *all, pid_t pid)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i]->pid == pid)
			return all->list[i];
	return NULL;
}

static void conclude(const struct sessions *all, const struct session *s)
{
	struct session_end end = {
		.status = -1, .duration = (int64_t)time(NULL) - s->opened,
		.usage = session_cgroups_usage(s->pid),
	};

	session_log_close(s, &end);
	nsc_session_file_remove(all->dir, s->pid);
}

/* The login process has ended, but the container has not. */
static void conclude_one(const struct sessions *all, const struct session *s)
{
	conclude(all, s);
	hangup_session(all->hangups, s);
}

static int table_watch(const struct sessions *all, struct session *s, int pidfd)
{
	struct epoll_event event = {
		.events = EPOLLIN, .data = { .ptr = s },
	};
	int ret = epoll_ctl(all->epoll, EPOLL_CTL_ADD, pidfd, &event);

	return ret < 0 ? -errno : 0;
}

/*
 * Remove the descriptor from epoll explicitly: a child that writes a record
 * still holds it, and epoll would report an event for the freed entry, which
 * could then be taken for a new one at the same address.
 */
static void table_unwatch(const struct sessions *all, int pidfd)
{
	epoll_ctl(all->epoll, EPOLL_CTL_DEL, pidfd, NULL);
}

static void table_drop(struct sessions *all, size_t at)
{
	struct session *s = all->list[at];

	all->list[at] = all->list[--all->n];
	table_unwatch(all, s->pidfd);
	close(s->pidfd);
	table_unwatch(all, s->anchor);
	anchor_close(&s->anchor);
	table_unwatch(all, s->commands);
	sshd_commands_close(s);
	nsc_fd_close(&s->recorded);
	free(s);
}

static int insert(struct sessions *all, struct session *s)
{
	int ret;

	if (all->n == all->room) {
		size_t room = all->room ? 2 * all->room : 16;
		struct session **grown = realloc(all->list, room *
						 sizeof(struct session *));

		if (!grown)
			return -ENOMEM;
		all->list = grown;
		all->room = room;
	}
	ret = table_watch(all, s, s->pidfd);
	if (ret == 0)
		all->list[all->n++] = s;
	return ret;
}

static int table_add(struct sessions *all, const struct session *given,
		     int pidfd, struct session **ret)
{
	struct session *s = malloc(sizeof(*s));
	int error;

	if (!s)
		return -ENOMEM;
	*s = *given;
	s->uid = all->uid;
	s->pidfd = fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
	error = s->pidfd < 0 ? -errno : insert(all, s);
	if (error < 0) {
		nsc_fd_close(&s->pidfd);
		free(s);
		return error;
	}
	*ret = s;
	return 0;
}

struct session *sessions_add(struct sessions *all, const struct session *given,
			     int pidfd, struct nsc_error *err)
{
	struct session *s = table_find(all, given->pid);
	int ret = s ? 0 : table_add(all, given, pidfd, &s);

	if (ret == 0 && given->by_user)
		ret = nsc_session_file_write(all->dir, given, err);
	else if (ret < 0)
		nsc_error_sys(err, -ret, "note the session");
	/*
	 * The process is in the groups by now: it must end, and never becomes a
	 * session.
	 */
	if (ret < 0) {
		err->code = ENOTRECOVERABLE;
		return NULL;
	}
	hangup_forget(all->hangups, s->pid);
	s->entered = true;
	if (s->began)
		s->join_us = (uint64_t)nsc_process_now_us() - s->began;
	return s;
}

void sessions_anchor(struct sessions *all, struct session *s, int *anchor)
{
	if (s->anchor < 0 && *anchor >= 0 && table_watch(all, s, *anchor) == 0)
		s->anchor = NSC_TAKE_FD(*anchor);
}

void sessions_commands(struct sessions *all, struct session *s, int *client)
{
	sshd_commands_keep(s, client);
	if (s->commands >= 0 && table_watch(all, s, s->commands) < 0)
		nsc_fd_close(&s->commands);
}

/* An administrator's nsinit exec or cp is not a session of the user. */
static bool counts(const struct session *s)
{
	return strncmp(s->service, "nsinit-", 7) != 0;
}

static int check_number(const struct sessions *all, const struct session *s,
			struct nsc_error *err)
{
	unsigned int max = all->state->lifecycle.max_sessions, n = 0;

	if (!max || !counts(s))
		return 0;
	for (size_t i = 0; i < all->n; i++)
		n += all->list[i]->pid != s->pid && counts(all->list[i]);
	if (n < max)
		return 0;
	return nsc_error_set(err, EUSERS, "You have %u session%s, which is "
			     "the most that the administrator allows.", n,
			     n == 1 ? "" : "s");
}

/*
 * A login that cannot start a process would be let in, and then fail with a
 * message of its own program, which does not know the limit.
 */
static int check_processes(const struct nsc_cgroup_tree *tree,
			   const struct session *s, struct nsc_error *err)
{
	uint64_t now, limit;

	if (!counts(s))
		return 0;
	nsc_stats_read_pids(tree, &now, &limit);
	if (now == NSC_STATS_NONE || limit == NSC_STATS_NONE ||
	    now + PROCESSES <= limit)
		return 0;
	return nsc_error_set(err, EUSERS, "Your container has %" PRIu64
			     " process%s, and the administrator allows %"
			     PRIu64 ": a login needs %d more.", now,
			     now == 1 ? "" : "es", limit, PROCESSES);
}

int sessions_admit(struct sessions *all, const struct nsc_cgroup_tree *tree,
		   pid_t pid, bool root, struct session *ret,
		   struct nsc_error *err)
{
	const struct session *known;
	int error;

	/* Ended sessions make room, and one may have had the same pid. */
	sessions_reap(all);
	known = table_find(all, pid);
	if (known && known->entered) {
		*ret = *known;
		return 1;
	}
	error = root ? nsc_session_file_read(all->dir, pid, ret, NSC_IGNORE) :
		       look_at(all, pid, ret);
	if (error < 0 && !root)
		return nsc_error_set(err, ESRCH, "the process has ended");
	if (error < 0 || (root && !nsc_session_file_is_alive(ret)))
		return 0;
	error = check_number(all, ret, err);
	if (error == 0)
		error = check_processes(tree, ret, err);
	if (error < 0)
		return error;
	if (all->n >= all->max)
		return nsc_error_set(err, EMFILE, "the container has %zu "
				     "sessions: its monitor can watch no more",
				     all->n);
	return 1;
}

void sessions_later(struct sessions *all)
{
	if (all->later == INT64_MAX)
		all->later = nsc_process_now() + LATER_MS;
}

void sessions_record(struct sessions *all, struct session *s)
{
	s->unrecorded = true;
	all->opened++;
	sessions_later(all);
}

void sessions_go_on(struct sessions *all)
{
	if (nsc_process_now() < all->later)
		return;
	all->later = INT64_MAX;
	session_cgroups_tidy();
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i]->unrecorded)
			session_log_open(all->list[i]);
}

void sessions_look(struct sessions *all)
{
	const int64_t before = (int64_t)time(NULL) - LASTLOG_S;

	for (size_t i = 0; i < all->n; i++) {
		struct session *s = all->list[i];

		if (!s->lastlogged && s->opened <= before)
			session_log_last(s);
	}
}

/*
 * A command begins, its login process has ended, or systemd has killed its
 * anchor.
 */
static void sessions_event(struct sessions *all, size_t at)
{
	struct session *s = all->list[at];
	bool alive = nsc_pidfd_alive(s->pidfd);
	int took = sshd_commands_take(s);

	/* A connection can have several, but the monitor has other work. */
	for (int i = 0; took > 0 && !alive && i < COMMANDS; i++)
		took = sshd_commands_take(s);
	if (took == 0) {
		table_unwatch(all, s->commands);
		nsc_fd_close(&s->commands);
	}
	if (alive && s->anchor >= 0 && !nsc_pidfd_alive(s->anchor)) {
		table_unwatch(all, s->anchor);
		anchor_close(&s->anchor);
		hangup_kill(all->hangups, s, true);
	}
	if (alive)
		return;
	conclude_one(all, s);
	table_drop(all, at);
	sessions_later(all);
}

void sessions_reap(struct sessions *all)
{
	struct epoll_event events[EVENTS];
	int n;

	do {
		n = epoll_wait(all->epoll, events, EVENTS, 0);
		for (int i = 0; i < n; i++)
			for (size_t at = 0; at < all->n; at++) {
				if (all->list[at] != events[i].data.ptr)
					continue;
				sessions_event(all, at);
				break;
			}
	} while (n == EVENTS);
}

/* --- begin and end */

/* Adopt a session that is alive; the others ended unwatched. */
static int table_adopt(int dir, pid_t pid, void *arg)
{
	struct sessions *all = arg;
	/* Opened before the start time is read, so both are of one process. */
	_cleanup_fd_ int pidfd = nsc_pidfd_open(pid);
	struct session s, *added;

	if (nsc_session_file_read(dir, pid, &s, NSC_IGNORE) < 0)
		return 0;
	s.uid = all->uid;
	if (pidfd < 0 || !nsc_session_file_is_alive(&s) || all->n >= all->max ||
	    table_add(all, &s, pidfd, &added) < 0)
		conclude_one(all, &s);
	return 0;
}

/*
 * Raise the limit of descriptors as far as possible; some are for other
 * purposes.
 */
static size_t most(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return MOST;
	if (limit.rlim_cur < EACH * MOST + SPARE)
		limit.rlim_cur = limit.rlim_max < EACH * MOST + SPARE ?
					 limit.rlim_max : EACH * MOST + SPARE;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= SPARE)
		return SPARE;
	return limit.rlim_cur > EACH * MOST + SPARE ?
		       MOST : ((size_t)limit.rlim_cur - SPARE) / EACH;
}

int sessions_open(struct sessions *all, struct nsc_error *err)
{
	all->max = most();
	all->later = INT64_MAX;
	all->epoll = epoll_create1(EPOLL_CLOEXEC);
	all->dir = openat(NSC_MONITOR_RUNDIR, NSC_DIR_SESSION, O_RDONLY |
			  O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (all->epoll < 0 || all->dir < 0)
		return nsc_error_sys(err, errno, "open '" NSC_DIR_SESSION "'");
	nsc_session_file_each(all->dir, table_adopt, all);
	return 0;
}

void sessions_close(struct sessions *all)
{
	while (all->n) {
		conclude(all, all->list[0]);
		table_drop(all, 0);
	}
	/*
	 * Remove the files of logins that never arrived, or were killed in
	 * between.
	 */
	nsc_file_empty(all->dir, 0);
}
