/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/helper.c: a login that has a helper start its container.  The
 * test's own program is in the place of the helper, and answers as the name of
 * the user says.
 */
#include "own_places.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "linux/descriptors.h"
#include "session/helper.h"
#include "util/fd.h"
#include "util/paths.h"

static struct nsc_error err;
static struct nsc_helper_answer answer;
static int lock;

/* --- the helper */

static bool is_clean(char **argv)
{
	extern char **environ;
	char cwd[8], pwd[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	sigset_t mask;

	if (strcmp(argv[2], "/etc/c") != 0 || argv[4])
		return false;
	if (!environ[0] || strcmp(environ[0], pwd) != 0 || environ[1])
		return false;
	for (int fd = 4; fd < 100; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return false;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	/* A process between both leads the session. */
	return getsid(0) == getppid() && getuid() == 0 && geteuid() == 0 &&
	       getgid() == 0 && getegid() == 0 && getgroups(0, NULL) == 0 &&
	       umask(0) == 022 && !sigismember(&mask, SIGUSR1) &&
	       getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/");
}

static void give(struct nsc_helper_answer *a, int fd)
{
	const struct iovec data = { a, sizeof(*a) };

	nsc_descriptors_send(NSC_HELPER_SOCKET, &data, &fd, fd >= 0, 0);
}

static int be_helper(char **argv)
{
	struct nsc_helper_answer a = { .number = 7, .changed = true };

	strcpy(a.note, argv[1]);
	if (!strcmp(argv[3], "dies"))
		return 1;
	if (!strcmp(argv[3], "silent"))
		for (;;)
			pause();
	if (!strcmp(argv[3], "fails"))
		nsc_error_set(&a.err, EUSERS, "too many");
	if (!strcmp(argv[3], "clean") && !is_clean(argv))
		nsc_error_set(&a.err, EBADMSG, "not clean");
	if (!strcmp(argv[3], "half"))
		return write(NSC_HELPER_SOCKET, "x", 1) != 1;
	give(&a, strcmp(argv[3], "none") != 0 ? open("/tmp/lock", O_RDONLY) :
						-1);
	return 0;
}

/* --- the login */

/* Put this program in the place of the helper. */
static void begin(void)
{
	char path[] = NSC_LOGIN_START;
	char command[256];

	own_places();
	ck_assert_int_eq(mount("t", "/usr/libexec", "tmpfs", 0, "mode=755"),
			 0);
	*strrchr(path, '/') = '\0';
	snprintf(command, sizeof(command), "mkdir -p %s && cp /proc/%d/exe "
		 NSC_LOGIN_START, path, (int)getpid());
	ck_assert_int_eq(system(command), 0);
	unit_write("/tmp", "lock", "", 0644);
	lock = 77;
}

/* The clock stands still; until when is the helper waited for? */
static int64_t deadline;

int64_t __real_nsc_process_now(void);
int64_t __wrap_nsc_process_now(void);
int64_t __wrap_nsc_process_now(void)
{
	return 1000000;
}

int __real_nsc_process_poll(int fd, int64_t until);
int __wrap_nsc_process_poll(int fd, int64_t until);
int __wrap_nsc_process_poll(int fd, int64_t until)
{
	deadline = until - 1000000;
	return __real_nsc_process_poll(fd, __real_nsc_process_now() + deadline);
}

static int ask_with(const char *user, bool check, unsigned int timeout)
{
	const struct nsc_helper helper = {
		.conf_path = "/etc/c", .user = user, .check = check,
		.timeout = timeout,
	};

	nsc_error_clear(&err);
	return nsc_helper_ask(&helper, &answer, &lock, &err);
}

static int ask(const char *user)
{
	return ask_with(user, false, 20);
}

START_TEST(answers)
{
	struct stat a, b;

	begin();
	ck_assert_msg(ask("good") == 0, "%s", err.text);
	/* Its own limit acts first. */
	ck_assert_int_eq(deadline, 20000 + 2000);
	ck_assert_uint_eq(answer.number, 7);
	ck_assert(answer.changed);
	ck_assert_str_eq(answer.note, "open");
	ck_assert(fstat(lock, &a) == 0 && stat("/tmp/lock", &b) == 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino);
	ck_assert_int_eq(fcntl(lock, F_GETFD), FD_CLOEXEC);
	close(lock);
	ck_assert_int_eq(ask_with("none", true, 20), 0);
	ck_assert_str_eq(answer.note, "check");
	ck_assert_int_eq(lock, -1);
}
END_TEST

/* It inherits nothing of what the caller of su chose. */
START_TEST(clean)
{
	sigset_t one;
	int held;

	begin();
	ck_assert_int_eq(chdir("/tmp"), 0);
	umask(077);
	ck_assert_int_eq(setenv("LD_PRELOAD_X", "1", 1), 0);
	ck_assert_int_ge(held = open("/tmp/lock", O_RDONLY), 0);
	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	sigprocmask(SIG_BLOCK, &one, NULL);
	/* su's real user. */
	ck_assert_int_eq(setgroups(1, &(gid_t){ 4711 }), 0);
	ck_assert_int_eq(setregid(4711, 4711), 0);
	ck_assert_int_eq(setreuid(4711, 0), 0);
	ck_assert_msg(ask("clean") == 0, "%s", err.text);
	close(lock);
	close(held);
}
END_TEST

START_TEST(errors)
{
	begin();
	ck_assert_int_eq(ask("fails"), -EUSERS);
	ck_assert_str_eq(err.text, "too many");
	close(lock);
	ck_assert_int_eq(ask("dies"), -ECHILD);
	ck_assert_str_eq(err.text, "the helper ended without a result");
	ck_assert_int_eq(lock, -1);
	ck_assert_int_lt(ask("half"), 0);
	ck_assert_int_eq(unlink(NSC_LOGIN_START), 0);
	ck_assert_int_eq(ask("good"), -ENOENT);
	ck_assert_str_eq(err.text, "run " NSC_LOGIN_START ": No such file or "
			 "directory");
}
END_TEST

/* A helper that does not answer is ended, and leaves no child. */
START_TEST(silent)
{
	int n = 0;

	begin();
	ck_assert_int_eq(ask_with("silent", false, 0), -ETIMEDOUT);
	ck_assert_str_eq(err.text, "the helper took longer than start_timeout "
			 "allows");
	ck_assert_int_lt(waitpid(-1, &n, __WALL | WNOHANG), 0);
}
END_TEST

int main(int argc, char **argv)
{
	const TTest *const root[] = { answers, clean, errors, silent, NULL };
	Suite *suite;
	TCase *tcase;

	if (argc > 1 && !strcmp(argv[0], "login-start"))
		return be_helper(argv);
	suite = suite_create("helper");
	tcase = unit_case("helper");
	tcase_set_timeout(tcase, 30);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
