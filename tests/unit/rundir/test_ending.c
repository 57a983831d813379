/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a container: lib/rundir/ending.c ends logins that are inside, and
 * lib/rundir/hooks_stop.c runs the hooks.
 */
#include "own_places.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "rundir/ending.h"
#include "rundir/hooks_stop.h"
#include "rundir/session_file.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/process.h"
#include "logged.h"
#include "myself.h"

static struct nsc_error err;
static char dir[64];
static int instance;

/* --- the seam: waiting */

static int64_t deadlines[4];
static int waits, ends_at;	/* the number of the wait in which it ends */

int __wrap_nsc_process_poll(int fd, int64_t deadline);
int __wrap_nsc_process_poll(int fd, int64_t deadline)
{
	(void)fd;
	deadlines[waits++ % 4] = deadline - nsc_process_now();
	return waits == ends_at;
}

static void begin(void)
{
	instance = open(unit_make_dir(dir), O_RDONLY | O_DIRECTORY);
	ck_assert_int_ge(instance, 0);
	ck_assert_int_eq(mkdirat(instance, NSC_DIR_SESSION, 0755), 0);
	logged[0] = '\0';
	waits = 0;
}

static void end(void)
{
	close(instance);
	unit_remove_dir(dir);
}

/* --- logins */

/* A login with its file, in other namespaces or not. */
static pid_t login_new(int namespaces, uint64_t later)
{
	struct session s;
	int ready[2], sessions;
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		/* libcheck's handlers pass on what they get. */
		nsc_process_default_signals();
		(void)!write(ready[1], unshare(namespaces) ? "n" : "y", 1);
		for (;;)
			pause();
	}
	ck_assert(read(ready[0], &c, 1) == 1 && c == 'y');
	ck_assert_int_eq(nsc_session_file_look(pid, &s), 0);
	s.start += later;
	sessions = openat(instance, NSC_DIR_SESSION, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(nsc_session_file_write(sessions, &s, &err), 0);
	close(sessions);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static bool was_killed(pid_t pid)
{
	int status;

	/* A signal that was sent ends it before the next one. */
	kill(pid, SIGTERM);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static struct nsc_state state_of(pid_t pid)
{
	struct nsc_state state = of_myself();

	ck_assert_int_eq(nsc_namespace_ids(pid, state.ids), 0);
	return state;
}

START_TEST(only_logins_inside_end)
{
	struct nsc_state state;
	pid_t in, out, reused, other;

	begin();
	in = login_new(CLONE_NEWUTS, 0);
	state = state_of(in);
	out = login_new(0, 0);
	reused = login_new(CLONE_NEWUTS, 1);
	other = login_new(CLONE_NEWUTS, 0);
	nsc_ending_kill(instance, &state);
	ck_assert(was_killed(in) && !was_killed(out) && !was_killed(other));
	/* Its file is of an earlier process with this pid. */
	state = state_of(reused);
	nsc_ending_kill(instance, &state);
	ck_assert(!was_killed(reused));
	end();
}
END_TEST

/* One namespace of the container's is enough. */
START_TEST(a_login_with_more_namespaces)
{
	const int own = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
			CLONE_NEWNET | CLONE_NEWCGROUP;

	begin();
	for (size_t i = 0; i < NSC_NAMESPACES; i++) {
		struct nsc_state state;
		pid_t in;

		if (!(nsc_namespaces[i].flag & own))
			continue;
		in = login_new(own, 0);
		state = state_of(in);
		for (size_t other = 0; other < NSC_NAMESPACES; other++)
			state.ids[other].ino += other != i;
		nsc_ending_kill(instance, &state);
		ck_assert_msg(was_killed(in), "%s", nsc_namespaces[i].link);
	}
	ck_assert_int_eq(unlinkat(instance, NSC_DIR_SESSION, AT_REMOVEDIR), -1);
	end();
}
END_TEST

/* Who ends it may be in a namespace that is not the container's. */
START_TEST(a_login_beside_who_ends_it)
{
	struct nsc_state state;
	pid_t beside;

	begin();
	ck_assert_int_eq(unshare(CLONE_NEWUTS), 0);
	beside = login_new(0, 0);
	state = state_of(beside);
	nsc_ending_kill(instance, &state);
	ck_assert(!was_killed(beside));
	end();
}
END_TEST

/* A login has a second to end by itself, and the kernel five for the rest. */
START_TEST(patience)
{
	struct nsc_state state;
	pid_t in;

	begin();
	in = login_new(CLONE_NEWUTS, 0);
	state = state_of(in);
	ends_at = 1;
	ck_assert_int_eq(nsc_ending_wait(instance, &state, -1), 1);
	ck_assert_int_eq(waits, 1);
	ck_assert_int_gt(deadlines[0], 500);
	ck_assert_int_le(deadlines[0], 1000);
	ck_assert_int_eq(waitpid(in, NULL, WNOHANG), 0);
	waits = 0;
	ends_at = 2;
	ck_assert_int_eq(nsc_ending_wait(instance, &state, -1), 1);
	ck_assert_int_gt(deadlines[1], 4000);
	ck_assert_int_le(deadlines[1], 6000);
	ck_assert(was_killed(in));
	waits = ends_at = 0;
	ck_assert_int_eq(nsc_ending_wait(instance, &state, -1), 0);
	ck_assert_int_eq(waits, 2);
	end();
}
END_TEST

/* --- hooks */

static char sh[] = "/bin/sh", c[] = "-c", script[512];
static char *argv[] = { sh, c, script, NULL };
static char *env[] = { (char[]){ "A=b" }, NULL };

static void write_hooks(unsigned int timeout, const char *text, int n)
{
	struct nsc_hook_stop hooks[2];
	char *all = NULL;

	snprintf(script, sizeof(script), "exec >> %s/out; %s", dir, text);
	for (int i = 0; i < n; i++)
		hooks[i] = (struct nsc_hook_stop){ timeout, argv, env };
	ck_assert_int_eq(nsc_kv_print(&nsc_hooks_kv, hooks, (size_t)n, &all,
				      &err), 0);
	unit_write(dir, NSC_FILE_HOOKS, all, 0600);
	free(all);
	logged[0] = '\0';
}

static void expect_ran(const char *text)
{
	char got[512] = "";

	nsc_hooks_stop(instance);
	nsc_file_read_text(instance, "out", got, sizeof(got));
	ck_assert_str_eq(got, text);
	ck_assert_int_lt(faccessat(instance, NSC_FILE_HOOKS, F_OK, 0), 0);
	ck_assert_int_lt(faccessat(instance, NSC_FILE_HOOKS_STATE, F_OK, 0),
			 0);
	unlinkat(instance, "out", 0);
}

START_TEST(hooks_run)
{
	begin();
	expect_ran("");
	ck_assert_int_eq(nsc_hooks_stop_timeout(instance), 0);
	write_hooks(5, "echo $A; cat", 2);
	ck_assert_int_eq(nsc_hooks_stop_timeout(instance), 10);
	unit_write(dir, NSC_FILE_HOOKS_STATE, "state\n", 0600);
	expect_ran("b\nstate\nb\nstate\n");
	ck_assert_str_eq(logged, "");
	/* An earlier version kept no state for them. */
	write_hooks(5, "cat", 1);
	expect_ran("");
	ck_assert_str_eq(logged, "");
	end();
}
END_TEST

START_TEST(hooks_fail)
{
	begin();
	write_hooks(5, "printf 'one\\ttwo\\177\\nthree\\n' >&2; exit 3", 2);
	expect_ran("");
	ck_assert_str_eq(logged, "nscontainer: hooks.stop '/bin/sh': ended "
			 "with status 3: one?two?nscontainer: hooks.stop "
			 "'/bin/sh': ended with status 3: one?two?");
	write_hooks(1, "exec sleep 100", 1);
	expect_ran("");
	ck_assert_str_eq(logged, "nscontainer: hooks.stop '/bin/sh': did not "
			 "end within its timeout of 1 seconds");
	end();
}
END_TEST

/* What another program has written there runs as far as it can be read. */
START_TEST(broken_hooks)
{
	FILE *file;
	char path[96];

	begin();
	write_hooks(5, "echo ran", 1);
	snprintf(path, sizeof(path), "%s/" NSC_FILE_HOOKS, dir);
	file = fopen(path, "a");
	fputs("timeout 5\n", file);
	fclose(file);
	expect_ran("ran\n");
	ck_assert_str_eq(logged, "nscontainer: hooks.stop: 'hooks' cannot be "
			 "read: some have not run");
	logged[0] = '\0';
	ck_assert_int_eq(symlinkat("x", instance, NSC_FILE_HOOKS), 0);
	expect_ran("");
	ck_assert_str_eq(logged, "nscontainer: hooks.stop: 'hooks' cannot be "
			 "read: some have not run");
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		hooks_run, hooks_fail, broken_hooks, NULL,
	};
	const TTest *const root[] = {
		only_logins_inside_end, a_login_with_more_namespaces,
		a_login_beside_who_ends_it, patience, NULL,
	};
	Suite *suite = suite_create("ending");
	TCase *tcase = unit_case("ending");

	tcase_set_timeout(tcase, 30);
	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
