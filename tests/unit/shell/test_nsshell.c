/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shell/: who gets a shell where.  Containers and the terminal are faked; the
 * files of accounts are real ones, mounted over those in /etc.
 */
int nsshell_main(int argc, char **argv);
#define main nsshell_main
#include "../../../shell/nsshell.c"
#undef main

#include <limits.h>
#include <setjmp.h>

#include "linux/credential.h"
#include "logged.h"
#include "own_places.h"

#define OUT "/run/out"		/* what is written to the terminal */

/* nsshell leaves to its end what it has allocated. */
const char *__asan_default_options(void)
	__attribute__((visibility("default")));
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* --- the seam */

static char run_program[64], run_argument[64];
static int found;		/* of nsc_session_find() */
static int found_of_name;	/* the same for the path of the name */
static int found_after;		/* how often the first result is -EPROTO */
static int times_found;
static struct nsc_state state, *held;
static bool is_terminal, inside;
static int run_result, run_status;
static bool keeps_ids;
static gid_t own_groups[] = { 10, 20, 30 };
static jmp_buf ends;
static int end_status;
static int64_t now;

int __wrap_nsc_session_find(const char *path, uid_t uid, int64_t deadline,
			    struct nsc_session *ret, struct nsc_error *err);
int __wrap_nsc_session_find(const char *path, uid_t uid, int64_t deadline,
			    struct nsc_session *ret, struct nsc_error *err)
{
	char own[64];
	int result = found;

	snprintf(own, sizeof(own), NSC_RUNDIR "/%u", getuid());
	ck_assert_uint_eq(uid, getuid());
	if (strcmp(path, own) != 0) {
		ck_assert_int_eq(deadline, 0);
		result = found_of_name;
	} else {
		ck_assert_int_ge(deadline, now + 4000);
		times_found++;
		if (found_after >= times_found)
			result = -EPROTO;
	}
	if (result < 0)
		return nsc_error_set(err, -result, "found %d", result);
	held = ret->state = malloc(sizeof(state));
	memcpy(ret->state, &state, sizeof(state));
	return 0;
}

int __wrap_nsc_rundir_path_of_user(const char *name, uid_t uid, char **ret,
				   struct nsc_error *err);
int __wrap_nsc_rundir_path_of_user(const char *name, uid_t uid, char **ret,
				   struct nsc_error *err)
{
	(void)err;
	ck_assert_str_eq(name, "alice");
	ck_assert_uint_eq(uid, getuid());
	*ret = strdup("/of/the/name");
	return 0;
}

/* The test's states are not allocated in parts. */
void __wrap_nsc_session_close(struct nsc_session *session);
void __wrap_nsc_session_close(struct nsc_session *session)
{
	free(session->state);
	session->state = NULL;
}

bool __wrap_nsc_session_inside(void);
bool __wrap_nsc_session_inside(void)
{
	return inside;
}

int __wrap_nsc_run_given(const struct nsc_run *run, bool controlling,
				 int *ret_status, struct nsc_error *err);
int __wrap_nsc_run_given(const struct nsc_run *run, bool controlling,
				 int *ret_status, struct nsc_error *err)
{
	ck_assert(controlling && run->env && !run->cwd && !run->search);
	ck_assert_str_eq(run->program, state.shell);
	snprintf(run_program, sizeof(run_program), "%s", run->argv[0]);
	snprintf(run_argument, sizeof(run_argument), "%s",
		 run->argv[1] ? run->argv[1] : "");
	keeps_ids = run->keep_ids;
	*ret_status = run_status;
	return run_result < 0 ?
		       nsc_error_set(err, -run_result, "cannot run") : 0;
}

int __wrap_nsc_credential_own_groups(gid_t **ret);
int __wrap_nsc_credential_own_groups(gid_t **ret)
{
	*ret = malloc(sizeof(own_groups));
	memcpy(*ret, own_groups, sizeof(own_groups));
	return 2;
}

int __wrap_isatty(int fd);
int __wrap_isatty(int fd)
{
	return fd == 0 && is_terminal;
}

int64_t __wrap_nsc_process_now(void);
int64_t __wrap_nsc_process_now(void)
{
	return now += 3000;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *rest);
int __wrap_nanosleep(const struct timespec *time, struct timespec *rest)
{
	(void)rest;
	ck_assert_int_gt(time->tv_nsec, 0);
	return 0;
}

/* The descriptors are the test's. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, long a, long b, long c, long d, long e);
long __wrap_syscall(long number, long a, long b, long c, long d, long e)
{
	if (number != SYS_close_range)
		return __real_syscall(number, a, b, c, d, e);
	ck_assert((unsigned int)a == 3 && (unsigned int)b == ~0U && !(int)c);
	return 0;
}

/* Neither comes back. */
int __wrap_execv(const char *path, char *const argv[]);
int __wrap_execv(const char *path, char *const argv[])
{
	snprintf(run_program, sizeof(run_program), "%s %s", path, argv[0]);
	snprintf(run_argument, sizeof(run_argument), "%s",
		 argv[1] ? argv[1] : "");
	ck_assert_str_eq(getenv("SHELL"), path);
	errno = ENOEXEC;
	if (run_result < 0)
		return -1;
	longjmp(ends, 1);
}

void __wrap_nsc_process_end_like(int status);
void __wrap_nsc_process_end_like(int status)
{
	end_status = status;
	free(held);
	longjmp(ends, 2);
}

/* --- accounts */

static void account_file(const char *name, const char *text)
{
	char file[64], path[64];

	snprintf(path, sizeof(path), "/etc/%s", name);
	snprintf(file, sizeof(file), "/run/%s", name);
	unit_write("/run", name, text, 0644);
	ck_assert_int_eq(mount(file, path, NULL, MS_BIND, NULL), 0);
}

#define GROUPS "adm:x:4:\n" NSC_BREAK_GLASS ":x:77:bob\n"

static char user[] = "alice", shell[] = "/bin/zsh", config[] = "/run/none",
	    seccomp[] = "default", files[] = "0", conf_path[] = "";

static void begin(void)
{
	own_places();
	ck_assert_int_eq(mkdir(NSC_RUNDIR, 0755), 0);
	account_file("passwd", "bin:x:2:2::/bin:/bin/sh\n"
		     "alice:x:0:0::/root:/bin/sh\nbob:x:1001:1::/:/bin/sh\n");
	account_file("group", GROUPS);
	state = (struct nsc_state){
		.user = user, .uid = getuid(), .host_uid = 100000,
		.shell = shell, .login_shell = true, .home = shell,
		.name = user, .config = config, .conf = conf_path,
		.seccomp = seccomp, .files = files,
	};
	found = -ESRCH;
	found_of_name = -ESRCH;
	found_after = times_found = 0;
	*run_program = *run_argument = '\0';
}

/* What main() returns; 1000: exec; 2000: the end of the session. */
static int nsshell(int argc, char **argv)
{
	int err = dup(2), out = open(OUT, O_RDWR | O_CREAT | O_TRUNC, 0600);
	int ret, how;

	dup2(out, 2);
	close(out);
	how = setjmp(ends);
	ret = how ? 1000 * how : nsshell_main(argc, argv);
	fflush(stderr);
	dup2(err, 2);
	close(err);
	return ret;
}

static int log_in(void)
{
	return nsshell(1, (char *[]){ (char[]){ "-nsshell" }, NULL });
}

static const char *said(void)
{
	static char text[2048];
	int fd = open(OUT, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void expect_refused(const char *what)
{
	*run_program = '\0';
	ck_assert_int_eq(log_in(), NSC_SHELL_REFUSED);
	ck_assert_int_eq(strncmp(said(), "nsshell: ", 9), 0);
	ck_assert_msg(strstr(said(), what), "%s", said());
	ck_assert_str_eq(run_program, "");
}

/* --- the container */

START_TEST(joins)
{
	begin();
	found = 0;
	run_status = 0x700;
	ck_assert_int_eq(log_in(), 2000);
	ck_assert_int_eq(end_status, 0x700);
	ck_assert_str_eq(run_program, "-zsh");
	ck_assert(!keeps_ids);
	ck_assert_str_eq(said(), "");
	state.host_uid = state.uid;
	state.login_shell = false;
	ck_assert_int_eq(nsshell(2, (char *[]){ (char[]){ "-nsshell" },
						(char[]){ "x" }, NULL }),
			 2000);
	ck_assert_str_eq(run_program, "zsh");
	ck_assert_str_eq(run_argument, "x");
	ck_assert(keeps_ids);
	run_result = -EIO;
	*run_program = '\0';
	ck_assert_int_eq(log_in(), NSC_SHELL_REFUSED);
	ck_assert_str_eq(said(), "nsshell: cannot run\n");
}
END_TEST

/* Only a terminal is told what an administrator and the container say. */
START_TEST(messages)
{
	static char hello[] = "Hello", why[] = "why";

	begin();
	found = 0;
	state.message = hello;
	state.home_missing = why;
	ck_assert_int_eq(log_in(), 2000);
	ck_assert_str_eq(said(), "");
	is_terminal = true;
	ck_assert_int_eq(log_in(), 2000);
	ck_assert_str_eq(said(), "Hello\n" NSC_SESSION_NO_HOME "\n");
	state.message = state.home_missing = NULL;
	ck_assert_int_eq(log_in(), 2000);
	ck_assert_str_eq(said(), "");
}
END_TEST

START_TEST(a_changed_configuration)
{
	static char path[] = "/run/container.json";
	struct nsc_config_files read = { .n = 0 };
	struct nsc_error err;
	char now_files[NSC_DIGEST_PART];

	begin();
	found = 0;
	is_terminal = true;
	unit_write("/run", "container.json", "{}", 0644);
	state.config = path;
	ck_assert_int_eq(log_in(), 2000);
	ck_assert_str_eq(said(), NSC_CHANGE_MESSAGE "\n");
	ck_assert_int_eq(nsc_config_files_load(path, NSC_CONFIG_HASH, &read,
					       &err), 0);
	nsc_digest_files(read.content, seccomp, now_files);
	state.files = now_files;
	ck_assert_int_eq(log_in(), 2000);
	ck_assert_str_eq(said(), "");
	state.files = files;
	is_terminal = false;
	ck_assert_int_eq(log_in(), 2000);
	ck_assert_str_eq(said(), "");
}
END_TEST

START_TEST(there_is_none)
{
	begin();
	expect_refused("no container is running for 'alice', and nsshell may "
		       "not start one");
	ck_assert_ptr_nonnull(strstr(said(), "'nsinit start alice'"));
	found = -EWOULDBLOCK;
	expect_refused("no container is running for 'alice'");
	found = -EACCES;
	expect_refused("the container of 'alice' has no user namespace");
	found = -EIO;
	expect_refused("found -5");
}
END_TEST

/* The container that was started for another account with this uid. */
START_TEST(anothers)
{
	static char other[] = "bob", gone[] = "carol";

	begin();
	found = 0;
	state.user = other;
	expect_refused("no container is running for 'alice'");
	/* The name is no other account's: the account was renamed. */
	state.user = gone;
	ck_assert_int_eq(log_in(), 2000);
}
END_TEST

/* It was started when the name had another uid. */
START_TEST(an_earlier_uid)
{
	begin();
	found_of_name = -EOWNERDEAD;
	expect_refused("found -130");
	/* What runs there is another's business. */
	found_of_name = 0;
	expect_refused("no container is running for 'alice'");
	/* It is looked for only where none of the own uid runs. */
	found_of_name = -EOWNERDEAD;
	found = -EIO;
	expect_refused("found -5");
}
END_TEST

/* Another version's, for which its monitor starts a new one. */
START_TEST(another_version)
{
	char byte[8], dir[64];
	int fifo;

	begin();
	snprintf(dir, sizeof(dir), NSC_RUNDIR "/%u", getuid());
	ck_assert_int_eq(mkdir(dir, 0755), 0);
	strcat(dir, "/3");
	ck_assert_int_eq(mkdir(dir, 0755), 0);
	strcat(dir, "/" NSC_FILE_RENEW);
	ck_assert_int_eq(mkfifo(dir, 0600), 0);
	fifo = open(dir, O_RDONLY | O_NONBLOCK);
	snprintf(dir, sizeof(dir), NSC_RUNDIR "/%u/current", getuid());
	ck_assert_int_eq(symlink("3", dir), 0);
	found = 0;
	found_after = 3;
	ck_assert_int_eq(log_in(), 2000);
	ck_assert_int_eq(times_found, 4);
	ck_assert_int_eq(read(fifo, byte, sizeof(byte)), 3);
	/* It takes no longer than half a minute. */
	times_found = 0;
	found_after = 1000;
	expect_refused("found -71");
	ck_assert_int_eq(times_found, 1 + 30 / 6);
	/* Whoever has closed it does not end nsshell. */
	close(fifo);
	times_found = 0;
	found_after = 1;
	ck_assert_int_eq(log_in(), 2000);
}
END_TEST

/* --- the host */

START_TEST(break_glass)
{
	begin();
	found = 0;
	for (int i = 0; i < 3; i++) {
		own_groups[i] = 77;
		*logged = '\0';
		ck_assert_int_eq(log_in(), 1000);
		ck_assert_str_eq(logged, "user alice: login goes on outside "
				 "any container: break-glass group "
				 NSC_BREAK_GLASS);
		ck_assert_str_eq(run_program, "/bin/bash -bash");
		own_groups[i] = 78;
	}
	/* Also if it is the first of all. */
	account_file("group", NSC_BREAK_GLASS ":x:0:\n");
	own_groups[0] = 0;
	ck_assert_int_eq(log_in(), 1000);
	account_file("group", GROUPS);
	/* Another name's, or no number. */
	own_groups[0] = 4;
	ck_assert_int_eq(log_in(), 2000);
	own_groups[0] = 77;
	run_result = -EIO;
	*run_program = '\0';
	ck_assert_int_eq(log_in(), NSC_SHELL_REFUSED);
	ck_assert_ptr_nonnull(strstr(said(), "the host has no shell"));
	ck_assert_str_eq(run_program, "/bin/sh -sh");
}
END_TEST

START_TEST(accounts)
{
	char name[64];

	begin();
	ck_assert_uint_eq(nsc_host_accounts_uid("bob"), 1001);
	ck_assert_uint_eq(nsc_host_accounts_uid("bo"), (uid_t)-1);
	ck_assert_uint_eq(nsc_host_accounts_uid("bobby"), (uid_t)-1);
	account_file("passwd", "bad\nbob\nbob:x\nbob:x:y:\nbob:x:4294967295:\n"
		     "bob:x:-1:\nbob:x:7\nbob:x:8:\nlast:x:9");
	ck_assert_uint_eq(nsc_host_accounts_uid("bob"), 7);
	ck_assert_uint_eq(nsc_host_accounts_uid("last"), 9);
	/* The first line of root is the end of the search, too. */
	account_file("passwd", "root:x:0:\nroot:x:10:\nlast:x:9\n");
	ck_assert_uint_eq(nsc_host_accounts_uid("root"), 0);
	account_file("passwd", "a:x:5:5::/:\nb:x:5:5::/:\n");
	nsc_host_accounts_name(5, name, sizeof(name));
	ck_assert_str_eq(name, "a");
	nsc_host_accounts_name(6, name, sizeof(name));
	ck_assert_str_eq(name, "6");
}
END_TEST

/* --- inside */

START_TEST(already_inside)
{
	begin();
	inside = true;
	account_file("passwd", "bin:x:2:2::/bin:/bin/false\n"
		     "alice:x:0:0::/root:/bin/sh\nroot:x:0:0::/:/bin/false\n");
	ck_assert_int_eq(log_in(), 1000);
	ck_assert_str_eq(run_program, "/bin/sh -sh");
	inside = false;
	found = -EALREADY;
	ck_assert_int_eq(log_in(), 1000);
	/* Neither a shell that leads here, nor one that is not there. */
	account_file("passwd", "alice:x:0:0::/root:/run/nsshell\n");
	unit_write("/run", "nsshell", "", 0755);
	unit_write("/run", "container-shell", "", 0755);
	ck_assert_int_eq(log_in(), 1000);
	ck_assert_str_eq(run_program, "/bin/bash -bash");
	account_file("passwd", "alice:x:0:0::/root:/run/container-shell\n");
	ck_assert_int_eq(log_in(), 1000);
	ck_assert_str_eq(run_program, "/bin/bash -bash");
	account_file("passwd", "alice:x:0:0::/root:/run/none\n");
	ck_assert_int_eq(log_in(), 1000);
	ck_assert_str_eq(run_program, "/bin/bash -bash");
	run_result = -EIO;
	ck_assert_int_eq(log_in(), NSC_SHELL_NOT_FOUND);
	ck_assert_str_eq(said(), "nsshell: run the container's shell "
			 "'/bin/bash': Exec format error\n");
	/* The container says so when it is joined. */
	found = 0;
	run_result = -EALREADY;
	ck_assert_int_eq(log_in(), NSC_SHELL_NOT_FOUND);
}
END_TEST

/* What the caller ignores and blocks is not for a login. */
START_TEST(signals_of_the_caller)
{
	struct sigaction action;
	sigset_t mask;

	begin();
	found = 0;
	signal(SIGTERM, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	ck_assert_int_eq(log_in(), 2000);
	ck_assert_int_eq(sigaction(SIGTERM, NULL, &action), 0);
	ck_assert(action.sa_handler == SIG_DFL);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	ck_assert_int_eq(sigismember(&mask, SIGINT), 0);
}
END_TEST

/* Its rights would not be the user's. */
START_TEST(setuid_or_setgid)
{
	begin();
	found = 0;
	unit_write("", OUT, "", 0666);
	ck_assert_int_eq(setegid(4711), 0);
	expect_refused("is installed setuid or setgid: remove that with");
	ck_assert_int_eq(setegid(0), 0);
	ck_assert_int_eq(seteuid(4711), 0);
	expect_refused("is installed setuid or setgid: remove that with");
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(log_in(), 2000);
}
END_TEST

START_TEST(the_containers_shell)
{
	begin();
	inside = true;
	ck_assert_int_eq(mount("t", "/dev", "tmpfs", 0, "mode=755"), 0);
	ck_assert_int_eq(mknod("/dev/null", S_IFCHR | 0666, 0x103), 0);
	ck_assert_int_eq(mkdir(NSC_MARK_DIR, 0755), 0);
	ck_assert_int_eq(symlink("/opt/sh", NSC_MARK_SHELL), 0);
	ck_assert_int_eq(log_in(), 1000);
	ck_assert_str_eq(run_program, "/opt/sh -sh");
}
END_TEST

int main(void)
{
	const TTest *const root[] = {
		joins, messages, a_changed_configuration, there_is_none,
		anothers, an_earlier_uid, another_version, break_glass,
		accounts, already_inside, the_containers_shell,
		signals_of_the_caller, setuid_or_setgid, NULL,
	};
	Suite *suite = suite_create("nsshell");
	TCase *tcase = unit_case("nsshell");

	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
