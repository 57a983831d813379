/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/rundir/turn.c: whose turn it is to start or stop a container.  Others
 * hold the locks; each look at the clock takes half a second.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "rundir/rundir.h"
#include "rundir/turn.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"

static struct nsc_error err;
static char dir[64];
static int rundir;
static int64_t now = 1000;
static int64_t frees_at;	/* the time at which HELD is closed */
static int held = -1;

int64_t __wrap_nsc_process_now(void);
int64_t __wrap_nsc_process_now(void)
{
	now += 500;
	if (held >= 0 && frees_at && now >= frees_at)
		nsc_fd_close(&held);
	return now;
}

/* Who is killed has ended before time goes on. */
int __real_nsc_pidfd_signal(int pidfd, int number);
int __wrap_nsc_pidfd_signal(int pidfd, int number);
int __wrap_nsc_pidfd_signal(int pidfd, int number)
{
	int ret = __real_nsc_pidfd_signal(pidfd, number);
	siginfo_t info;

	ck_assert_int_eq(waitid(P_PIDFD, (id_t)pidfd, &info,
				WEXITED | WNOWAIT), 0);
	return ret;
}

static void begin(void)
{
	rundir = nsc_rundir_make(unit_make_dir(dir), &err);
	ck_assert_msg(rundir >= 0, "%s", err.text);
}

static void end(void)
{
	close(rundir);
	unit_remove_dir(dir);
}

static int hold(const char *name, int how)
{
	int fd = nsc_rundir_lock(rundir, name, how, 0, &err);

	ck_assert_msg(fd >= 0, "%s", err.text);
	return fd;
}

static bool is_free(const char *name)
{
	return nsc_rundir_is_locked(rundir, name, &err) == 0;
}

/* A process that holds the lock until it is killed. */
static pid_t holder_new(const char *name)
{
	int ready[2];
	pid_t pid;
	char c;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd = nsc_rundir_lock(rundir, name, LOCK_EX, 0, &err);

		(void)!write(ready[1], fd >= 0 ? "y" : "n", 1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(c, 'y');
	close(ready[0]);
	close(ready[1]);
	return pid;
}

START_TEST(a_login_waits)
{
	struct nsc_turn turn = NSC_TURN_INIT;

	begin();
	ck_assert_int_eq(nsc_turn_wait(rundir, now, &turn, &err), 0);
	ck_assert(turn.lock >= 0 && !is_free(NSC_FILE_LOCK));
	/* It does not keep a command from asking. */
	ck_assert(is_free(NSC_FILE_ADMIN));
	nsc_turn_end(&turn);
	ck_assert(turn.lock == -1 && is_free(NSC_FILE_LOCK));
	/* Another start. */
	held = hold(NSC_FILE_LOCK, LOCK_EX);
	ck_assert_int_eq(nsc_turn_wait(rundir, now + 2000, &turn, &err),
			 -EWOULDBLOCK);
	ck_assert_ptr_nonnull(strstr(err.text, "wait for another process to "
				     "start or stop the container: lock"));
	/* It ends in time. */
	frees_at = now + 3000;
	ck_assert_int_eq(nsc_turn_wait(rundir, now + 5000, &turn, &err), 0);
	ck_assert(held == -1);
	nsc_turn_end(&turn);
	end();
}
END_TEST

START_TEST(a_login_gives_way)
{
	struct nsc_turn turn = NSC_TURN_INIT;

	begin();
	held = hold(NSC_FILE_ADMIN, LOCK_EX);
	ck_assert_int_eq(nsc_turn_wait(rundir, now + 2000, &turn, &err),
			 -EWOULDBLOCK);
	ck_assert_ptr_nonnull(strstr(err.text, "wait for an administrator's "
				     "command: lock"));
	ck_assert(turn.lock == -1 && is_free(NSC_FILE_LOCK));
	frees_at = now + 3000;
	ck_assert_int_eq(nsc_turn_wait(rundir, now + 5000, &turn, &err), 0);
	nsc_turn_end(&turn);
	end();
}
END_TEST

/* A command began to wait while the login got the lock. */
int __real_nsc_rundir_lock(int fd, const char *name, int operation,
			   int64_t deadline, struct nsc_error *error);
int __wrap_nsc_rundir_lock(int fd, const char *name, int operation,
			   int64_t deadline, struct nsc_error *error);

static bool command_comes, link_comes;

int __wrap_nsc_rundir_lock(int fd, const char *name, int operation,
			   int64_t deadline, struct nsc_error *error)
{
	int ret = __real_nsc_rundir_lock(fd, name, operation, deadline, error);

	if (command_comes && !strcmp(name, NSC_FILE_LOCK)) {
		command_comes = false;
		held = __real_nsc_rundir_lock(fd, NSC_FILE_ADMIN, LOCK_EX, 0,
					      error);
		frees_at = now + 3000;
	}
	if (link_comes && !strcmp(name, NSC_FILE_LOCK)) {
		ck_assert_int_eq(unlinkat(fd, NSC_FILE_ADMIN, 0), 0);
		ck_assert_int_eq(symlinkat(name, fd, NSC_FILE_ADMIN), 0);
	}
	return ret;
}

START_TEST(a_login_gives_way_in_the_last_moment)
{
	struct nsc_turn turn = NSC_TURN_INIT;

	begin();
	command_comes = true;
	ck_assert_int_eq(nsc_turn_wait(rundir, now + 9000, &turn, &err), 0);
	ck_assert(!command_comes && held == -1 && turn.lock >= 0);
	ck_assert_int_eq(err.code, 0);
	nsc_turn_end(&turn);
	end();
}
END_TEST

START_TEST(a_command_asks)
{
	struct nsc_turn turn = NSC_TURN_INIT;

	begin();
	ck_assert_int_eq(nsc_turn_demand(rundir, &turn, &err), 0);
	ck_assert(!is_free(NSC_FILE_LOCK) && !is_free(NSC_FILE_ADMIN));
	ck_assert(!turn.killed);
	nsc_turn_end(&turn);
	ck_assert(is_free(NSC_FILE_LOCK) && is_free(NSC_FILE_ADMIN));
	ck_assert(turn.lock == -1 && turn.admin == -1);
	end();
}
END_TEST

/* Two commands do not kill each other. */
START_TEST(another_command_is_not_killed)
{
	struct nsc_turn turn = NSC_TURN_INIT;
	pid_t other;

	begin();
	other = holder_new(NSC_FILE_ADMIN);
	ck_assert_int_eq(nsc_turn_demand(rundir, &turn, &err), -EWOULDBLOCK);
	ck_assert_ptr_nonnull(strstr(err.text, "wait for another command: "));
	ck_assert(is_free(NSC_FILE_LOCK));
	ck_assert_int_eq(waitpid(other, NULL, WNOHANG), 0);
	kill(other, SIGKILL);
	nsc_turn_end(&turn);
	end();
}
END_TEST

/* A start that takes too long is ended, and only that. */
START_TEST(a_start_is_killed)
{
	struct nsc_turn turn = NSC_TURN_INIT;
	pid_t other, start;
	int status;

	begin();
	other = fork();
	if (other == 0)
		for (;;)
			pause();
	start = holder_new(NSC_FILE_LOCK);
	ck_assert_msg(nsc_turn_demand(rundir, &turn, &err) == 0, "%s",
		      err.text);
	ck_assert(turn.killed && turn.lock >= 0);
	ck_assert_int_eq(err.code, 0);
	ck_assert_int_eq(waitpid(start, &status, 0), start);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_int_eq(waitpid(other, NULL, WNOHANG), 0);
	kill(other, SIGKILL);
	nsc_turn_end(&turn);
	end();
}
END_TEST

/* It ends by itself in time: nobody is killed. */
START_TEST(a_start_ends)
{
	struct nsc_turn turn = NSC_TURN_INIT;

	begin();
	held = hold(NSC_FILE_LOCK, LOCK_EX);
	frees_at = now + 4000;
	ck_assert_int_eq(nsc_turn_demand(rundir, &turn, &err), 0);
	ck_assert(!turn.killed && held == -1);
	nsc_turn_end(&turn);
	end();
}
END_TEST

/* A directory of another version has no 'admin'. */
START_TEST(without_admin)
{
	struct nsc_turn turn = NSC_TURN_INIT;

	begin();
	ck_assert_int_eq(unlinkat(rundir, NSC_FILE_ADMIN, 0), 0);
	ck_assert_int_eq(nsc_turn_wait(rundir, now, &turn, &err), 0);
	ck_assert(!is_free(NSC_FILE_LOCK));
	nsc_turn_end(&turn);
	ck_assert_int_eq(nsc_turn_demand(rundir, &turn, &err), 0);
	ck_assert(!is_free(NSC_FILE_LOCK));
	nsc_turn_end(&turn);
	ck_assert_int_eq(unlinkat(rundir, NSC_FILE_LOCK, 0), 0);
	ck_assert_int_eq(nsc_turn_wait(rundir, now, &turn, &err), -ENOENT);
	ck_assert_int_eq(nsc_turn_demand(rundir, &turn, &err), -ENOENT);
	end();
}
END_TEST

/* A link in place of a lock leads nowhere. */
START_TEST(links)
{
	struct nsc_turn turn = NSC_TURN_INIT;

	begin();
	ck_assert_int_eq(unlinkat(rundir, NSC_FILE_ADMIN, 0), 0);
	ck_assert_int_eq(symlinkat(NSC_FILE_LOCK, rundir, NSC_FILE_ADMIN), 0);
	ck_assert_int_eq(nsc_turn_wait(rundir, now, &turn, &err), -ELOOP);
	ck_assert_int_eq(nsc_turn_demand(rundir, &turn, &err), -ELOOP);
	/* It comes between both looks. */
	ck_assert_int_eq(unlinkat(rundir, NSC_FILE_ADMIN, 0), 0);
	unit_write(dir, NSC_FILE_ADMIN, "", 0600);
	link_comes = true;
	ck_assert_int_eq(nsc_turn_wait(rundir, now + 2000, &turn, &err),
			 -ELOOP);
	nsc_turn_end(&turn);
	end();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		a_login_waits, a_login_gives_way,
		a_login_gives_way_in_the_last_moment, a_command_asks,
		another_command_is_not_killed, a_start_is_killed,
		a_start_ends, without_admin, links, NULL,
	};
	Suite *suite = suite_create("turn");
	TCase *tcase = unit_case("turn");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
