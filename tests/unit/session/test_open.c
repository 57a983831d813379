/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/open.c, find.c and session.c: a login that looks for its user's
 * container.  The container is this process; the helper is faked.
 */
#include "own_places.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "policy/conf.h"
#include "rundir/instance.h"
#include "rundir/rundir.h"
#include "session/change.h"
#include "session/find.h"
#include "session/helper.h"
#include "session/session.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"
#include "../rundir/myself.h"

#define UID 1000
#define RUNDIR NSC_RUNDIR "/1000"
#define CURRENT RUNDIR "/1"

static struct nsc_error err;

/* --- the seam */

static enum nsc_renewal renewal;
static bool home_moved, joins_changed;
static int asked;		/* how often the helper was */
static struct nsc_helper question;
static int answer;		/* 0, or the helper's error */
static const char *answers_note;
static const char *answers_lock = CURRENT "/sessions";
static bool helper_makes;	/* the helper starts the container */
static bool ends;		/* it ends before the login sees the answer */

static void container_runs(void);

enum nsc_renewal __wrap_nsc_change_renewal(
	const struct nsc_session_request *request, struct nsc_session *session);
enum nsc_renewal __wrap_nsc_change_renewal(
	const struct nsc_session_request *request, struct nsc_session *session)
{
	ck_assert(request && session->state);
	session->changed = joins_changed;
	return renewal;
}

bool __wrap_nsc_change_of_home(const struct nsc_state *state,
			       const struct nsc_user *user);
bool __wrap_nsc_change_of_home(const struct nsc_state *state,
			       const struct nsc_user *user)
{
	ck_assert(state && user);
	return home_moved;
}

int __wrap_nsc_helper_ask(const struct nsc_helper *helper,
			  struct nsc_helper_answer *ret, int *ret_lock,
			  struct nsc_error *error);
int __wrap_nsc_helper_ask(const struct nsc_helper *helper,
			  struct nsc_helper_answer *ret, int *ret_lock,
			  struct nsc_error *error)
{
	asked++;
	question = *helper;
	*ret_lock = -1;
	if (answer)
		return nsc_error_set(error, answer, "helper");
	if (helper_makes)
		container_runs();
	*ret = (struct nsc_helper_answer){ .number = 1 };
	ret->changed = answers_note;
	snprintf(ret->note, sizeof(ret->note), "%s",
		 answers_note ? answers_note : "");
	if (helper->check)
		return 0;
	*ret_lock = open(answers_lock, O_RDONLY | O_CLOEXEC);
	if (ends)
		unlink(answers_lock);
	return flock(*ret_lock, LOCK_SH);
}

/* --- a container */

static int instance = -1, monitor = -1;
static struct nsc_state state;

static void save_state(void)
{
	ck_assert_msg(nsc_state_save(instance, &state, &err) == 0, "%s",
		      err.text);
}

static void monitor_runs(void)
{
	const struct sockaddr_un at = {
		.sun_family = AF_UNIX, .sun_path = CURRENT "/" NSC_FILE_WAKE,
	};

	monitor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(monitor, (const struct sockaddr *)&at,
			      sizeof(at)), 0);
}

static void container_runs(void)
{
	int rundir = nsc_rundir_make(RUNDIR, &err);
	unsigned int number, before;

	instance = nsc_instance_make(rundir, UID, &number, &err);
	ck_assert_msg(instance >= 0 && number == 1, "%s", err.text);
	ck_assert_int_eq(nsc_instance_make_current(instance, 1, &before, &err),
			 0);
	state = of_myself();
	state.filter.len = 0;
	save_state();
	monitor_runs();
	close(rundir);
}

static void begin(void)
{
	own_places();
	ck_assert_int_eq(mkdir(NSC_RUNDIR, 0755), 0);
}

static struct nsc_session session = NSC_SESSION_INIT;

static void finish(void)
{
	nsc_session_close(&session);
	nsc_fd_close(&instance);
	nsc_fd_close(&monitor);
}

static int login(void)
{
	struct nsc_conf of_host = { .start_timeout = 30 };
	struct nsc_policy policy = { .conf = &of_host };
	struct nsc_user user = { .name = alice, .uid = UID };
	const struct nsc_session_request request = {
		.conf_path = "/etc/c", .policy = &policy, .user = &user,
	};

	nsc_session_close(&session);
	session = (struct nsc_session)NSC_SESSION_INIT;
	asked = 0;
	nsc_error_clear(&err);
	return nsc_session_open(&request, &session, &err);
}

static bool is_locked(void)
{
	return nsc_rundir_is_locked(instance, NSC_FILE_SESSIONS, &err) == 1;
}

static void expect_joined(int times_asked)
{
	ck_assert_msg(login() == 0, "%s", err.text);
	ck_assert_int_eq(asked, times_asked);
	ck_assert(session.lock >= 0 && session.pidfd >= 0 && is_locked());
	ck_assert_str_eq(session.path, CURRENT);
	ck_assert_uint_eq(session.uid, UID);
	ck_assert_int_eq(session.state->pid, getpid());
}

/* --- logins */

START_TEST(joins_what_runs)
{
	begin();
	container_runs();
	ck_assert(!is_locked());
	expect_joined(0);
	ck_assert(!session.changed && !*session.note);
	nsc_session_close(&session);
	ck_assert(session.lock == -1 && session.pidfd == -1 && !session.state);
	ck_assert(!is_locked());
}
END_TEST

START_TEST(asks_for_the_first_one)
{
	begin();
	helper_makes = true;
	expect_joined(1);
	ck_assert_str_eq(question.user, "alice");
	ck_assert_str_eq(question.conf_path, "/etc/c");
	ck_assert(!question.check);
	/* A start may have to wait for another one. */
	ck_assert_uint_eq(question.timeout, 60);
}
END_TEST

/* A run directory of an earlier container, of which nothing is left. */
START_TEST(asks_when_it_has_ended)
{
	begin();
	container_runs();
	nsc_state_remove(instance);
	answer = EIO;
	ck_assert_int_eq(login(), -EIO);
	ck_assert_int_eq(asked, 1);
	ck_assert_int_eq(session.lock, -1);
	ck_assert(!is_locked());
	ck_assert_int_eq(unlink(RUNDIR "/current"), 0);
	ck_assert_int_eq(login(), -EIO);
	ck_assert_int_eq(asked, 1);
}
END_TEST

START_TEST(asks_when_something_has_changed)
{
	static const enum nsc_renewal all[] = {
		NSC_RENEWAL_DRAIN, NSC_RENEWAL_RECYCLE, NSC_RENEWAL_REPLACE,
	};

	begin();
	container_runs();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(all); i++) {
		renewal = all[i];
		expect_joined(1);
	}
	renewal = NSC_RENEWAL_NONE;
	home_moved = true;
	expect_joined(1);
	home_moved = false;
	expect_joined(0);
}
END_TEST

START_TEST(asks_when_the_monitor_was_killed)
{
	begin();
	container_runs();
	ck_assert_int_eq(unlink(CURRENT "/" NSC_FILE_WAKE), 0);
	expect_joined(1);
}
END_TEST

/* It is being stopped: its monitor has the lock for itself. */
START_TEST(asks_when_it_is_stopped)
{
	int64_t before;
	int lock;

	begin();
	container_runs();
	lock = nsc_rundir_lock(instance, NSC_FILE_SESSIONS, LOCK_EX, 0, &err);
	ck_assert_int_ge(lock, 0);
	answer = EIO;
	before = nsc_process_now();
	ck_assert_int_eq(login(), -EIO);
	ck_assert_int_eq(asked, 1);
	/* It may only have been looking. */
	ck_assert_int_ge(nsc_process_now(), before + 200);
	close(lock);
}
END_TEST

START_TEST(notes)
{
	begin();
	container_runs();
	joins_changed = true;
	expect_joined(0);
	ck_assert(session.changed);
	ck_assert_str_eq(session.note, "joins generation 3 of the container, "
			 "although its configuration has changed: on_change "
			 "is \"keep\"");
	renewal = NSC_RENEWAL_DRAIN;
	answers_note = "joins for a reason";
	expect_joined(1);
	ck_assert(session.changed);
	ck_assert_str_eq(session.note, "joins for a reason");
}
END_TEST

/* The helper's /run is that of PID 1, and the login has another one. */
START_TEST(another_run_directory)
{
	begin();
	container_runs();
	unit_write("/tmp", "sessions", "", 0644);
	answers_lock = "/tmp/sessions";
	renewal = NSC_RENEWAL_DRAIN;
	ck_assert_int_eq(login(), -EXDEV);
	ck_assert_ptr_nonnull(strstr(err.text, CURRENT ": differs between the "
				     "login and the host's PID 1"));
	ck_assert_int_eq(mount("t", RUNDIR, "tmpfs", 0, "mode=755"), 0);
	ck_assert_int_eq(login(), -EXDEV);
}
END_TEST

START_TEST(it_ends_before_it_is_joined)
{
	begin();
	container_runs();
	renewal = NSC_RENEWAL_DRAIN;
	ends = true;
	ck_assert_int_eq(login(), -ESRCH);
	ck_assert_str_eq(err.text, "the container has ended");
}
END_TEST

/* What is wrong with the container is an error, and starts no other one. */
START_TEST(errors)
{
	begin();
	container_runs();
	state.uid = UID + 1;
	save_state();
	ck_assert_int_eq(login(), -EOWNERDEAD);
	ck_assert_ptr_nonnull(strstr(err.text, "belongs to uid 1001, but the "
				     "account 'alice' now has uid 1000"));
	ck_assert_int_eq(asked, 0);
	state.uid = UID;
	state.filter.len = 3;
	save_state();
	ck_assert_int_lt(login(), 0);
	ck_assert_int_eq(asked, 0);
	ck_assert_ptr_nonnull(strstr(err.text, "seccomp.bpf was changed"));
}
END_TEST

/* --- checks */

static int check(unsigned int timeout, int result)
{
	struct nsc_conf of_host = { .start_timeout = timeout };
	struct nsc_policy policy = { .conf = &of_host };
	struct nsc_user user = { .name = alice, .uid = UID };
	const struct nsc_session_request request = {
		.conf_path = "/etc/c", .policy = &policy, .user = &user,
	};

	answer = result;
	return nsc_session_check(&request, &err);
}

START_TEST(checks)
{
	begin();
	ck_assert_int_eq(check(30, 0), 0);
	ck_assert(question.check);
	ck_assert_uint_eq(question.timeout, NSC_HELPER_CHECK_S);
	ck_assert_str_eq(question.user, "alice");
	ck_assert_int_eq(check(3, 0), 0);
	ck_assert_uint_eq(question.timeout, 3);
	ck_assert_int_eq(check(30, EIO), -EIO);
	/* A slow start is told from one that took too long. */
	ck_assert_int_eq(check(30, ETIMEDOUT), -ETIME);
	ck_assert_ptr_nonnull(strstr(err.text, "more than the 5 seconds"));
	ck_assert_int_eq(check(5, ETIMEDOUT), -ETIMEDOUT);
	ck_assert_int_eq(check(3, ETIMEDOUT), -ETIMEDOUT);
}
END_TEST

/* --- nsshell, which starts nothing */

static int find(uid_t uid, int64_t deadline)
{
	nsc_session_close(&session);
	session = (struct nsc_session)NSC_SESSION_INIT;
	nsc_error_clear(&err);
	return nsc_session_find(RUNDIR, uid, deadline, &session, &err);
}

START_TEST(finds_what_runs)
{
	int lock;

	begin();
	ck_assert_int_eq(find(UID, 0), -ESRCH);
	ck_assert_str_eq(err.text, "no container is running");
	container_runs();
	ck_assert_msg(find(UID, 0) == 0, "%s", err.text);
	ck_assert(is_locked() && session.pidfd >= 0);
	ck_assert_uint_eq(session.uid, UID);
	ck_assert_int_eq(find(UID + 1, 0), -EOWNERDEAD);
	ck_assert(!is_locked());
	lock = nsc_rundir_lock(instance, NSC_FILE_SESSIONS, LOCK_EX, 0, &err);
	ck_assert_int_eq(find(UID, 0), -EWOULDBLOCK);
	ck_assert_int_eq(find(UID, nsc_process_now() + 50), -EWOULDBLOCK);
	close(lock);
	/* The instance is being removed. */
	ck_assert_int_eq(unlink(CURRENT "/sessions"), 0);
	ck_assert_int_eq(find(UID, 0), -ESRCH);
	ck_assert_str_eq(err.text, "no container is running");
	ck_assert_int_eq(unlink(RUNDIR "/current"), 0);
	ck_assert_int_eq(find(UID, 0), -ESRCH);
	ck_assert_str_eq(err.text, "no container is running");
}
END_TEST

static void change_version(void)
{
	char *text = NULL;

	ck_assert_int_eq(nsc_state_print(&state, &text, &err), 0);
	ck_assert_int_eq(strncmp(text, "version ", 8), 0);
	unit_write(CURRENT, "state", "version 4000000000", 0644);
	FILE *file = fopen(CURRENT "/state", "a");

	fputs(strchr(text, '\n'), file);
	fclose(file);
	free(text);
}

START_TEST(another_version)
{
	begin();
	container_runs();
	change_version();
	ck_assert_int_eq(find(UID, 0), -EPROTO);
	ck_assert_ptr_nonnull(strstr(err.text, "another version of nscontainer "
				     "started the container"));
	ck_assert_ptr_nonnull(strstr(err.text, "'nsinit start alice'"));
}
END_TEST

/* The files of an account whose name another one has now. */
START_TEST(no_access)
{
	int status = 0;
	pid_t pid;

	begin();
	container_runs();
	pid = fork();
	if (pid == 0) {
		if (setuid(UID + 1) < 0 || find(UID + 1, 0) != -EOWNERDEAD ||
		    !strstr(err.text, "do not belong to uid 1001"))
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* --- inside */

START_TEST(already_inside)
{
	begin();
	container_runs();
	ck_assert(!nsc_session_inside_of(UID));
	state.external = config;
	save_state();
	ck_assert(nsc_session_inside_of(UID));
	ck_assert(!nsc_session_inside_of(UID + 1));
	ck_assert_int_eq(login(), -EALREADY);
	ck_assert_int_eq(asked, 0);
	/* Its pid namespace is another one. */
	for (size_t i = 0; i < NSC_NAMESPACES; i++)
		state.ids[i].ino++;
	save_state();
	ck_assert(!nsc_session_inside_of(UID));
}
END_TEST

START_TEST(marks)
{
	begin();
	ck_assert(!nsc_session_inside() && !nsc_session_nested_refused());
	ck_assert_int_eq(mount("t", "/dev", "tmpfs", 0, "mode=755"), 0);
	unit_write("/dev", NSC_MARK_NAME, "", 0644);
	ck_assert(!nsc_session_inside());
	ck_assert_int_eq(unlink(NSC_MARK_DIR), 0);
	ck_assert_int_eq(mkdir(NSC_MARK_DIR, 0755), 0);
	ck_assert(nsc_session_inside() && !nsc_session_nested_refused());
	unit_write(NSC_MARK_DIR, "refuse", "", 0644);
	ck_assert(nsc_session_nested_refused());
}
END_TEST

int main(void)
{
	const TTest *const root[] = {
		joins_what_runs, asks_for_the_first_one,
		asks_when_it_has_ended, asks_when_something_has_changed,
		asks_when_the_monitor_was_killed, asks_when_it_is_stopped,
		notes, another_run_directory, it_ends_before_it_is_joined,
		errors, checks, finds_what_runs, another_version, no_access,
		already_inside, marks, NULL,
	};
	Suite *suite = suite_create("open");
	TCase *tcase = unit_case("open");

	tcase_add_checked_fixture(tcase, NULL, finish);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
