/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/login.c: the steps by which a login program is placed, and what
 * happens when each of them fails: before the monitor has been asked, nothing
 * has changed; afterwards, the login program must end.
 */
#include "tape.h"

#include <grp.h>
#include <linux/close_range.h>
#include <sys/syscall.h>

#include "util/fd.h"
#include "util/proc.h"
#include "util/process.h"
#include "linux/credential.h"
#include "linux/label.h"
#include "linux/terminal.h"
#include "session/bring.h"
#include "session/enter.h"
#include "session/monitor_client.h"
#include "session/recorder.h"
#include "session/session.h"
#include "session/tty_handover.h"

#define PIDFD 71
#define RECORDER 72
#define LABEL 900		/* closed by the code under test */
#define EGID 100

static char profile[] = "cage", context[] = "u:r:cage", cpus[] = "0-1";
static int threads = 1;
static const char *directory = "/work";
static int terminal;		/* of the handover */
static gid_t users_groups[] = { EGID, 7 }, more[] = { 44 };
static struct nsc_bring bring;
static struct nsc_user user;
static struct nsc_state state;
static struct nsc_session session;
static int recorder;
static bool alive = true;	/* PID 1 */

/* --- the seam: each step */

int __wrap_nsc_process_threads(void);
int __wrap_nsc_process_threads(void)
{
	return threads;
}

static bool ending;		/* PID 1 has begun to end */
static int waits;		/* for its end */

int __wrap_nsc_proc_stat(pid_t pid, struct nsc_proc_stat *ret);
int __wrap_nsc_proc_stat(pid_t pid, struct nsc_proc_stat *ret)
{
	ck_assert_int_eq(pid, state.pid);
	*ret = (struct nsc_proc_stat){ .ending = ending };
	return 0;
}

int __real_nsc_process_poll(int fd, int64_t deadline);
int __wrap_nsc_process_poll(int fd, int64_t deadline);
int __wrap_nsc_process_poll(int fd, int64_t deadline)
{
	if (fd != PIDFD)
		return __real_nsc_process_poll(fd, deadline);
	ck_assert_int_gt(deadline, nsc_process_now());
	waits++;
	return 0;
}

bool __wrap_nsc_pidfd_alive(int pidfd);
bool __wrap_nsc_pidfd_alive(int pidfd)
{
	ck_assert_int_eq(pidfd, PIDFD);
	return alive;
}

STEP(nsc_tty_handover_look, struct nsc_tty_handover *h, bool relays)
{
	tape_write("look %d", relays);
	h->kind = relays ? NSC_TTY_HANDOVER_RELAY : NSC_TTY_HANDOVER_NONE;
	h->terminal = terminal;
	return tape_result(error);
}

/* The child's steps are faked, so they may as well be done here. */
int __wrap_nsc_process_ask(void (*child)(const void *arg, void *answer),
			   const void *arg, void *answer, size_t size,
			   int64_t deadline);
int __wrap_nsc_process_ask(void (*child)(const void *arg, void *answer),
			   const void *arg, void *answer, size_t size,
			   int64_t deadline)
{
	ck_assert_uint_eq(size, sizeof(struct nsc_error));
	ck_assert_int_gt(deadline, nsc_process_now() + 10000);
	tape_write("try");
	if (tape_fail())
		return -EIO;
	child(arg, answer);
	return 0;
}

STEP(nsc_recorder_connect, const struct nsc_session *s, int *ret)
{
	(void)s;
	tape_write("recorder");
	*ret = RECORDER;
	return tape_result(error);
}

STEP(nsc_tty_handover_begin, struct nsc_tty_handover *h)
{
	tape_write("hand over %d", h->forks);
	return tape_result(error);
}

STEP(nsc_tty_handover_finish, struct nsc_tty_handover *h, uid_t uid)
{
	(void)h;
	tape_write("finish %u", uid);
	return tape_result(error);
}

int __wrap_nsc_tty_handover_fail(struct nsc_tty_handover *h,
				 const struct nsc_error *error);
int __wrap_nsc_tty_handover_fail(struct nsc_tty_handover *h,
				 const struct nsc_error *error)
{
	(void)h;
	tape_write("fail");
	return -error->code;
}

STEP(nsc_monitor_client_enter, const struct nsc_session *s,
     const struct nsc_session_origin *origin)
{
	(void)s;
	tape_write("monitor %s", origin->service);
	return tape_result(error);
}

STEP(nsc_credential_limit_groups, const gid_t *allowed, size_t n,
     gid_t **ret_before, size_t *ret_n)
{
	tape_write("limit %u of %zu", allowed[0], n);
	if (tape_result(error) < 0)
		return -EIO;
	*ret_before = calloc(3, sizeof(**ret_before));
	*ret_n = 3;
	return 0;
}

STEP(nsc_credential_add_groups, const struct nsc_gids *gids)
{
	tape_write("add %u of %zu", gids->list[0], gids->n);
	return tape_result(error);
}

int __wrap_setgroups(size_t n, const gid_t *list);
int __wrap_setgroups(size_t n, const gid_t *list)
{
	(void)list;
	tape_write("%zu groups again", n);
	return 0;
}

STEP(nsc_label_set_exec, const char *a, const char *b)
{
	tape_write("label %s %s", a ? a : "-", b);
	return tape_result(error);
}

int __wrap_nsc_label_open(struct nsc_error *error);
int __wrap_nsc_label_open(struct nsc_error *error)
{
	tape_write("open label");
	return tape_result(error) < 0 ? -EIO : LABEL;
}

STEP(nsc_label_change, int fd, const char *name)
{
	ck_assert_int_eq(fd, LABEL);
	tape_write("change label %s", name);
	return tape_result(error);
}

void __wrap_nsc_bring_take(const struct nsc_bring *b);
void __wrap_nsc_bring_take(const struct nsc_bring *b)
{
	ck_assert_ptr_eq(b, &bring);
	tape_write("take");
}

void __wrap_nsc_bring_put(struct nsc_bring *b);
void __wrap_nsc_bring_put(struct nsc_bring *b)
{
	ck_assert_ptr_eq(b, &bring);
	tape_write("put");
}

STEP(nsc_enter_namespaces, int pidfd, const struct nsc_state *s)
{
	tape_write("namespaces %d, filter %u, processors %s", pidfd,
		   s->filter.len, s->process.cpu_affinity ?
		   s->process.cpu_affinity : "-");
	return tape_result(error);
}

STEP(nsc_enter_as_root, const struct nsc_state *s, gid_t gid)
{
	tape_write("root %u, filter %u", gid, s->filter.len);
	return tape_result(error);
}

STEP(nsc_terminal_check, uid_t uid, bool is)
{
	tape_write("terminal %u %d", uid, is);
	return tape_result(error);
}

gid_t __wrap_getegid(void);
gid_t __wrap_getegid(void)
{
	return EGID;
}

long __wrap_syscall(long number, unsigned int first, unsigned int last,
		    unsigned int flags);
long __wrap_syscall(long number, unsigned int first, unsigned int last,
		    unsigned int flags)
{
	ck_assert_int_eq(number, SYS_close_range);
	ck_assert_uint_eq(flags, CLOSE_RANGE_CLOEXEC);
	tape_write("close %u to %x", first, last);
	return tape_fail() ? -1 : 0;
}

char *__wrap_getcwd(char *buf, size_t size);
char *__wrap_getcwd(char *buf, size_t size)
{
	if (!directory)
		return NULL;
	snprintf(buf, size, "%s", directory);
	return buf;
}

char *__wrap___getcwd_chk(char *buf, size_t size, size_t room);
char *__wrap___getcwd_chk(char *buf, size_t size, size_t room)
{
	(void)room;
	return __wrap_getcwd(buf, size);
}

int __wrap_chdir(const char *path);
int __wrap_chdir(const char *path)
{
	tape_write("chdir %s", path);
	return 0;
}

static void begins(struct nsc_session_progress *watch, const char *step)
{
	(void)watch;
	tape_write("begin %s", step);
}

/* --- the test */

static struct nsc_session_progress watch = { .begin = begins };

static void prepare(void)
{
	recorder = -1;
	terminal = -1;
	user = (struct nsc_user){
		.gid = EGID, .groups = users_groups, .n_groups = 2,
	};
	state = (struct nsc_state){
		.uid = 1000, .filter = { .len = 3 },
		.more_groups = { more, 1 },
		.process = {
			.apparmor_profile = profile, .selinux_label = context,
			.cpu_affinity = cpus,
		},
	};
	session = (struct nsc_session){
		.pidfd = PIDFD, .state = &state, .bring = &bring,
		.recorder = &recorder, .forks = true,
	};
}

static int place(void)
{
	const struct nsc_session_origin origin = { .service = "sshd" };

	return nsc_session_place(&session, &user, &origin, true, &err);
}

/* A step, the result if it fails (0: it cannot), and what follows then. */
struct step {
	const char *line;
	int result;
	const char *then;
};

#define BACK "3 groups again\n"
#define FAIL "fail\n"
#define HALF (-ENOTRECOVERABLE)

static const struct step steps[] = {
	{ "look 1\n", -EIO, FAIL },
	{ "try\n", -EIO, FAIL },
	{ "limit 100 of 2\n", -EIO, FAIL },
	{ "add 44 of 1\n", -EIO, BACK FAIL },
	{ "label - u:r:cage\n", -EIO, BACK FAIL },
	{ "open label\n", -EIO, BACK FAIL },
	{ "namespaces 71, filter 0, processors -\n", -EIO, BACK FAIL },
	{ "root 100, filter 0\n", -EIO, BACK FAIL },
	{ "change label cage\n", -EIO, BACK FAIL },
	{ "terminal 1000 1\n", -EIO, FAIL },
	{ "recorder\n", -EIO, FAIL },
	{ "hand over 1\n", -EIO, FAIL },
	{ "monitor sshd\n", -EIO, FAIL },
	{ "limit 100 of 2\n", HALF, FAIL },
	{ "add 44 of 1\n", HALF, BACK FAIL },
	{ "label - u:r:cage\n", HALF, BACK FAIL },
	{ "open label\n", HALF, BACK FAIL },
	{ "take\n", 0, NULL },
	{ "namespaces 71, filter 3, processors 0-1\n", HALF, BACK FAIL },
	{ "put\n", 0, NULL },
	{ "root 100, filter 3\n", HALF, BACK FAIL },
	{ "change label cage\n", HALF, BACK FAIL },
	{ "finish 1000\n", HALF, FAIL },
	{ "close 3 to ffffffff\n", HALF, FAIL },
	{ "chdir /work\n", 0, NULL },
};

static void expect_tape(size_t n, const char *then)
{
	char expected[sizeof(tape)] = "";

	for (size_t i = 0; i < n; i++)
		strcat(expected, steps[i].line);
	strcat(expected, then);
	ck_assert_str_eq(tape, expected);
}

START_TEST(each_step_in_its_order)
{
	int fails = 0;

	prepare();
	tape_begin(0);
	ck_assert_int_eq(place(), 0);
	expect_tape(NSC_ARRAY_SIZE(steps), "");
	ck_assert_int_eq(recorder, RECORDER);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(steps); i++) {
		if (!steps[i].result)
			continue;
		prepare();
		tape_begin(++fails);
		ck_assert_int_eq(place(), steps[i].result);
		ck_assert_int_eq(err.code, EIO);
		expect_tape(i + 1, steps[i].then);
		ck_assert_int_eq(recorder, -1);
	}
}
END_TEST

/* The login program starts another container, unless it is half inside. */
START_TEST(a_container_that_ends_meanwhile)
{
	int fails = 0;

	alive = false;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(steps); i++) {
		if (!steps[i].result)
			continue;
		prepare();
		/* It waits for one that has begun to end, and no other. */
		ending = i % 2;
		waits = 0;
		tape_begin(++fails);
		if (steps[i].result == HALF) {
			ck_assert_int_eq(place(), HALF);
			ck_assert_int_eq(err.code, EIO);
		} else {
			ck_assert_int_eq(place(), -ESRCH);
			ck_assert_str_eq(err.text, "the container has ended");
			ck_assert_int_eq(waits, ending);
		}
		expect_tape(i + 1, steps[i].then);
	}
}
END_TEST

/* Neither changes the caller: only a child goes the whole way. */
START_TEST(a_program_with_threads)
{
	prepare();
	threads = 2;
	tape_begin(0);
	ck_assert_int_eq(place(), -EINVAL);
	ck_assert_str_eq(tape, FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "has 2 threads"));
	ck_assert_int_eq(nsc_session_check_place(&session, &user, &err),
			 -EINVAL);
	ck_assert_str_eq(tape, FAIL);
}
END_TEST

START_TEST(check_place)
{
	prepare();
	terminal = dup(0);
	tape_begin(0);
	ck_assert_int_eq(nsc_session_check_place(&session, &user, &err), 0);
	ck_assert_ptr_nonnull(strstr(tape, "terminal 1000 0\n"));
	ck_assert_int_eq(strncmp(tape, "look 0\ntry\n", 11), 0);
	ck_assert_ptr_null(strstr(tape, "monitor"));
	ck_assert_int_eq(fcntl(terminal, F_GETFD), -1);
	tape_begin(1);
	ck_assert_int_eq(nsc_session_check_place(&session, &user, &err), -EIO);
}
END_TEST

static bool has(const char *line)
{
	prepare();
	tape_begin(0);
	ck_assert_int_eq(place(), 0);
	return strstr(tape, line);
}

/* su without "-" keeps a directory that has a name. */
START_TEST(the_directory)
{
	ck_assert(has("chdir /work\n"));
	directory = "(unreachable)/x";
	ck_assert(!has("chdir"));
	directory = NULL;
	ck_assert(!has("chdir"));
}
END_TEST

/* Only sudo has the user's group already. */
START_TEST(the_group)
{
	prepare();
	user.gid = EGID + 1;
	tape_begin(0);
	ck_assert_int_eq(place(), 0);
	ck_assert_ptr_nonnull(strstr(tape, "root 0, filter 3\n"));
}
END_TEST

/* No profile, no file, and someone who watches. */
START_TEST(less_and_more)
{
	static char none[] = "";
	char *const profiles[] = { NULL, none };

	for (size_t i = 0; i < NSC_ARRAY_SIZE(profiles); i++) {
		prepare();
		session.bring = NULL;
		session.progress = &watch;
		state.process.apparmor_profile = profiles[i];
		tape_begin(0);
		ck_assert_int_eq(nsc_session_try(&session, &user, true, &err),
				 0);
		ck_assert_str_eq(tape, "limit 100 of 2\nadd 44 of 1\n"
				 "begin namespaces\nlabel - u:r:cage\n"
				 "namespaces 71, filter 3, processors 0-1\n"
				 "begin credentials\nroot 100, filter 3\n"
				 "begin terminal\nterminal 1000 1\n");
	}
}
END_TEST

static int try(void)
{
	return nsc_session_try(&session, &user, true, &err);
}

/* Without a terminal that works, the attempt has failed. */
START_TEST(attempts)
{
	int n;

	prepare();
	tape_begin(0);
	ck_assert_int_eq(try(), 0);
	ck_assert_ptr_nonnull(strstr(tape, "terminal 1000 1\n"));
	n = tape_steps;
	for (int i = 1; i <= n; i++) {
		tape_begin(i);
		ck_assert_int_eq(try(), -EIO);
		ck_assert_int_eq(err.code, EIO);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		each_step_in_its_order, a_container_that_ends_meanwhile,
		a_program_with_threads, check_place,
		the_directory, the_group, less_and_more, attempts, NULL,
	};
	Suite *suite = suite_create("login");
	TCase *tcase = unit_case("login");

	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
