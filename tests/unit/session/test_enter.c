/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/enter.c: the steps into a container, in their order, and that
 * nobody goes on when one of them fails.
 */
#include "tape.h"

#include <sched.h>
#include <sys/prctl.h>

#include "linux/attributes.h"
#include "linux/capability.h"
#include "linux/confine.h"
#include "linux/credential.h"
#include "linux/keyring.h"
#include "linux/label.h"
#include "session/enter.h"

#define PIDFD 71
#define AMBIENT (UINT64_C(1) << 10)
#define GRANTED (UINT64_C(1) << 40 | AMBIENT)

static char profile[] = "cage", context[] = "u:r:cage";
static gid_t groups[] = { 7, 8 };
static struct nsc_state state;

/* --- the seam: each step */

STEP(nsc_confine_oom, const struct nsc_process *process, pid_t pid)
{
	tape_write("oom %d of %d", process->oom_score_adj, (int)pid);
	return tape_result(error);
}

STEP(nsc_attributes_apply, const struct nsc_process *process)
{
	tape_write("attributes%s", process == &state.process ? "" : "?");
	return tape_result(error);
}

STEP(nsc_rlimit_apply, const struct nsc_rlimits *limits)
{
	tape_write("limits %u", (unsigned int)limits->set);
	return tape_result(error);
}

int __wrap_nsc_keyring_new_session(struct nsc_error *error);
int __wrap_nsc_keyring_new_session(struct nsc_error *error)
{
	tape_write("keyring");
	return tape_result(error);
}

STEP(nsc_label_set_exec, const char *a, const char *b)
{
	tape_write("label %s %s", a, b);
	return tape_result(error);
}

STEP(nsc_capability_bound, uint64_t set)
{
	tape_write("bound %llx", (unsigned long long)set);
	return tape_result(error);
}

STEP(nsc_capability_ambient, uint64_t set)
{
	tape_write("ambient %llx", (unsigned long long)set);
	return tape_result(error);
}

STEP(nsc_credential_set_ids, uid_t uid, gid_t gid)
{
	tape_write("ids %u %u", uid, gid);
	return tape_result(error);
}

STEP(nsc_credential_become, uid_t uid, gid_t gid, const gid_t *list, size_t n)
{
	tape_write("become %u %u, %u of %zu", uid, gid, list[0], n);
	return tape_result(error);
}

STEP(nsc_confine, const struct nsc_process *process,
     const struct nsc_seccomp *filter, uint64_t set)
{
	(void)process;
	tape_write("confine %u: %llx", filter->len, (unsigned long long)set);
	return tape_result(error);
}

STEP(nsc_confine_early, const struct nsc_process *process,
     const struct nsc_seccomp *filter)
{
	(void)process;
	tape_write("early %u", filter->len);
	return tape_result(error);
}

STEP(nsc_confine_late, const struct nsc_process *process,
     const struct nsc_seccomp *filter)
{
	(void)process;
	tape_write("late %u", filter->len);
	return tape_result(error);
}

STEP(nsc_confine_capabilities, const struct nsc_process *process, uint64_t set)
{
	(void)process;
	tape_write("capabilities %llx", (unsigned long long)set);
	return tape_result(error);
}

int __wrap_prctl(int option, unsigned long value);
int __wrap_prctl(int option, unsigned long value)
{
	tape_write("%s %lu", option == PR_SET_DUMPABLE ? "dumpable" :
		   option == PR_SET_KEEPCAPS ? "keepcaps" : "?", value);
	return tape_fail() ? -1 : 0;
}

int __wrap_setns(int fd, int namespaces);
int __wrap_setns(int fd, int namespaces)
{
	tape_write("setns %d %x", fd, (unsigned int)namespaces);
	return tape_fail() ? -1 : 0;
}

int __wrap_chdir(const char *path);
int __wrap_chdir(const char *path)
{
	tape_write("chdir %s", path);
	return tape_fail() ? -1 : 0;
}

mode_t __wrap_umask(mode_t mask);
mode_t __wrap_umask(mode_t mask)
{
	tape_write("umask %o", mask);
	return 022;
}

/* --- the test */

static void prepare(void)
{
	state = (struct nsc_state){
		.uid = getuid(), .namespaces = CLONE_NEWNS | CLONE_NEWPID,
		.process = {
			.capabilities = GRANTED, .oom_score_adj = 5,
			.rlimits.set = 9, .apparmor_profile = profile,
			.selinux_label = context, .umask = 027,
		},
		.run_uid = 1000, .run_gid = 100, .groups = { groups, 2 },
		.filter = { .len = 3 },
	};
}

#define INSIDE "oom 5 of 0\numask 27\nattributes\nlimits 9\nkeyring\n"	\
	       "dumpable 0\nsetns 71 20020000\nchdir /\n"

static int namespaces(void)
{
	return nsc_enter_namespaces(PIDFD, &state, &err);
}

static int to_exec(void)
{
	return nsc_enter_to_exec(PIDFD, &state, &err);
}

static int as_root(void)
{
	return nsc_enter_as_root(&state, 100, &err);
}

static int as_parent(void)
{
	return nsc_enter_as_parent(&state, false, &err);
}

static int as_user(void)
{
	return nsc_enter_as_user(&state, false, &err);
}

static int as_user_with_its_ids(void)
{
	return nsc_enter_as_user(&state, true, &err);
}

START_TEST(each_step_in_its_order)
{
	char root[64];

	prepare();
	tape_expect(namespaces, INSIDE);
	tape_expect(to_exec, "label cage u:r:cage\n" INSIDE
		    "bound 10000000400\n");
	snprintf(root, sizeof(root), "ids 0 100\ndumpable 0\nconfine 3: "
		 "%llx\n", (unsigned long long)(GRANTED |
						nsc_capability_login()));
	tape_expect(as_root, root);
	tape_expect(as_parent, "become 1000 100, 7 of 2\ndumpable 0\n"
		    "capabilities 0\n");
	tape_expect(as_user, "early 3\nbecome 1000 100, 7 of 2\n"
		    "dumpable 0\ncapabilities 0\nlate 3\n");
	tape_expect(as_user_with_its_ids, "early 3\ncapabilities 0\nlate 3\n");
}
END_TEST

START_TEST(what_is_not_set_stays)
{
	prepare();
	state.process.umask = -1;
	tape_expect(namespaces, "oom 5 of 0\nattributes\nlimits 9\nkeyring\n"
		    "dumpable 0\nsetns 71 20020000\nchdir /\n");
	state.process.umask = 0;
	tape_begin(0);
	ck_assert_int_eq(namespaces(), 0);
	ck_assert_ptr_nonnull(strstr(tape, "umask 0\n"));
}
END_TEST

/* The ids of what is permitted must survive the change of ids. */
START_TEST(ambient)
{
	prepare();
	state.process.ambient = AMBIENT;
	tape_expect(as_user, "early 3\nkeepcaps 1\n"
		    "become 1000 100, 7 of 2\ndumpable 0\ncapabilities 400\n"
		    "ambient 400\nlate 3\n");
	/* The parent needs none. */
	tape_expect(as_parent, "become 1000 100, 7 of 2\ndumpable 0\n"
		    "capabilities 0\n");
}
END_TEST

/* Who keeps its ids must be the user whose session it is. */
START_TEST(another_user)
{
	prepare();
	state.uid = getuid() + 1;
	tape_begin(0);
	ck_assert_int_eq(as_user_with_its_ids(), -EPERM);
	ck_assert_str_eq(tape, "early 3\n");
	ck_assert_ptr_nonnull(strstr(err.text, "inside is not uid"));
	tape_expect(as_user, "early 3\nbecome 1000 100, 7 of 2\n"
		    "dumpable 0\ncapabilities 0\nlate 3\n");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		each_step_in_its_order, what_is_not_set_stays, ambient,
		another_user, NULL,
	};
	Suite *suite = suite_create("enter");
	TCase *tcase = unit_case("enter");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
