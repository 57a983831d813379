/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the monitor does when its time has come: idle sessions, the maximum
 * lifetime, and processes that were killed for want of memory.  The clock, the
 * sessions' processes and the counters of the kernel are the test's.
 */
#include "unit.h"

#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>

#include "cgroup/cgroup_death.h"
#include "cgroup/cgroup_stats.h"
#include "linux/pidfd.h"
#include "monitor/idle.h"
#include "monitor/lifetime.h"
#include "monitor/oom.h"
#include "monitor/processes.h"
#include "monitor/session_cgroups.h"
#include "monitor/session_log.h"
#include "monitor/terminals.h"
#include "rundir/state.h"
#include "util/fd.h"

/* --- the seam */

static int64_t now = 1000000;
static int64_t input;			/* time of the last input */
static uint64_t cpu, kills_of_session, cpu_of_processes;
static struct nsc_stats_oom counters;
static char told[512], logged[512];
static int loaded, killed, rearmed;
static bool no_groups;

int64_t __wrap_nsc_process_now(void);
int64_t __wrap_nsc_process_now(void)
{
	return now;
}

int64_t __wrap_terminals_input(const struct session *s,
			       const struct processes *of);
int64_t __wrap_terminals_input(const struct session *s,
			       const struct processes *of)
{
	ck_assert(s && of);
	return input;
}

void __wrap_terminals_tell(const struct processes *of, const char *line);
void __wrap_terminals_tell(const struct processes *of, const char *line)
{
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s%s",
		 of ? "" : "all: ", line);
}

static struct timespec boot;	/* the time since then; 0: the real one */

int __real_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	if (!boot.tv_sec)
		return __real_clock_gettime(clock, ret);
	ck_assert_int_eq(clock, CLOCK_BOOTTIME);
	*ret = boot;
	return 0;
}

struct nsc_usage __wrap_session_cgroups_usage(pid_t pid);
struct nsc_usage __wrap_session_cgroups_usage(pid_t pid)
{
	return (struct nsc_usage){
		.cpu_us = cpu,
		.oom_kills = pid == 7 ? kills_of_session : NSC_STATS_NONE,
	};
}

struct nsc_cgroup_tree *__wrap_session_cgroups_tree(void);
struct nsc_cgroup_tree *__wrap_session_cgroups_tree(void)
{
	return no_groups ? NULL : malloc(1);
}

uint64_t __wrap_processes_cpu_us(const struct processes *all);
uint64_t __wrap_processes_cpu_us(const struct processes *all)
{
	(void)all;
	return cpu_of_processes;
}

void __wrap_processes_load(struct processes *all, pid_t login, int pidns);
void __wrap_processes_load(struct processes *all, pid_t login, int pidns)
{
	(void)all;
	ck_assert(login == 7 || login == 8);
	ck_assert_int_eq(pidns, 77);
	loaded++;
}

void __wrap_processes_free(struct processes *all);
void __wrap_processes_free(struct processes *all)
{
	(void)all;
	loaded--;
}

void __wrap_hangup_kill(struct hangups *all, const struct session *s,
			bool whole);
void __wrap_hangup_kill(struct hangups *all, const struct session *s,
			bool whole)
{
	ck_assert(all && s->pid == 7 && !whole);
	killed++;
}

void __wrap_nsc_stats_read_oom(const struct nsc_cgroup_tree *tree,
			       const char *session, struct nsc_stats_oom *ret);
void __wrap_nsc_stats_read_oom(const struct nsc_cgroup_tree *tree,
			       const char *session, struct nsc_stats_oom *ret)
{
	ck_assert(tree && !session);
	*ret = counters;
}

int __wrap_nsc_stats_watch_oom(const struct nsc_cgroup_tree *tree,
			       short *ret_events);
int __wrap_nsc_stats_watch_oom(const struct nsc_cgroup_tree *tree,
			       short *ret_events)
{
	ck_assert(tree);
	*ret_events = 5;
	return 900;
}

void __wrap_nsc_stats_rearm_oom(int fd);
void __wrap_nsc_stats_rearm_oom(int fd)
{
	ck_assert_int_eq(fd, 900);
	rearmed++;
}

void __wrap_session_log_event(pid_t pid, const char *line);
void __wrap_session_log_event(pid_t pid, const char *line)
{
	ck_assert_int_eq(pid, 4711);
	snprintf(logged, sizeof(logged), "%s", line);
}

/* --- a container with one session */

static char user[] = "alice";
static struct nsc_state state = { .user = user, .pid = 4711, .generation = 3 };
static struct hangups hangups = { .state = &state, .pidns = 77 };
static struct session session = { .pid = 7 }, other = { .pid = 8 };
static struct session *list[] = { &session, &other };
static struct sessions all = {
	.user = user, .state = &state, .hangups = &hangups,
};

/* The container has this many of them. */
static void have(size_t n)
{
	all.list = unit_fenced_copy(list, n * sizeof(*list));
	all.n = n;
}

static void have_one(void)
{
	have(1);
}

static void begin(unsigned int timeout)
{
	state.lifecycle.idle_timeout = timeout;
	told[0] = logged[0] = '\0';
	idle_restart(&all);
	/* The first look only begins. */
	ck_assert_int_eq(idle_due(&all, &state), timeout ? now : INT64_MAX);
	idle_go_on(&all, &hangups);
	ck_assert_str_eq(told, "");
	ck_assert_int_eq(killed, 0);
}

/* Go on until the next look, after so many milliseconds. */
static void expect_look(int64_t after)
{
	ck_assert_int_eq(idle_due(&all, &state), now + after);
	now += after - 1;
	idle_go_on(&all, &hangups);
	ck_assert_int_eq(idle_due(&all, &state), now + 1);
	now++;
	idle_go_on(&all, &hangups);
	ck_assert_int_eq(loaded, 0);
}

/* --- idle sessions */

START_TEST(idle_warnings)
{
	ck_assert_int_eq(idle_warning_ms(10), 5000);
	ck_assert_int_eq(idle_warning_ms(119), 59500);
	ck_assert_int_eq(idle_warning_ms(120), 60000);
	ck_assert_int_eq(idle_warning_ms(4000000000U), 60000);
}
END_TEST

START_TEST(idle_sessions_end)
{
	begin(100);
	expect_look(25000);
	ck_assert_str_eq(told, "");
	expect_look(25000);
	ck_assert_str_eq(told, "\r\nThis session is idle and ends in 50 "
			 "seconds.\r\n");
	told[0] = '\0';
	expect_look(25000);
	ck_assert_int_eq(killed, 0);
	ck_assert_str_eq(told, "");
	expect_look(25000);
	ck_assert_int_eq(killed, 1);
	ck_assert_int_eq(idle_due(&all, &state), INT64_MAX);
	idle_go_on(&all, &hangups);
	ck_assert_int_eq(killed, 1);
}
END_TEST

/* A monitor that slept warns nobody of what is over. */
START_TEST(idle_too_late)
{
	begin(100);
	now += 100000;
	idle_go_on(&all, &hangups);
	ck_assert_str_eq(told, "");
	ck_assert_int_eq(killed, 1);
}
END_TEST

/* The warning comes in time, between two looks. */
START_TEST(idle_long_timeouts)
{
	begin(1000);
	expect_look(250000);
	expect_look(250000);
	expect_look(250000);
	ck_assert_str_eq(told, "");
	expect_look(190000);
	ck_assert_str_eq(told, "\r\nThis session is idle and ends in 60 "
			 "seconds.\r\n");
	expect_look(60000);
	ck_assert_int_eq(killed, 1);
}
END_TEST

/* Input, or the processor, makes it begin anew. */
START_TEST(busy_sessions)
{
	begin(100);
	expect_look(25000);
	expect_look(25000);
	ck_assert_str_ne(told, "");
	told[0] = '\0';
	input = now;
	expect_look(25000);
	expect_look(25000);
	ck_assert_str_eq(told, "");
	expect_look(25000);
	ck_assert_str_ne(told, "");
	/* A thousandth of 25 s: 25 ms. */
	told[0] = '\0';
	cpu += 25001;
	expect_look(25000);
	cpu += 25000;
	expect_look(25000);
	ck_assert_str_eq(told, "");
	expect_look(25000);
	ck_assert_str_ne(told, "");
	/* A group that was made again has used less. */
	cpu = 0;
	expect_look(25000);
	ck_assert_int_eq(killed, 0);
	expect_look(25000);
	ck_assert_int_eq(killed, 1);
}
END_TEST

/* At least 20 ms; without groups, of the processes. */
START_TEST(busy_a_little)
{
	cpu = UINT64_MAX;
	cpu_of_processes = 1000;
	begin(8);
	expect_look(2000);
	expect_look(2000);
	cpu_of_processes += 20000;
	expect_look(2000);
	expect_look(2000);
	ck_assert_int_eq(killed, 1);
	killed = 0;
	begin(8);
	expect_look(2000);
	cpu_of_processes += 20001;
	expect_look(2000);
	expect_look(2000);
	expect_look(2000);
	expect_look(2000);
	ck_assert_int_eq(killed, 0);
}
END_TEST

START_TEST(never_idle)
{
	begin(0);
	session.look = now - 1;
	idle_go_on(&all, &hangups);
	ck_assert_int_eq(session.look, now - 1);
	/* The first of several is the next one. */
	state.lifecycle.idle_timeout = 5;
	have(2);
	session.look = 900;
	other.look = 800;
	ck_assert_int_eq(idle_due(&all, &state), 800);
	session.look = 700;
	ck_assert_int_eq(idle_due(&all, &state), 700);
}
END_TEST

/* --- the maximum lifetime */

static int64_t since_boot(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

START_TEST(lifetimes)
{
	struct lifetime lifetime;
	static char external[] = "/run/x.pid";
	int64_t before = since_boot(), age;
	pid_t pid = fork();
	uint64_t start;

	if (pid == 0)
		for (;;)
			pause();
	state.pid = pid;
	lifetime_plan(&lifetime, &state);
	ck_assert_int_eq(lifetime.end, INT64_MAX);
	ck_assert_int_eq(lifetime.warning, INT64_MAX);
	state.lifecycle.max_lifetime = 1000;
	lifetime_plan(&lifetime, &state);
	/* It has begun meanwhile; the kernel counts in steps of 10 ms. */
	age = since_boot() - before + 10;
	ck_assert_int_le(lifetime.end, now + 1000000 + 20);
	ck_assert_int_ge(lifetime.end, now + 1000000 - age);
	ck_assert_int_eq(lifetime.warning, lifetime.end - 60000);
	/* From its start on, however late this is. */
	state.pid = 1;
	lifetime_plan(&lifetime, &state);
	ck_assert_int_le(lifetime.end, now + 1000000 + 20);
	/* To the millisecond, and the kernel's steps have ten of them. */
	state.pid = pid;
	ck_assert_int_eq(nsc_pidfd_start_time(pid, &start), 0);
	start = start * 1000 / (uint64_t)sysconf(_SC_CLK_TCK) + 600009;
	boot = (struct timespec){ (time_t)(start / 1000),
				  (long)(start % 1000) * 1000000 };
	lifetime_plan(&lifetime, &state);
	boot.tv_sec = 0;
	ck_assert_int_eq(lifetime.end, now + 1000000 - 600009);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	state.external = external;
	lifetime_plan(&lifetime, &state);
	ck_assert_int_eq(lifetime.end, INT64_MAX);
	state.external = NULL;
	state.lifecycle.max_lifetime = 0;
	lifetime = (struct lifetime){ 5001, 0 };
	told[0] = '\0';
	lifetime_warn(&lifetime, 1);
	ck_assert_str_eq(told, "all: \r\nThis container ends in 5 seconds: it "
			 "has reached its maximum lifetime.\r\n");
	told[0] = '\0';
	lifetime_warn(&lifetime, 0);
	ck_assert_ptr_nonnull(strstr(told, "ends in 6 seconds"));
}
END_TEST

/* --- memory */

static struct oom oom;

static void oom_begin(void)
{
	counters = (struct nsc_stats_oom){ 10, 4, 1 << 20 };
	kills_of_session = 2;
	told[0] = logged[0] = '\0';
	oom_open(&oom, &all);
	ck_assert_int_eq(oom_fd(&oom), 900);
	ck_assert_int_eq(oom.events, 5);
	ck_assert_uint_eq(session.oom_kills, 2);
	ck_assert_int_eq(oom.due, INT64_MAX);
}

/* The event, and the look a moment later. */
static void oom_event(void)
{
	oom_notice(&oom);
	ck_assert_int_eq(oom_fd(&oom), -1);
	ck_assert_int_eq(oom.due, now + 50);
	now += 49;
	oom_go_on(&oom, &all);
	ck_assert_int_eq(rearmed, 0);
	now++;
	oom_go_on(&oom, &all);
	ck_assert_int_eq(rearmed, 1);
	rearmed = 0;
}

START_TEST(kills_are_told)
{
	char reason[NSC_DEATH_REASON], line[512];

	have(2);
	oom_begin();
	counters.kills = 13;
	counters.hits++;
	kills_of_session = 3;
	oom_event();
	nsc_death_reason(true, counters.limit, reason);
	snprintf(line, sizeof(line), "\r\nkilled: %s\r\n", reason);
	ck_assert_str_eq(told, line);
	ck_assert_ptr_nonnull(strstr(logged, "event=oom "));
	snprintf(line, sizeof(line), " generation=3 kills=3 reason=\"%s\"",
		 reason);
	ck_assert_msg(strstr(logged, line), "%s", logged);
	/* One look a second. */
	ck_assert_int_eq(oom.due, now + 1000);
	told[0] = logged[0] = '\0';
	counters.kills = 14;
	now += 1000;
	oom_go_on(&oom, &all);
	nsc_death_reason(false, counters.limit, reason);
	ck_assert_ptr_nonnull(strstr(logged, "kills=1 reason="));
	ck_assert_ptr_nonnull(strstr(logged, reason));
	/* This time it was none of the session's. */
	ck_assert_str_eq(told, "");
	/* Nothing more: one last look, and then the kernel tells. */
	logged[0] = '\0';
	now += 1000;
	oom_go_on(&oom, &all);
	ck_assert_int_eq(oom.due, now + 1000);
	now += 1000;
	oom_go_on(&oom, &all);
	ck_assert_int_eq(oom.due, INT64_MAX);
	ck_assert_int_eq(oom_fd(&oom), 900);
	ck_assert_str_eq(logged, "");
	/* The next event has a last look, too. */
	rearmed = 0;
	oom_event();
	ck_assert_int_eq(oom.due, now + 1000);
}
END_TEST

START_TEST(nothing_was_killed)
{
	oom_begin();
	oom_event();
	ck_assert_str_eq(logged, "");
	/* In v1 the sum falls. */
	counters.kills = 5;
	oom_end(&oom, &all);
	ck_assert_str_eq(logged, "");
	counters.kills = 6;
	oom_end(&oom, &all);
	ck_assert_ptr_nonnull(strstr(logged, "kills=1 "));
	logged[0] = '\0';
	counters.kills = NSC_STATS_NONE;
	oom_end(&oom, &all);
	ck_assert_str_eq(logged, "");
	/* A container without groups. */
	no_groups = true;
	rearmed = 0;
	oom_open(&oom, &all);
	ck_assert_int_eq(oom_fd(&oom), -1);
	oom_end(&oom, &all);
	ck_assert_int_eq(rearmed, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		idle_warnings, idle_sessions_end, idle_too_late,
		idle_long_timeouts,
		busy_sessions, busy_a_little, never_idle, lifetimes,
		kills_are_told, nothing_was_killed, NULL,
	};
	Suite *suite = suite_create("clock");
	TCase *tcase = unit_case("clock");

	tcase_add_checked_fixture(tcase, have_one, NULL);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
