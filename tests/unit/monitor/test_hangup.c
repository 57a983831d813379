/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/monitor/hangup.c: which processes of a session that has ended get which
 * signals, and when.  The processes, their groups and the clock are the test's.
 */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "monitor/hangup.h"
#include "monitor/outputs.h"
#include "monitor/processes.h"
#include "monitor/session_cgroups.h"
#include "rundir/session_info.h"
#include "rundir/state.h"
#include "util/fd.h"

#define LOGIN 7
#define OUTSIDE 2		/* a parent outside of the container */
#define INSIDE 100		/* the first pid inside */

/* --- the seam */

static int64_t now = 1000000;
static int leave;		/* of session_cgroups_leave() */
static bool group_is_killed;
static int groups_killed, loaded;
static char sent[512];
static pid_t unread;		/* its output has no reader */

static struct process list[8];
static size_t n_list;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	*ts = (struct timespec){ now / 1000, now % 1000 * 1000000 };
	return 0;
}

int __wrap_session_cgroups_leave(pid_t pid);
int __wrap_session_cgroups_leave(pid_t pid)
{
	ck_assert(pid == LOGIN || pid == LOGIN + 1);
	return leave;
}

void __wrap_processes_load(struct processes *all, pid_t login, int pidns);
void __wrap_processes_load(struct processes *all, pid_t login, int pidns)
{
	ck_assert(login == LOGIN && pidns == 77);
	all->list = unit_fenced_copy(list, n_list * sizeof(*list));
	all->n = n_list;
	loaded++;
}

void __wrap_processes_free(struct processes *all);
void __wrap_processes_free(struct processes *all)
{
	(void)all;
	loaded--;
}

bool __wrap_processes_inside(pid_t pid, int pidns);
bool __wrap_processes_inside(pid_t pid, int pidns)
{
	ck_assert_int_eq(pidns, 77);
	return pid >= INSIDE;
}

bool __wrap_processes_kill_group(pid_t login);
bool __wrap_processes_kill_group(pid_t login)
{
	ck_assert_int_eq(login, LOGIN);
	groups_killed++;
	return group_is_killed;
}

void __wrap_outputs_choose_unread(struct processes *all, int *looker);
void __wrap_outputs_choose_unread(struct processes *all, int *looker)
{
	ck_assert_int_eq(*looker, 55);
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].pid == unread)
			all->list[i].chosen = true;
}

void __wrap_processes_signal(const struct processes *all, int pidns,
			     bool chosen, int number);
void __wrap_processes_signal(const struct processes *all, int pidns,
			     bool chosen, int number)
{
	size_t len = strlen(sent);

	ck_assert_uint_lt(len, sizeof(sent) / 2);
	ck_assert_int_eq(pidns, 77);
	len += (size_t)snprintf(sent + len, sizeof(sent) - len, "%s:",
				sigabbrev_np(number));
	for (size_t i = 0; i < all->n; i++)
		if (!chosen || all->list[i].chosen)
			len += (size_t)snprintf(sent + len, sizeof(sent) - len,
						" %d", all->list[i].pid);
	snprintf(sent + len, sizeof(sent) - len, "\n");
}

/* --- a session */

static struct nsc_state state;
static struct hangups all = { .state = &state, .pidns = 77, .looker = 55 };
static struct session session = { .pid = LOGIN };

static void add(pid_t pid, pid_t parent, pid_t leader)
{
	list[n_list++] = (struct process){
		.pid = pid, .parent = parent, .leader = leader,
	};
}

static void begin(unsigned int policy)
{
	state.lifecycle.on_disconnect = policy;
	leave = -EBUSY;
	sent[0] = '\0';
}

static void expect(const char *text)
{
	ck_assert_str_eq(sent, text);
	ck_assert_int_eq(loaded, 0);
	sent[0] = '\0';
}

static void go_on(int64_t later)
{
	now += later;
	hangup_go_on(&all);
}

/* --- the test */

START_TEST(keep)
{
	begin(NSC_DISCONNECT_KEEP);
	add(100, OUTSIDE, 100);
	hangup_session(&all, &session);
	expect("");
	ck_assert_int_eq(hangup_due(&all), INT64_MAX);
}
END_TEST

/* Nothing is left: nobody is looked for. */
START_TEST(nothing_left)
{
	begin(NSC_DISCONNECT_KILL);
	leave = 0;
	hangup_session(&all, &session);
	expect("");
	ck_assert_uint_eq(all.n, 0);
}
END_TEST

START_TEST(killed)
{
	begin(NSC_DISCONNECT_KILL);
	add(100, OUTSIDE, 100);
	add(101, 100, 101);
	hangup_session(&all, &session);
	expect("HUP: 100 101\nCONT: 100 101\n");
	ck_assert_int_eq(hangup_due(&all), now + 2000);
	go_on(1999);
	expect("");
	go_on(1);
	/* The kernel has no kill for groups: a signal, and again. */
	expect("KILL: 100 101\n");
	ck_assert_int_eq(groups_killed, 1);
	ck_assert_int_eq(hangup_due(&all), now + 50);
	go_on(49);
	expect("");
	group_is_killed = true;
	go_on(1);
	expect("");
	ck_assert_int_eq(groups_killed, 2);
	leave = 0;
	go_on(50);
	ck_assert_int_eq(groups_killed, 2);
	ck_assert_int_eq(hangup_due(&all), INT64_MAX);
}
END_TEST

/* The kernel does not end them: after five seconds nobody tries. */
START_TEST(unkillable)
{
	int rounds = 0;

	begin(NSC_DISCONNECT_KILL);
	add(100, OUTSIDE, 100);
	hangup_session(&all, &session);
	go_on(2000);
	while (hangup_due(&all) != INT64_MAX && rounds < 1000) {
		ck_assert_int_eq(hangup_due(&all), now + 50);
		sent[0] = '\0';
		go_on(50);
		rounds++;
	}
	ck_assert_int_eq(rounds, 100);
}
END_TEST

/* A group of the user's own may have programs of the host. */
START_TEST(of_a_user)
{
	begin(NSC_DISCONNECT_KILL);
	add(100, OUTSIDE, 100);
	session.by_user = true;
	hangup_session(&all, &session);
	expect("HUP: 100\nCONT: 100\n");
	go_on(2000);
	expect("KILL: 100\n");
	ck_assert_int_eq(groups_killed, 0);
}
END_TEST

/* An idle session ends without its group. */
START_TEST(in_part)
{
	begin(NSC_DISCONNECT_KEEP);
	add(100, OUTSIDE, 100);
	hangup_kill(&all, &session, false);
	expect("HUP: 100\nCONT: 100\n");
	go_on(2000);
	expect("KILL: 100\n");
	ck_assert_int_eq(groups_killed, 0);
}
END_TEST

/*
 * A process that the login program has left behind, and the processes of its
 * kernel session; not what somebody left running on purpose.
 */
START_TEST(hung_up)
{
	begin(NSC_DISCONNECT_HANGUP);
	add(100, OUTSIDE, 100);
	add(101, 100, 100);
	add(102, 101, 102);	/* setsid */
	add(103, INSIDE, 103);
	hangup_session(&all, &session);
	expect("HUP: 100 101\nCONT: 100 101\n");
	/* sshd's other half may leave commands of its own. */
	ck_assert_int_eq(hangup_due(&all), now + 500);
	unread = 103;
	go_on(500);
	expect("HUP: 103\nCONT: 103\n");
	ck_assert_int_eq(hangup_due(&all), INT64_MAX);
	ck_assert_int_eq(groups_killed, 0);
}
END_TEST

START_TEST(hung_up_once)
{
	begin(NSC_DISCONNECT_HANGUP);
	add(103, INSIDE, 103);
	add(104, 103, 103);
	unread = 103;
	hangup_session(&all, &session);
	expect("HUP: 103 104\nCONT: 103 104\n");
	ck_assert_int_eq(hangup_due(&all), INT64_MAX);
}
END_TEST

/* Its number belongs to another process by now. */
START_TEST(forgotten)
{
	struct session other = { .pid = LOGIN + 1 };

	begin(NSC_DISCONNECT_KILL);
	n_list = 0;
	for (int i = 0; i < 40; i++) {
		sent[0] = '\0';
		hangup_kill(&all, &session, true);
		now += 1;
	}
	ck_assert_uint_eq(all.n, 40);
	ck_assert_int_eq(hangup_due(&all), 1000000 + 2000);
	all.list[3].login = other.pid;
	hangup_forget(&all, LOGIN);
	ck_assert_uint_eq(all.n, 1);
	ck_assert_int_eq(all.list[0].login, other.pid);
	hangup_forget(&all, LOGIN);
	ck_assert_uint_eq(all.n, 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		keep, nothing_left, killed, unkillable, of_a_user, in_part,
		hung_up, hung_up_once, forgotten, NULL,
	};
	Suite *suite = suite_create("hangup");
	TCase *tcase = unit_case("hangup");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
