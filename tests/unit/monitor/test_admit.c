/* SPDX-License-Identifier: Apache-2.0 */
/* lib/monitor/session_table.c: limits, and what is done a moment later. */
#include "fixture.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include "cgroup/cgroup_stats.h"
#include "linux/pidfd.h"
#include "monitor/session_cgroups.h"
#include "monitor/session_log.h"
#include "util/process.h"

static uint64_t processes = NSC_STATS_NONE, limit = NSC_STATS_NONE;

void __wrap_nsc_stats_read_pids(const struct nsc_cgroup_tree *tree,
				uint64_t *ret_now, uint64_t *ret_limit);
void __wrap_nsc_stats_read_pids(const struct nsc_cgroup_tree *tree,
				uint64_t *ret_now, uint64_t *ret_limit)
{
	(void)tree;
	*ret_now = processes;
	*ret_limit = limit;
}

static int tidied;

void __wrap_session_cgroups_tidy(void);
void __wrap_session_cgroups_tidy(void)
{
	tidied++;
}

static pid_t logged[4];
static size_t n_logged;

void __wrap_session_log_last(struct session *s);
void __wrap_session_log_last(struct session *s)
{
	logged[n_logged++] = s->pid;
	s->lastlogged = true;
}

START_TEST(processes_are_limited)
{
	static const struct {
		uint64_t now, limit;
		const char *text;
	} cases[] = {
		{ NSC_STATS_NONE, 10, NULL }, { 9, NSC_STATS_NONE, NULL },
		{ NSC_STATS_NONE, NSC_STATS_NONE, NULL }, { 8, 10, NULL },
		{ 9, 10, "Your container has 9 processes, and the "
			 "administrator allows 10: a login needs 2 more." },
		{ 1, 2, "Your container has 1 process, and the administrator "
			"allows 2: a login needs 2 more." },
	};
	pid_t pid = login(), exec = login();
	struct session s;

	begin_watching();
	put_file(exec, "nsinit-exec", 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		processes = cases[i].now;
		limit = cases[i].limit;
		nsc_error_clear(&err);
		ck_assert_int_eq(admit(pid, false, &s), cases[i].text ?
				 -EUSERS : 1);
		ck_assert_str_eq(err.text, cases[i].text ? cases[i].text : "");
		/* The administrator's are let in. */
		ck_assert_int_eq(admit(exec, true, &s), 1);
	}
	end(pid);
	end(exec);
	clean_up();
}
END_TEST

START_TEST(each_session_counts)
{
	pid_t pids[] = { login(), login(), login() };
	struct session s;

	begin_watching();
	for (unsigned int i = 0; i < 3; i++) {
		state.lifecycle.max_sessions = i;
		ck_assert_int_eq(admit(pids[i], false, &s), i ? -EUSERS : 1);
		state.lifecycle.max_sessions = i + 1;
		enter(pids[i], false);
	}
	for (int i = 0; i < 3; i++)
		end(pids[i]);
	clean_up();
}
END_TEST

static struct rlimit files;
static int fails;		/* the call that does, from 1 */
static bool faked;

int __real_getrlimit(__rlimit_resource_t which, struct rlimit *ret);
int __wrap_getrlimit(__rlimit_resource_t which, struct rlimit *ret);
int __wrap_getrlimit(__rlimit_resource_t which, struct rlimit *ret)
{
	if (!faked)
		return __real_getrlimit(which, ret);
	*ret = files;
	return --fails == 0 ? -1 : 0;
}

int __real_setrlimit(__rlimit_resource_t which, const struct rlimit *to);
int __wrap_setrlimit(__rlimit_resource_t which, const struct rlimit *to);
int __wrap_setrlimit(__rlimit_resource_t which, const struct rlimit *to)
{
	if (!faked)
		return __real_setrlimit(which, to);
	ck_assert_int_eq(which, RLIMIT_NOFILE);
	files = *to;
	return --fails == 0 ? -1 : 0;
}

static const struct {
	rlim_t cur, max;
	int fails;
	size_t sessions;
	rlim_t raised;
} descriptors[] = {
	{ 100, 100, 0, 7, 100 }, { 100, 204, 0, 28, 204 },
	{ 64, 64, 0, 64, 64 }, { 1000, 81984, 0, 16384, 81984 },
	{ 1000, 90000, 0, 16384, 81984 }, { 85000, 90000, 0, 16384, 85000 },
	{ 85000, 85000, 0, 16384, 85000 }, { 81983, 81983, 0, 16383, 81983 },
	{ 100, 204, 1, 16384, 100 }, { 100, 204, 2, 64, 204 },
	{ 100, 204, 3, 64, 204 },
};

START_TEST(descriptors_are_limited)
{
	files.rlim_cur = descriptors[_i].cur;
	files.rlim_max = descriptors[_i].max;
	fails = descriptors[_i].fails;
	faked = true;
	begin_watching();
	faked = false;
	ck_assert_uint_eq(all.max, descriptors[_i].sessions);
	ck_assert_uint_eq(files.rlim_cur, descriptors[_i].raised);
	ck_assert_uint_eq(files.rlim_max, descriptors[_i].max);
	clean_up();
}
END_TEST

/* More than a monitor can watch have ended unwatched. */
START_TEST(too_many_to_take_over)
{
	const struct rlimit few = { 74, 74 };
	pid_t pids[] = { login(), login(), login() };

	for (int i = 0; i < 3; i++)
		put_file(pids[i], "sshd", 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	begin_watching();
	ck_assert_uint_eq(all.max, 2);
	ck_assert_uint_eq(all.n, 2);
	went("close sshd\nhang up sshd\n");
	for (int i = 0; i < 3; i++)
		end(pids[i]);
	clean_up();
}
END_TEST

START_TEST(a_moment_later)
{
	pid_t pids[] = { login(), login(), login() };
	int64_t now = (int64_t)time(NULL);

	begin_watching();
	ck_assert_int_eq(all.later, INT64_MAX);
	sessions_go_on(&all);
	ck_assert_int_eq(tidied, 0);
	sessions_later(&all);
	ck_assert_int_le(all.later, nsc_process_now() + 20);
	ck_assert_int_ge(all.later, nsc_process_now() - 1000);
	/* Not even later. */
	all.later = 5;
	sessions_later(&all);
	ck_assert_int_eq(all.later, 5);
	sessions_go_on(&all);
	ck_assert_int_eq(tidied, 1);
	ck_assert_int_eq(all.later, INT64_MAX);
	for (int i = 0; i < 3; i++)
		enter(pids[i], false);
	/* sshd reads its own note first. */
	all.list[0]->opened = now - 60;
	all.list[1]->opened = now + 60;
	all.list[2]->opened = now - 60;
	all.list[2]->lastlogged = true;
	sessions_look(&all);
	ck_assert(n_logged == 1 && logged[0] == pids[0]);
	sessions_look(&all);
	ck_assert_uint_eq(n_logged, 1);
	all.list[1]->opened = time(NULL) - 3;
	sessions_look(&all);
	ck_assert_uint_eq(n_logged, 2);
	/* An end leaves groups to be removed. */
	all.later = INT64_MAX;
	end(pids[0]);
	sessions_reap(&all);
	ck_assert_int_lt(all.later, INT64_MAX);
	end(pids[1]);
	end(pids[2]);
	clean_up();
}
END_TEST

/* How long a login took is only known of those that say when they began. */
START_TEST(times)
{
	pid_t pid = login();
	int pidfd = nsc_pidfd_open(pid);
	struct session s, *added;

	begin_watching();
	ck_assert_int_eq(admit(pid, false, &s), 1);
	s.join_us = UINT64_MAX;
	added = sessions_add(&all, &s, pidfd, &err);
	ck_assert(added && added->join_us == UINT64_MAX);
	ck_assert_uint_eq(added->uid, all.uid);
	added->began = (uint64_t)nsc_process_now_us() - 5000;
	added = sessions_add(&all, &s, pidfd, &err);
	ck_assert_uint_ge(added->join_us, 5000);
	ck_assert_uint_lt(added->join_us, 100000000);
	end(pid);
	close(pidfd);
	clean_up();
}
END_TEST

/* A kernel that watches no more: the process must end. */
START_TEST(not_watched)
{
	pid_t pid = login();
	int pidfd = nsc_pidfd_open(pid), anchor = dup(0), epoll;
	struct session s;

	begin_watching();
	ck_assert_int_eq(admit(pid, false, &s), 1);
	epoll = all.epoll;
	all.epoll = 0;
	ck_assert_ptr_null(sessions_add(&all, &s, pidfd, &err));
	ck_assert_int_eq(err.code, ENOTRECOVERABLE);
	all.epoll = epoll;
	ck_assert_uint_eq(all.n, 0);
	/* An anchor that cannot be watched is left to the caller. */
	s = *enter(pid, false);
	all.epoll = 0;
	sessions_anchor(&all, all.list[0], &anchor);
	ck_assert(anchor >= 0 && all.list[0]->anchor == -1);
	all.epoll = epoll;
	all.list[0]->anchor = anchor;
	epoll = dup(0);
	sessions_anchor(&all, all.list[0], &epoll);
	ck_assert(epoll >= 0 && all.list[0]->anchor == anchor);
	all.list[0]->anchor = -1;
	close(anchor);
	close(epoll);
	end(pid);
	close(pidfd);
	clean_up();
}
END_TEST

static int events(void)
{
	struct epoll_event event;

	return epoll_wait(all.epoll, &event, 1, 0);
}

/* Another process, which writes a record, still has its descriptors. */
START_TEST(no_events_of_the_dead)
{
	pid_t pid = login(), child = login(), holder;
	int anchor = nsc_pidfd_open(child);

	begin_watching();
	sessions_anchor(&all, enter(pid, false), &anchor);
	holder = login();
	end(child);
	sessions_reap(&all);
	ck_assert_int_eq(events(), 0);
	end(pid);
	sessions_reap(&all);
	ck_assert_int_eq(events(), 0);
	end(holder);
	clean_up();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		processes_are_limited, each_session_counts,
		too_many_to_take_over, a_moment_later,
		times, not_watched, no_events_of_the_dead, NULL,
	};
	TCase *tcase = unit_case("admit");

	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, descriptors_are_limited, 0,
			    sizeof(descriptors) / sizeof(*descriptors));
	return run_monitor("admit", tcase);
}
