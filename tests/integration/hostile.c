/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a program in a hostile environment:
 *
 * 	hostile KIND PROGRAM [ARGUMENT...]
 *
 * Runs as its caller.  Ends with the program's status, or with 200 and more if
 * the environment cannot be made.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void limit(int resource, rlim_t value)
{
	struct rlimit r = { .rlim_cur = value, .rlim_max = value };

	if (setrlimit(resource, &r) < 0)
		exit(201);
}

static void no_stdio(void)
{
	close(0);
	close(1);
	close(2);
}

/* Anybody may read standard error, so no message must go there. */
static void no_stderr(void)
{
	close(2);
}

static void more_descriptors(void)
{
	for (int fd = 3; fd < 60; fd++)
		if (dup2(0, fd) < 0)
			exit(202);
}

static void three_descriptors(void)
{
	limit(RLIMIT_NOFILE, 3);
}

static void few_descriptors(void)
{
	limit(RLIMIT_NOFILE, 6);
}

static void no_file_size(void)
{
	limit(RLIMIT_FSIZE, 0);
}

static void no_core(void)
{
	limit(RLIMIT_CORE, RLIM_INFINITY);
}

static void no_processes(void)
{
	limit(RLIMIT_NPROC, 0);
}

static void little_stack(void)
{
	limit(RLIMIT_STACK, 64 * 1024);
}

static void no_children(void)
{
	signal(SIGCHLD, SIG_IGN);
}

static void all_ignored(void)
{
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_IGN);
}

static void all_blocked(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static void odd_umask(void)
{
	umask(0777);
}

static void no_directory(void)
{
	char dir[] = "/tmp/hostile.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) < 0 || rmdir(dir) < 0)
		exit(203);
}

static void alarm_soon(void)
{
	alarm(2);
}

/* Settings for the program and its children, as far as the kernel has them. */
static void prctls(void)
{
	static const int each[][2] = {
		{ PR_SET_TIMERSLACK, 2000000000 },
		{ PR_SET_THP_DISABLE, 1 },
		{ PR_SET_IO_FLUSHER, 1 },
		{ PR_SET_CHILD_SUBREAPER, 1 },
		{ PR_MCE_KILL, PR_MCE_KILL_SET },
		{ PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE },
	};

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		prctl(each[i][0], each[i][1], each[i][0] == PR_MCE_KILL ?
					      PR_MCE_KILL_EARLY : 0, 0, 0);
	prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE,
	      0, 0);
}

static void inheritable(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		exit(209);
	data[0].inheritable = data[0].permitted;
	if (syscall(SYS_capset, &header, data) < 0)
		exit(210);
}

/* All attributes that fork(2) and execve(2) pass on, and that are unusual. */
static void inherited(void)
{
	const unsigned long node = 1;
	int file = open("/proc/self/coredump_filter", O_WRONLY);

	if (file < 0 || write(file, "0x7f", 4) != 4)
		exit(211);
	if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
		    CLONE_NEWCGROUP) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		exit(212);
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "nsc-hostile") < 0)
		exit(213);
	syscall(SYS_set_mempolicy, MPOL_BIND, &node, 2);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
	inheritable();
	prctls();
	personality(UNAME26 | STICKY_TIMEOUTS);
}

static const struct kind {
	const char *name;
	void (*make)(void);
} kinds[] = {
	{ "no-stdio", no_stdio },
	{ "no-stderr", no_stderr },
	{ "more-descriptors", more_descriptors },
	{ "three-descriptors", three_descriptors },
	{ "few-descriptors", few_descriptors },
	{ "no-file-size", no_file_size },
	{ "core", no_core },
	{ "no-processes", no_processes },
	{ "little-stack", little_stack },
	{ "no-children", no_children },
	{ "all-ignored", all_ignored },
	{ "all-blocked", all_blocked },
	{ "odd-umask", odd_umask },
	{ "no-directory", no_directory },
	{ "alarm", alarm_soon },
	{ "inherited", inherited },
};

/*
 * Since 5.18 the kernel replaces an empty argument vector by one empty string.
 */
static int no_arguments(const char *program)
{
	char *const argv[] = { NULL };
	char *const envp[] = { NULL };

	execve(program, argv, envp);
	return 204;
}

static int empty_arguments(const char *program)
{
	char *const argv[] = { (char[]){ "" }, (char[]){ "" }, NULL };
	char *const envp[] = { NULL };

	execve(program, argv, envp);
	return 207;
}

/* Arguments of the kernel's maximum length, as many as the kernel accepts. */
static int huge_arguments(const char *program)
{
	static char huge[131000] = "-";
	static char *argv[10000] = { huge };
	char *const envp[] = { NULL };

	memset(huge + 1, '%', sizeof(huge) - 2);
	for (size_t i = 1; i < sizeof(argv) / sizeof(argv[0]) - 1; i++)
		argv[i] = (char[]){ "" };
	execve(program, argv, envp);
	return 208;
}

/* Assignments without a name, without "=", twice, and long ones. */
static int odd_environment(char **argv)
{
	static char huge[100000] = "LC_HUGE=";
	char *envp[] = {
		(char[]){ "" }, (char[]){ "=x" }, (char[]){ "TERM" },
		(char[]){ "TERM=a" }, (char[]){ "TERM=b" },
		(char[]){ "LANG=\033[31m\n" }, huge,
		(char[]){ "HOME=/root" }, (char[]){ "USER=root" },
		(char[]){ "SHELL=/usr/bin/nsshell" },
		(char[]){ "LOGNAME=bob" }, NULL,
	};

	memset(huge + strlen(huge), 'x', sizeof(huge) - strlen(huge) - 1);
	execve(argv[0], argv, envp);
	return 205;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: hostile KIND PROGRAM [ARGUMENT...]\n");
		return 200;
	}
	if (!strcmp(argv[1], "no-arguments"))
		return no_arguments(argv[2]);
	if (!strcmp(argv[1], "empty-arguments"))
		return empty_arguments(argv[2]);
	if (!strcmp(argv[1], "huge-arguments"))
		return huge_arguments(argv[2]);
	if (!strcmp(argv[1], "odd-environment"))
		return odd_environment(argv + 2);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(argv[1], kinds[i].name) != 0)
			continue;
		kinds[i].make();
		execv(argv[2], argv + 2);
		return 206;
	}
	fprintf(stderr, "hostile: unknown kind '%s'\n", argv[1]);
	return 200;
}
