/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/monitor/processes.c: which processes are a session's, and get its
 * signals.  The test's own children are the processes, and a directory of the
 * test is the control group.
 */
#include "unit.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "cgroup/cgroup_stats.h"
#include "monitor/processes.c"
#include "monitor/session_cgroups.h"

#define GROUP "/sys/fs/cgroup/x/nsc-1000/session-7"

static const char *groups;	/* instead of /proc/PID/cgroup; "": none */

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (!groups || !strstr(path, "/cgroup") || strstr(path, "/cgroup."))
		return __real_fopen(path, mode);
	return *groups ? fmemopen((void *)(uintptr_t)groups, strlen(groups),
				  "r") : NULL;
}

static char dir[64];

static void prepare(void)
{
	int fd = open(unit_make_dir(dir), O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(dup2(fd, NSC_MONITOR_RUNDIR), NSC_MONITOR_RUNDIR);
	close(fd);
}

static void finish(void)
{
	unit_remove_dir(dir);
}

static int own_namespace(void)
{
	int ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(ns, 0);
	return ns;
}

/* It blocks the signal, so that one that kills it does not come before. */
static pid_t child(void)
{
	sigset_t told;
	pid_t pid;

	sigemptyset(&told);
	sigaddset(&told, SIGUSR1);
	sigprocmask(SIG_BLOCK, &told, NULL);
	pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	ck_assert_int_gt(pid, 0);
	return pid;
}

/* End it; which signal has it got before, or was it ours? */
static int ended_by(pid_t pid)
{
	unsigned long long pending = 0;
	char text[32];
	int status;

	if (nsc_proc_status(pid, "ShdPnd", text, sizeof(text)))
		pending = strtoull(text, NULL, 16);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return pending >> (SIGUSR1 - 1) & 1 ? SIGUSR1 : WTERMSIG(status);
}

/* More processes than are examined: the same pid in each line. */
START_TEST(no_end_of_processes)
{
	struct processes all = { .n = 0 };
	struct load load = { .all = &all };
	int ns = own_namespace();
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	for (int i = 0; i < MOST + 1000; i++)
		fprintf(file, "%d\n", (int)getpid());
	fclose(file);
	load.pidns = ns;
	nsc_cgroup_each_process(dir, processes_add, &load);
	ck_assert_uint_eq(all.n, MOST);
	/* A second call, as for a second group, must not change the list. */
	nsc_cgroup_each_process(dir, processes_add, &load);
	ck_assert_uint_eq(all.n, MOST);
	for (size_t i = 0; i < all.n; i++)
		ck_assert_int_eq(all.list[i].pid, getpid());
	processes_free(&all);
	close(ns);
}
END_TEST

/* Three children of a session, of which the second is chosen. */
static struct processes three(void)
{
	struct processes all = { .n = 3 };

	snprintf(all.group, sizeof(all.group), GROUP);
	all.list = unit_fenced(3 * sizeof(*all.list));
	for (size_t i = 0; i < 3; i++)
		all.list[i].pid = child();
	all.list[1].chosen = true;
	return all;
}

/* A bit for each that has got the signal. */
static unsigned int signalled(int pidns, bool chosen)
{
	struct processes all = three();
	unsigned int got = 0;

	processes_signal(&all, pidns, chosen, SIGUSR1);
	for (unsigned int i = 0; i < 3; i++)
		got |= (ended_by(all.list[i].pid) == SIGUSR1) << i;
	return got;
}

static const struct {
	const char *groups;
	unsigned int got;
} members[] = {
	{ "0::/x/nsc-1000/session-7\n", 7 },
	{ "0::/x/nsc-1000/session-7/below\n", 7 },
	{ "1:cpu:/\n0::/a/x/nsc-1000/session-7\n", 7 },
	{ "0::/x/nsc-1000/session-77\n", 0 },
	{ "0::/x/nsc-1001/session-7\n", 0 },
	{ "0::/x/session-7\n", 0 },
	{ "", 0 },
};

/* A process that has left the session is not signalled. */
START_TEST(signals)
{
	int ns = own_namespace(), other;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(members); i++) {
		groups = members[i].groups;
		ck_assert_uint_eq(signalled(ns, false), members[i].got);
		ck_assert_uint_eq(signalled(ns, true), members[i].got & 2);
	}
	groups = members[0].groups;
	other = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	ck_assert_uint_eq(signalled(other, false), 0);
	ck_assert_uint_eq(signalled(-1, false), 0);
	close(other);
	close(ns);
}
END_TEST

/* One that has ended is passed over. */
START_TEST(signals_after_an_end)
{
	struct processes all = three();
	int ns = own_namespace();

	groups = members[0].groups;
	ended_by(all.list[0].pid);
	processes_signal(&all, ns, false, SIGUSR1);
	ck_assert_int_eq(ended_by(all.list[1].pid), SIGUSR1);
	ck_assert_int_eq(ended_by(all.list[2].pid), SIGUSR1);
	/* A group is named by its last two directories. */
	strcpy(all.group, "session-7");
	all.list[0].pid = child();
	all.n = 1;
	processes_signal(&all, ns, false, SIGUSR1);
	ck_assert_int_eq(ended_by(all.list[0].pid), SIGKILL);
	close(ns);
}
END_TEST

START_TEST(processor_time)
{
	struct process list[] = { { .ticks = 3 }, { .ticks = 4 } };
	struct processes all = { .n = 2 };

	all.list = unit_fenced_copy(list, sizeof(list));
	ck_assert_uint_eq(processes_cpu_us(&all),
			  7000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}
END_TEST

/* Inside is also what is below: the host is not. */
START_TEST(namespaces)
{
	int ns = own_namespace(), pidfd, inner;
	pid_t pid;

	ck_assert_int_eq(unshare(CLONE_NEWPID), 0);
	pid = child();
	pidfd = nsc_pidfd_open(pid);
	ck_assert_int_eq(dup2(pidfd, NSC_MONITOR_PID1), NSC_MONITOR_PID1);
	close(pidfd);
	inner = processes_namespace(pid);
	ck_assert_int_ge(inner, 0);
	ck_assert_int_eq(fcntl(inner, F_GETFD), FD_CLOEXEC);
	ck_assert(processes_inside(pid, inner));
	ck_assert(processes_inside(pid, ns));
	ck_assert(processes_inside(getpid(), ns));
	ck_assert(!processes_inside(getpid(), inner));
	ck_assert(!processes_inside(pid, -1));
	ended_by(pid);
	ck_assert(!processes_inside(pid, ns));
	/* Its number may be another process's. */
	ck_assert_int_eq(processes_namespace(getpid()), -1);
	ck_assert_int_eq(processes_namespace(pid), -1);
	/* LeakSanitizer forks at the end, which a dead namespace refuses. */
	ck_assert_int_eq(setns(ns, CLONE_NEWPID), 0);
	close(inner);
	close(ns);
}
END_TEST

/* --- the group of a session */

static void make(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void begin_session(void)
{
	char text[128];

	snprintf(text, sizeof(text), "s v2 %s\n", dir);
	unit_write(dir, "cgroup", text, 0644);
	make("session-7");
}

START_TEST(loaded)
{
	int ns = own_namespace();
	struct processes all;
	char text[128];

	/* Without control groups there are none. */
	processes_load(&all, 7, ns);
	ck_assert_uint_eq(all.n, 0);
	begin_session();
	snprintf(text, sizeof(text), "%d\n1\n0\n", (int)getpid());
	unit_write(dir, "session-7/cgroup.procs", text, 0644);
	processes_load(&all, 8, ns);
	ck_assert_uint_eq(all.n, 0);
	processes_load(&all, 7, -1);
	ck_assert_uint_eq(all.n, 0);
	processes_load(&all, 7, ns);
	ck_assert_uint_ge(all.n, 1);
	ck_assert_int_eq(all.list[0].pid, getpid());
	ck_assert_int_eq(all.list[0].parent, getppid());
	ck_assert_int_eq(all.list[0].leader, getsid(0));
	ck_assert(!all.list[0].chosen);
	snprintf(text, sizeof(text), "%s/session-7", dir);
	ck_assert_str_eq(all.group, text);
	processes_free(&all);
	ck_assert(!all.list && !all.n && !all.room);
	close(ns);
}
END_TEST

START_TEST(used)
{
	begin_session();
	unit_write(dir, "session-7/cpu.stat", "usage_usec 5001\n", 0644);
	ck_assert_uint_eq(session_cgroups_usage(7).cpu_us, 5001);
	ck_assert_uint_eq(session_cgroups_usage(8).cpu_us, NSC_STATS_NONE);
}
END_TEST

START_TEST(killed)
{
	char path[128], text[8] = "";
	int fd;

	ck_assert(!processes_kill_group(7));
	begin_session();
	/* A kernel before 5.14 has no such file. */
	ck_assert(!processes_kill_group(7));
	unit_write(dir, "session-7/cgroup.kill", "", 0644);
	ck_assert(!processes_kill_group(8));
	ck_assert(processes_kill_group(7));
	snprintf(path, sizeof(path), "%s/session-7/cgroup.kill", dir);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 1);
	ck_assert_str_eq(text, "1");
	close(fd);
}
END_TEST

/* --- the processes of a container */

START_TEST(alone)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(dup2(fd, NSC_MONITOR_PROC), NSC_MONITOR_PROC);
	close(fd);
	make("sys");
	make("self");
	make("1");
	ck_assert(processes_none("0"));
	make("12");
	ck_assert(!processes_none("0"));
	ck_assert(!processes_none("1"));
	ck_assert(processes_none("12"));
	/* Each look is a new one. */
	ck_assert(!processes_none("2"));
	make("9");
	ck_assert(!processes_none("12"));
	/* That of "external" is none. */
	ck_assert_int_eq(dup2(NSC_MONITOR_LOCK, NSC_MONITOR_PROC),
			 NSC_MONITOR_PROC);
	ck_assert(!processes_none("0"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		no_end_of_processes, signals, signals_after_an_end,
		processor_time, loaded, used, killed, alone, NULL,
	};
	const TTest *const root[] = { namespaces, NULL };
	Suite *suite = suite_create("monitor");
	TCase *tcase = unit_case("monitor");

	/* Occupy the monitor's descriptors, so the runner does not use them. */
	while (open("/dev/null", O_RDONLY) < NSC_MONITOR_DIR)
		;
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, prepare, finish);
	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
