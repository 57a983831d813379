/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process may do: attributes, capabilities, groups and kernel
 * parameters.  Each test is a process of its own.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "linux/attributes.h"
#include "linux/capability.h"
#include "linux/confine.h"
#include "linux/credential.h"
#include "linux/namespace.h"
#include "linux/pidfd.h"
#include "linux/sysctl.h"
#include "util/fd.h"
#include "util/process.h"

#define CAP(n) (UINT64_C(1) << (n))

static struct nsc_error err;

/* Nothing is set. */
static struct nsc_process nothing(void)
{
	return (struct nsc_process){
		.umask = -1, .oom_score_adj = NSC_OOM_LEAVE,
		.sched_policy = -1, .io_priority = -1, .personality = -1,
	};
}

/* --- attributes */

static int io_priority(void)
{
	return (int)syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0);
}

START_TEST(attributes)
{
	struct nsc_process p = nothing();
	int before = io_priority();

	ck_assert_int_eq(nsc_attributes_apply(&p, &err), 0);
	ck_assert_int_eq(io_priority(), before);
	p.sched_policy = SCHED_BATCH;
	p.sched_nice = 7;
	p.io_priority = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6);
	p.personality = 0x0040000;	/* ADDR_NO_RANDOMIZE */
	ck_assert_msg(nsc_attributes_apply(&p, &err) == 0, "%s", err.text);
	ck_assert_int_eq(sched_getscheduler(0), SCHED_BATCH);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), 7);
	ck_assert_int_eq(io_priority(), p.io_priority);
	ck_assert_int_eq(personality(0xffffffff), 0x0040000);
	/* 0 is one, too. */
	p = nothing();
	p.sched_policy = SCHED_OTHER;
	p.personality = 0;
	ck_assert_int_eq(nsc_attributes_apply(&p, &err), 0);
	ck_assert_int_eq(sched_getscheduler(0), SCHED_OTHER);
	ck_assert_int_eq(getpriority(PRIO_PROCESS, 0), 0);
	ck_assert_int_eq(personality(0xffffffff), 0);
	p = nothing();
	p.io_priority = 0;
	ck_assert_int_eq(nsc_attributes_apply(&p, &err), 0);
	ck_assert_int_eq(io_priority() >> 13, 0);
}
END_TEST

START_TEST(attributes_that_are_refused)
{
	struct nsc_process p = nothing();

	p.sched_policy = 77;
	ck_assert_int_eq(nsc_attributes_apply(&p, &err), -EINVAL);
	ck_assert_str_eq(err.text, "scheduler: Invalid argument");
	p = nothing();
	p.io_priority = 7 << 13;
	ck_assert_int_eq(nsc_attributes_apply(&p, &err), -EINVAL);
	ck_assert_str_eq(err.text, "io_priority: Invalid argument");
	ck_assert_int_eq(setuid(4711), 0);
	p = nothing();
	p.sched_policy = SCHED_FIFO;
	p.sched_priority = 1;
	ck_assert_int_eq(nsc_attributes_apply(&p, &err), -EPERM);
	ck_assert_str_eq(err.text, "scheduler: only root of the host may give "
			 "so much: log in through a service with "
			 "pam_container");
}
END_TEST

static int affinity(const char *list)
{
	struct nsc_process p = nothing();
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", list);
	p.cpu_affinity = copy;
	return nsc_attributes_apply(&p, &err);
}

/* The seam: a host with 8192 processors, of which it allows some. */
static cpu_set_t allowed[NSC_PROCESSORS / CPU_SETSIZE];
static cpu_set_t set[NSC_PROCESSORS / CPU_SETSIZE];

int __wrap_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *wanted);
int __wrap_sched_setaffinity(pid_t pid, size_t size, const cpu_set_t *wanted)
{
	ck_assert_int_eq(pid, 0);
	ck_assert_uint_eq(size, sizeof(set));
	CPU_AND_S(size, set, allowed, wanted);
	errno = EINVAL;
	return CPU_COUNT_S(size, set) ? 0 : -1;
}

int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *got);
int __wrap_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *got)
{
	ck_assert_int_eq(pid, 0);
	memcpy(got, set, size);
	return 0;
}

static void allow(int first, int last)
{
	memset(allowed, 0, sizeof(allowed));
	for (int i = first; i <= last; i++)
		CPU_SET_S((size_t)i, sizeof(allowed), allowed);
}

static void expect_set(const char *list, int n, int first, int last)
{
	ck_assert_msg(affinity(list) == 0, "%s", err.text);
	ck_assert_int_eq(CPU_COUNT_S(sizeof(set), set), n);
	ck_assert(CPU_ISSET_S((size_t)first, sizeof(set), set));
	ck_assert(CPU_ISSET_S((size_t)last, sizeof(set), set));
}

START_TEST(processors)
{
	allow(0, NSC_PROCESSORS - 1);
	expect_set("0", 1, 0, 0);
	expect_set("3-5", 3, 3, 5);
	expect_set("1,3-5,8191", 5, 1, 8191);
	expect_set("8190-8191", 2, 8190, 8191);
	allow(0, 3);
	ck_assert_int_eq(affinity("3-4"), -EINVAL);
	ck_assert_str_eq(err.text, "cpu_affinity: this host, or "
			 "cgroups.cpuset_cpus, does not have all of '3-4'");
	ck_assert_int_eq(affinity("4"), -EINVAL);
}
END_TEST

/* --- memory */

START_TEST(oom)
{
	struct nsc_process p = nothing();
	char text[16] = "";
	int fd = open("/proc/self/oom_score_adj", O_RDONLY);

	ck_assert_int_gt(read(fd, text, sizeof(text)), 0);
	ck_assert_int_eq(nsc_confine_oom(&p, 0, &err), 0);
	p.oom_score_adj = 123;
	ck_assert_int_eq(nsc_confine_oom(&p, 0, &err), 0);
	ck_assert_int_gt(pread(fd, text, sizeof(text), 0), 0);
	ck_assert_int_eq(strtol(text, NULL, 10), 123);
	p.oom_score_adj = 5000;
	ck_assert_int_eq(nsc_confine_oom(&p, 0, &err), -EINVAL);
	ck_assert_str_eq(err.text, "set oom_score_adj to 5000: Invalid "
			 "argument");
	/* Where it is not to be lowered, it stays. */
	p.oom_score_adj = 5;
	ck_assert_int_eq(setuid(4711), 0);
	ck_assert_int_eq(nsc_confine_oom(&p, 0, &err), 0);
	close(fd);
}
END_TEST

/* --- capabilities */

static uint64_t set_of(cap_flag_t which)
{
	cap_t caps = cap_get_proc();
	uint64_t ret = 0;

	for (int i = 0; i <= CAP_LAST_CAP; i++) {
		cap_flag_value_t is = CAP_CLEAR;

		if (cap_get_flag(caps, i, which, &is) == 0 && is == CAP_SET)
			ret |= CAP(i);
	}
	cap_free(caps);
	return ret;
}

static uint64_t bounding(void)
{
	uint64_t ret = 0;

	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			ret |= CAP(i);
	return ret;
}

static uint64_t ambient(void)
{
	uint64_t ret = 0;

	for (int i = 0; i <= CAP_LAST_CAP; i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			ret |= CAP(i);
	return ret;
}

#define KEPT (CAP(CAP_KILL) | CAP(CAP_BPF))	/* one in each half */

START_TEST(kept_capabilities)
{
	ck_assert_int_eq(nsc_capability_bound(KEPT | CAP(CAP_SETPCAP), &err),
			 0);
	ck_assert_uint_eq(bounding(), KEPT | CAP(CAP_SETPCAP));
	ck_assert_int_eq(nsc_capability_raise(&err), 0);
	ck_assert_uint_eq(set_of(CAP_EFFECTIVE), set_of(CAP_PERMITTED));
	ck_assert_int_eq(nsc_capability_ambient(KEPT | CAP(CAP_SETPCAP), &err),
			 0);
	ck_assert_uint_eq(ambient(), KEPT | CAP(CAP_SETPCAP));
	ck_assert_uint_eq(set_of(CAP_PERMITTED), KEPT | CAP(CAP_SETPCAP));
	ck_assert_int_eq(nsc_capability_keep(KEPT, &err), 0);
	ck_assert_uint_eq(ambient(), 0);
	ck_assert_uint_eq(set_of(CAP_PERMITTED), KEPT);
	ck_assert_uint_eq(set_of(CAP_EFFECTIVE), KEPT);
	ck_assert_uint_eq(set_of(CAP_INHERITABLE), 0);
	/* What is dropped already needs no right, and the rest does. */
	ck_assert_int_eq(nsc_capability_bound(KEPT | CAP(CAP_SETPCAP), &err),
			 0);
	ck_assert_int_eq(nsc_capability_bound(KEPT, &err), -EPERM);
	ck_assert_str_eq(err.text, "drop capability 8 from the bounding set: "
			 "Operation not permitted");
	/* Nobody gets what it does not have. */
	ck_assert_int_eq(nsc_capability_ambient(CAP(CAP_CHOWN), &err), -EPERM);
	ck_assert_str_eq(err.text, "set capabilities: Operation not "
			 "permitted");
}
END_TEST

/* The effective set is what is permitted, again. */
START_TEST(raised_capabilities)
{
	cap_t caps = cap_get_proc();

	ck_assert_int_eq(cap_clear_flag(caps, CAP_EFFECTIVE), 0);
	ck_assert_int_eq(cap_set_flag(caps, CAP_INHERITABLE, 1,
				      (cap_value_t[]){ CAP_KILL }, CAP_SET),
			 0);
	ck_assert_int_eq(cap_set_proc(caps), 0);
	ck_assert_uint_eq(set_of(CAP_EFFECTIVE), 0);
	ck_assert_int_eq(nsc_capability_raise(&err), 0);
	ck_assert_uint_eq(set_of(CAP_EFFECTIVE), set_of(CAP_PERMITTED));
	ck_assert_uint_eq(set_of(CAP_INHERITABLE), CAP(CAP_KILL));
	cap_free(caps);
}
END_TEST

START_TEST(passed_on_capabilities)
{
	ck_assert_int_eq(nsc_capability_keep(KEPT, &err), 0);
	nsc_capability_pass_on();
	ck_assert_uint_eq(ambient(), KEPT);
	ck_assert_int_eq(nsc_capability_keep(0, &err), 0);
	nsc_capability_pass_on();
	ck_assert_uint_eq(ambient(), 0);
}
END_TEST

static struct sock_filter code[] = { { .code = 0x06, .k = 0x7fff0000 } };
static const struct nsc_seccomp filter = { .code = code, .len = 1 };

/* With no_new_privs the filter is last, and without it the first. */
START_TEST(confined)
{
	struct nsc_process p = nothing();

	p.capabilities = KEPT;
	p.no_new_privs = true;
	ck_assert_msg(nsc_confine(&p, &filter, CAP(CAP_KILL), &err) == 0,
		      "%s", err.text);
	ck_assert_uint_eq(bounding(), KEPT);
	ck_assert_uint_eq(set_of(CAP_PERMITTED), CAP(CAP_KILL));
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	ck_assert_int_eq(prctl(PR_GET_SECCOMP), 2);
}
END_TEST

START_TEST(confined_without_no_new_privs)
{
	struct nsc_process p = nothing();

	ck_assert_int_eq(nsc_confine_late(&p, &filter, &err), 0);
	ck_assert_msg(nsc_confine(&p, &filter, 0, &err) == 0, "%s", err.text);
	ck_assert_int_eq(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_GET_SECCOMP), 2);
	ck_assert_uint_eq(set_of(CAP_PERMITTED), 0);
	/* Without the right, nothing goes on. */
	ck_assert_int_lt(nsc_confine(&p, &filter, 0, &err), 0);
	p.no_new_privs = true;
	ck_assert_int_eq(nsc_confine_early(&p, &filter, &err), 0);
}
END_TEST

/* --- groups */

static void expect_groups(int n, const gid_t *expected)
{
	gid_t now[16];

	ck_assert_int_eq(getgroups(16, now), n);
	for (int i = 0; i < n; i++)
		ck_assert_uint_eq(now[i], expected[i]);
}

/* su and sshd come with other groups than the user has. */
START_TEST(limited_groups)
{
	const gid_t allowed_ones[] = { 5, 7, 9 };
	gid_t *before = NULL;
	size_t n = 99;

	ck_assert_int_eq(setgroups(4, (gid_t[]){ 4, 5, 8, 9 }), 0);
	ck_assert_int_eq(nsc_credential_limit_groups(allowed_ones, 3, &before,
						     &n, &err), 0);
	expect_groups(2, (gid_t[]){ 5, 9 });
	ck_assert_uint_eq(n, 4);
	ck_assert_int_eq(setgroups(n, before), 0);
	expect_groups(4, (gid_t[]){ 4, 5, 8, 9 });
	free(before);
	ck_assert_int_eq(nsc_credential_limit_groups(allowed_ones, 0, &before,
						     &n, &err), 0);
	expect_groups(0, NULL);
	free(before);
	ck_assert_int_eq(nsc_credential_limit_groups(allowed_ones, 3, &before,
						     &n, &err), 0);
	ck_assert(n == 0 && !before);
	ck_assert_int_eq(setgroups(1, (gid_t[]){ 4 }), 0);
	ck_assert_int_eq(setuid(4711), 0);
	ck_assert_int_eq(nsc_credential_limit_groups(allowed_ones, 3, &before,
						     &n, &err), -EPERM);
	ck_assert_str_eq(err.text, "set supplementary groups: Operation not "
			 "permitted");
}
END_TEST

START_TEST(more_groups)
{
	gid_t list[] = { 44, 45 };
	const struct nsc_gids more = { list, 2 }, none = { list, 0 };
	gid_t *own = NULL;

	ck_assert_int_eq(setgroups(2, (gid_t[]){ 4, 5 }), 0);
	ck_assert_int_eq(nsc_credential_add_groups(&none, &err), 0);
	expect_groups(2, (gid_t[]){ 4, 5 });
	ck_assert_int_eq(nsc_credential_add_groups(&more, &err), 0);
	expect_groups(4, (gid_t[]){ 4, 5, 44, 45 });
	ck_assert_int_eq(setgid(77), 0);
	ck_assert_int_eq(nsc_credential_own_groups(&own), 4);
	ck_assert(own[0] == 4 && own[3] == 45 && own[4] == 77);
	free(own);
	/* sshd sets them later. */
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(nsc_credential_add_groups(&more, &err), 0);
	expect_groups(0, NULL);
	ck_assert_int_eq(setgroups(1, (gid_t[]){ 4 }), 0);
	ck_assert_int_eq(setuid(4711), 0);
	ck_assert_int_eq(nsc_credential_add_groups(&more, &err), -EPERM);
}
END_TEST

/* The seam: a system call that says yes and does nothing. */
static int stays;		/* which of the six ids */

int __real_getresuid(uid_t *r, uid_t *e, uid_t *s);
int __wrap_getresuid(uid_t *r, uid_t *e, uid_t *s);
int __wrap_getresuid(uid_t *r, uid_t *e, uid_t *s)
{
	uid_t *const all[] = { r, e, s };
	int ret = __real_getresuid(r, e, s);

	if (stays >= 1 && stays <= 3)
		*all[stays - 1] = 0;
	return ret;
}

int __real_getresgid(gid_t *r, gid_t *e, gid_t *s);
int __wrap_getresgid(gid_t *r, gid_t *e, gid_t *s);
int __wrap_getresgid(gid_t *r, gid_t *e, gid_t *s)
{
	gid_t *const all[] = { r, e, s };
	int ret = __real_getresgid(r, e, s);

	if (stays >= 4)
		*all[stays - 4] = 0;
	return ret;
}

START_TEST(ids_that_stay)
{
	stays = 1;
	ck_assert_int_eq(nsc_credential_become(4711, 4712, NULL, 0, &err),
			 -EPERM);
	for (stays = 1; stays <= 6; stays++) {
		ck_assert_int_eq(nsc_credential_set_ids(4711, 4712, &err),
				 -EPERM);
		ck_assert_str_eq(err.text, "become user 4711: it did not take "
				 "effect");
	}
}
END_TEST

START_TEST(ids)
{
	const gid_t list[] = { 7, 8 };
	uid_t r, e, s;

	ck_assert_int_eq(nsc_credential_become(4711, 4712, list, 2, &err), 0);
	expect_groups(2, list);
	ck_assert_int_eq(getresuid(&r, &e, &s), 0);
	ck_assert(r == 4711 && e == 4711 && s == 4711);
	ck_assert_int_eq(getresgid(&r, &e, &s), 0);
	ck_assert(r == 4712 && e == 4712 && s == 4712);
	ck_assert_int_eq(nsc_credential_become(0, 0, list, 2, &err), -EPERM);
	ck_assert_str_eq(err.text, "set supplementary groups: Operation not "
			 "permitted");
	ck_assert_int_eq(nsc_credential_set_ids(4711, 0, &err), -EPERM);
	ck_assert_str_eq(err.text, "become group 0: Operation not permitted");
	ck_assert_int_eq(nsc_credential_set_ids(0, 4712, &err), -EPERM);
	ck_assert_str_eq(err.text, "become user 0: Operation not permitted");
	ck_assert_int_eq(nsc_credential_set_ids(4711, 4712, &err), 0);
}
END_TEST

/* --- namespaces and their parameters */

static const char *parameter(const char *path)
{
	static char text[64];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return text;
}

START_TEST(parameters)
{
	char one[] = "kernel/shm_rmid_forced=1", two[] = "kernel/msgmni=77",
	     bad[] = "kernel/no/such=1", wrong[] = "kernel/msgmni=x",
	     out[] = "../self/oom_score_adj=5";
	char *const good[] = { one, two, NULL }, *const none[] = { NULL };
	char *const unknown[] = { bad, one, NULL }, *const value[] = { wrong,
		NULL }, *const outside[] = { out, NULL };

	ck_assert_int_eq(unshare(CLONE_NEWIPC), 0);
	ck_assert_int_eq(nsc_sysctl_apply(NULL, 0, &err), 0);
	ck_assert_int_eq(nsc_sysctl_apply(none, 0, &err), 0);
	ck_assert_str_eq(parameter("/proc/sys/kernel/shm_rmid_forced"), "0");
	ck_assert_int_eq(nsc_sysctl_apply(unknown, 0, &err), -ENOENT);
	ck_assert_str_eq(err.text, "sysctl: kernel/no/such: this kernel has no "
			 "such parameter");
	ck_assert_str_eq(parameter("/proc/sys/kernel/shm_rmid_forced"), "0");
	ck_assert_int_eq(nsc_sysctl_apply(value, 0, &err), -EINVAL);
	ck_assert_str_eq(err.text, "sysctl: write 'x' to kernel/msgmni: "
			 "Invalid argument");
	ck_assert_int_lt(nsc_sysctl_apply(outside, 0, &err), 0);
	ck_assert_int_eq(nsc_sysctl_apply(good, 0, &err), 0);
	ck_assert_str_eq(parameter("/proc/sys/kernel/shm_rmid_forced"), "1");
	ck_assert_str_eq(parameter("/proc/sys/kernel/msgmni"), "77");
}
END_TEST

START_TEST(owners)
{
	uid_t owner = 99;
	int ready[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(nsc_namespace_owner(getpid(), CLONE_NEWNET, &owner),
			 0);
	ck_assert_uint_eq(owner, 0);
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		(void)!write(ready[1], setuid(4711) < 0 ||
			     unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 ? "n" :
			     "y", 1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	if (c == 'y') {
		owner = 99;
		ck_assert_int_eq(nsc_namespace_owner(pid, CLONE_NEWNET,
						     &owner), 0);
		ck_assert_uint_eq(owner, 4711);
		owner = 99;
		ck_assert_int_eq(nsc_namespace_owner(pid, CLONE_NEWUSER,
						     &owner), 0);
		ck_assert_uint_eq(owner, 4711);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(nsc_namespace_owner(pid, CLONE_NEWNET, &owner),
			 -ENOENT);
	ck_assert_int_eq(nsc_namespace_open(getpid(), CLONE_VM), -EINVAL);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

/* An init of the rootfs is asked in the two ways that there are. */
START_TEST(ends)
{
	int fd = nsc_pidfd_open(getpid());
	sigset_t all, pending;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	nsc_pidfd_end(fd, false);
	sigpending(&pending);
	ck_assert_int_eq(sigismember(&pending, SIGTERM), 1);
	ck_assert_int_eq(sigwaitinfo(&all, NULL), SIGTERM);
	nsc_pidfd_end(fd, true);
	sigpending(&pending);
	ck_assert_int_eq(sigismember(&pending, SIGRTMIN + 3), 1);
	ck_assert_int_eq(sigismember(&pending, SIGPWR), 1);
	ck_assert_int_eq(sigismember(&pending, SIGTERM), 0);
	close(fd);
	ck_assert_int_lt(nsc_pidfd_signal(-1, SIGTERM), 0);
}
END_TEST

static void on_alarm(int signal_number)
{
	(void)signal_number;
}

/* The module runs in programs that handle signals. */
START_TEST(alive_between_signals)
{
	const struct itimerval often = { { 0, 200 }, { 0, 200 } };
	_cleanup_fd_ int fd = nsc_pidfd_open(getpid());
	int dead = 0;

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 100000; i++)
		dead += !nsc_pidfd_alive(fd);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
	ck_assert_int_eq(dead, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		processors, ends, alive_between_signals, NULL,
	};
	const TTest *const root[] = {
		attributes, attributes_that_are_refused,
		oom, kept_capabilities, raised_capabilities,
		passed_on_capabilities, confined,
		confined_without_no_new_privs, limited_groups, more_groups,
		ids, ids_that_stay, parameters, owners, NULL,
	};
	Suite *suite = suite_create("process");
	TCase *tcase = unit_case("process");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
