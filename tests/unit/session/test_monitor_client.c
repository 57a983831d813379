/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/monitor_client.c: a login with a monitor that answers, refuses,
 * is silent, or sends nonsense.  The monitor is a child of the test; the time
 * that the login waits for it is shortened.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "util/fd.h"
#include "linux/descriptors.h"
#include "linux/pidfd.h"
#include "rundir/enter_socket.h"
#include "rundir/rundir.h"
#include "rundir/session_file.h"
#include "session/enter_v1.h"
#include "session/monitor_client.h"
#include "util/paths.h"
#include "util/process.h"

#define SHORT_MS 300
#define FILES 3			/* group files in the run directory */

static char dir[64];
static int notes;		/* number of notes that were written */
static struct nsc_error err;
static char user[] = "alice";

/* --- the seam: the note of a session, and time */

int __wrap_nsc_session_file_write(int fd, const struct session *s,
				  struct nsc_error *error);
int __wrap_nsc_session_file_write(int fd, const struct session *s,
				  struct nsc_error *error)
{
	(void)fd;
	if (!strcmp(s->service, "full"))
		return nsc_error_sys(error, ENOSPC, "note");
	notes++;
	return 0;
}

void __wrap_nsc_session_file_remove(int fd, pid_t pid);
void __wrap_nsc_session_file_remove(int fd, pid_t pid)
{
	(void)fd;
	(void)pid;
	notes--;
}

int64_t __real_nsc_process_now(void);
int64_t __wrap_nsc_process_now(void);
/* Each call returns a time that is seconds later. */
int64_t __wrap_nsc_process_now(void)
{
	static int64_t gone;

	return __real_nsc_process_now() + (gone += 500);
}

int __real_nsc_process_poll(int fd, int64_t deadline);
int __wrap_nsc_process_poll(int fd, int64_t deadline);
int __wrap_nsc_process_poll(int fd, int64_t deadline)
{
	(void)deadline;
	return __real_nsc_process_poll(fd, __real_nsc_process_now() +
				       SHORT_MS);
}

static void make_rundir(void)
{
	char path[80];

	unit_make_dir(dir);
	snprintf(path, sizeof(path), "%s/" NSC_DIR_SESSION, dir);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

/* --- a monitor */

enum how {
	ANSWERS,	/* with the answer in the table */
	SLOWLY,		/* the same, a moment later */
	LATE,		/* the same; its socket comes late as well */
	SILENT,
	CLOSES,
	HALF,		/* sends half of an answer */
	DEAD,		/* has a socket but does not listen */
	NOWHERE,	/* no socket */
	ENDS,		/* answers after the container has ended */
	NOWHERE_ENDED,	/* no socket, and no container */
};

struct answer {
	const char *name;
	enum how how;
	int code;		/* of the answer */
	const char *text;
	bool entered;
	int files;		/* descriptors sent with the answer */
	int wrong;		/* the unwritable one of them, from 1 */
	int ret, err_code;	/* the expected results */
	const char *expected;
};

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* The descriptors above FILES only fill the message to its maximum. */
static void answer(int client, const struct answer *a)
{
	struct nsc_enter_answer text = {
		.err = { .code = a->code },
		.entered = a->entered,
	};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(64 * sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov = { &text, a->how == HALF ? 10 : sizeof(text) };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	char path[128];
	int fds[64];

	snprintf(text.err.text, sizeof(text.err.text), "%s", a->text);
	for (int i = 0; i < a->files; i++) {
		snprintf(path, sizeof(path), "%s/group%d", dir, i % FILES);
		fds[i] = open(path, i + 1 == a->wrong ? O_RDONLY : O_WRONLY);
	}
	if (a->files) {
		size_t size = (size_t)a->files * sizeof(int);

		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(size);
		control.header = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(size),
		};
		memcpy(CMSG_DATA(&control.header), fds, size);
	}
	(void)!sendmsg(client, &message, MSG_NOSIGNAL);
}

static void __attribute__((noreturn))
be_monitor(const struct answer *a, int ready, pid_t container)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int door = socket(AF_UNIX, SOCK_SEQPACKET, 0), client;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/enter", dir);
	if (a->how == LATE) {
		(void)!write(ready, "", 1);
		pause_ms(100);
	}
	if (a->how < NOWHERE || a->how == ENDS)
		(void)!bind(door, (struct sockaddr *)&at, sizeof(at));
	if (a->how != DEAD)
		listen(door, 1);
	(void)!write(ready, "", 1);
	client = accept(door, NULL, NULL);
	if (a->how == SLOWLY)
		pause_ms(100);
	if (a->how == SILENT)
		pause();
	if (a->how == ENDS) {
		kill(container, SIGKILL);
		/* This process cannot reap it: it is the test's child. */
		pause_ms(50);
	}
	if (client >= 0 && a->how != CLOSES)
		answer(client, a);
	_exit(0);
}

/* --- the client */

static pid_t wait_for_ever(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void end_of(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static char file_of(int i)
{
	char path[128], c = '-';
	int fd;

	snprintf(path, sizeof(path), "%s/group%d", dir, i);
	fd = open(path, O_RDONLY);
	(void)!read(fd, &c, 1);
	close(fd);
	return c;
}

#define UNREACHABLE "container-monitor cannot be reached: log in " \
		    "through a service with pam_container, or have the " \
		    "container stopped: "

static const struct answer answers[] = {
	{ "no groups", ANSWERS, .ret = 0 },
	{ "moved by the monitor", ANSWERS, .entered = true },
	{ "moves itself", ANSWERS, .files = FILES },
	{ "as many as there may be", ANSWERS, .files = NSC_DESCRIPTORS_MAX },
	{ "slow", SLOWLY, .files = 1 },
	{ "just starting", LATE, .files = 1 },
	{ "refused", ANSWERS, EPERM, "uid 1 is not", .ret = -EPERM,
	  .expected = "enter the container's limits: uid 1 is not" },
	{ "too many sessions, as it is", ANSWERS, EUSERS, "You have 2.",
	  .ret = -EUSERS, .expected = "You have 2." },
	{ "half inside", ANSWERS, ENOTRECOVERABLE, "the container has ended",
	  .ret = -ENOTRECOVERABLE, .err_code = ECANCELED,
	  .expected = "enter the container's limits: the container has" },
	{ "refused, with descriptors", ANSWERS, EBUSY, "it is paused",
	  .files = 2, .ret = -EBUSY,
	  .expected = "enter the container's limits: it is paused" },
	{ "too many descriptors", ANSWERS, .files = NSC_DESCRIPTORS_MAX + 9,
	  .ret = -EMFILE, .expected = "the limit of open files is too low" },
	{ "too many, and half inside", ANSWERS, .entered = true,
	  .files = NSC_DESCRIPTORS_MAX + 9, .ret = -ENOTRECOVERABLE,
	  .err_code = ECANCELED, .expected = "limit of open files is too" },
	{ "no group lets it in", ANSWERS, .files = 2, .wrong = 1,
	  .ret = -EBADF, .expected = "enter the container's control groups: "
				     "Bad file descriptor" },
	{ "the second does not", ANSWERS, .files = 3, .wrong = 2,
	  .ret = -ENOTRECOVERABLE, .err_code = ECANCELED,
	  .expected = "enter the container's control groups: Bad file" },
	{ "the first does not, but the monitor has", ANSWERS, .entered = true,
	  .files = 1, .wrong = 1, .ret = -ENOTRECOVERABLE,
	  .err_code = ECANCELED, .expected = "control groups: Bad file" },
	{ "silent", SILENT, .ret = -ETIMEDOUT, .expected = "enter the "
	  "container's limits: container-monitor does not answer" },
	{ "hangs up", CLOSES, .ret = -ECONNRESET, .expected = UNREACHABLE },
	{ "half an answer", HALF, .ret = -ECONNRESET,
	  .expected = UNREACHABLE "Connection reset by peer" },
	{ "half an answer with descriptors", HALF, .files = 2,
	  .ret = -ECONNRESET, .expected = UNREACHABLE },
	{ "killed", DEAD, .ret = -ECONNREFUSED,
	  .expected = UNREACHABLE "Connection refused" },
	{ "never there", NOWHERE, .ret = -ENOENT,
	  .expected = UNREACHABLE "No such file or directory" },
	{ "nor is the container", NOWHERE_ENDED, .ret = -ESRCH,
	  .expected = "the container has ended" },
	{ "the container ends, half inside", ENDS, .files = 1,
	  .ret = -ENOTRECOVERABLE, .err_code = ECANCELED,
	  .expected = "the container has ended" },
	{ "the container ends, without groups", ENDS, .ret = 0 },
};

/* Check what the login wrote, and what is left of it. */
static void check_effects(const struct answer *a)
{
	int written = a->wrong ? a->wrong - 1 : a->files;

	ck_assert_int_eq(notes, a->ret == 0);
	for (int i = 0; i < FILES; i++) {
		bool is = i < written && !a->code && a->how != HALF &&
			  a->files <= NSC_DESCRIPTORS_MAX;

		ck_assert_msg(file_of(i) == (is ? '0' : '-'), "%s: group %d",
			      a->name, i);
	}
}

static void check_result(const struct answer *a, int ret)
{
	const char *text = a->expected ? a->expected : "";

	ck_assert_msg(ret == a->ret, "%s: %d, %s", a->name, ret, err.text);
	ck_assert_msg(strstr(err.text, text), "%s: %s", a->name, err.text);
	ck_assert_int_eq(err.code, a->err_code ? a->err_code : -a->ret);
	/* The text is unchanged, because it is for the user. */
	if (a->code == EUSERS)
		ck_assert_str_eq(err.text, text);
}

START_TEST(monitors)
{
	const struct answer *a = &answers[_i];
	const struct nsc_session_origin origin = { .service = "sshd" };
	pid_t monitor, container = wait_for_ever();
	struct nsc_session session = NSC_SESSION_INIT;
	struct nsc_state state = { .user = user };
	int ready[2], ret;

	session.pidfd = nsc_pidfd_open(container);
	session.state = &state;
	make_rundir();
	snprintf(session.path, sizeof(session.path), "%s", dir);
	for (int i = 0; i < FILES; i++)
		unit_write(dir, (char[]){ 'g', 'r', 'o', 'u', 'p',
					  (char)('0' + i), 0 }, "", 0644);
	ck_assert_int_eq(pipe(ready), 0);
	monitor = fork();
	if (monitor == 0)
		be_monitor(a, ready[1], container);
	ck_assert_int_eq(read(ready[0], &(char){ 0 }, 1), 1);
	if (a->how == DEAD)
		end_of(monitor);
	if (a->how == NOWHERE_ENDED)
		end_of(container);
	ret = nsc_monitor_client_enter(&session, &origin, &err);
	check_result(a, ret);
	check_effects(a);
	end_of(monitor);
	end_of(container);
	close(session.pidfd);
	close(ready[0]);
	close(ready[1]);
	unit_remove_dir(dir);
}
END_TEST

/* A trial writes no session file; one that cannot be written is an error. */
START_TEST(note)
{
	const struct nsc_session_origin full = { .service = "full" };
	struct nsc_session session = NSC_SESSION_INIT;
	struct nsc_state state = { .user = user };

	make_rundir();
	session.state = &state;
	snprintf(session.path, sizeof(session.path), "%s", dir);
	session.pidfd = nsc_pidfd_open(getpid());
	ck_assert_int_eq(nsc_monitor_client_enter(&session, &full, &err),
			 -ENOSPC);
	ck_assert_str_eq(err.text, "note: No space left on device");
	ck_assert_int_eq(nsc_monitor_client_enter(&session, NULL, &err),
			 -ENOENT);
	ck_assert_int_eq(notes, 0);
	close(session.pidfd);
	unit_remove_dir(dir);
}
END_TEST

/* No descriptor of the login program that is beside them. */
START_TEST(only_groups_are_entered)
{
	int *fds = unit_fenced(3 * sizeof(*fds));
	bool entered = false;

	for (int i = 0; i < 3; i++)
		fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(nsc_v1_enter(fds, 3, &entered, &err), 0);
	ck_assert(entered);
	nsc_v1_close(fds + 1, 2);
	ck_assert_int_ge(fcntl(fds[0], F_GETFD), 0);
	close(fds[0]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("monitor client");
	TCase *tcase = unit_case("monitor client");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, note);
	tcase_add_test(tcase, only_groups_are_entered);
	tcase_add_loop_test(tcase, monitors, 0, NSC_ARRAY_SIZE(answers));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
