/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pamcaller [OPTION...] SERVICE USER [COMMAND]: opens a PAM session and reports
 * the result.  Test helper; runs as root.
 *
 * Prints on a line each: "open CODE", "message error|info TEXT", "ns NAME LINK"
 * for its own namespaces, and "same|changed WHAT" for the attributes that a
 * module must not change.  COMMAND runs as USER in a child, as with su.  With
 * -o the user is changed after the session was opened, and a child also ends
 * the session.  With -s COMMAND is started without fork(2), as root.  With -b
 * OTHER a second handle opens a session for OTHER in the same process, after
 * the first handle has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static volatile sig_atomic_t children;

struct options {
	int threads;
	bool twice, silent, close, wait, other, spawn;
	const char *service, *user, *command;
	const char *rhost, *tty, *ruser, *second;
};

/* Attributes of the caller that a module must not change. */
struct before {
	mode_t mask;
	sigset_t signals;
	char **variables;
	size_t n_variables;
	int ns;			/* /proc/self/ns of the host */
};

static void die(const char *what)
{
	fprintf(stderr, "pamcaller: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void on_child(int signal_number)
{
	(void)signal_number;
	children++;
}

static void *idle(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int converse(int n, const struct pam_message **messages,
		    struct pam_response **ret, void *unused)
{
	(void)unused;
	for (int i = 0; i < n; i++)
		printf("message %s %s\n", messages[i]->msg_style ==
		       PAM_ERROR_MSG ? "error" : "info", messages[i]->msg);
	fflush(stdout);
	*ret = calloc((size_t)n, sizeof(**ret));
	return *ret ? PAM_SUCCESS : PAM_BUF_ERR;
}

static size_t count(char **vector)
{
	size_t n = 0;

	while (vector && vector[n])
		n++;
	return n;
}

static void look(struct before *before)
{
	struct sigaction action = { .sa_handler = on_child };

	sigaction(SIGCHLD, &action, NULL);
	before->mask = umask(027);
	umask(before->mask);
	/* The kernel fills only a part of it. */
	memset(&before->signals, 0, sizeof(before->signals));
	sigprocmask(SIG_SETMASK, NULL, &before->signals);
	before->variables = environ;
	before->n_variables = count(environ);
	before->ns = open("/proc/self/ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (before->ns < 0)
		die("/proc/self/ns");
}

static void compare(const char *what, bool same)
{
	printf("%s %s\n", same ? "same" : "changed", what);
}

static void look_again(const struct before *before)
{
	struct sigaction action;
	sigset_t signals;
	mode_t mask = umask(before->mask);

	sigaction(SIGCHLD, NULL, &action);
	memset(&signals, 0, sizeof(signals));
	sigprocmask(SIG_SETMASK, NULL, &signals);
	compare("umask", mask == before->mask);
	compare("handler", action.sa_handler == on_child);
	compare("children", children == 0 && waitpid(-1, NULL, WNOHANG) < 0 &&
		errno == ECHILD);
	compare("signals", memcmp(&signals, &before->signals,
				  sizeof(signals)) == 0);
	compare("environment", environ == before->variables &&
		count(environ) == before->n_variables);
}

static void print_namespaces(const struct before *before)
{
	static const char *const names[][2] = {
		{ "mnt", "mnt" }, { "pid", "pid_for_children" },
		{ "uts", "uts" }, { "ipc", "ipc" }, { "net", "net" },
		{ "user", "user" }, { "cgroup", "cgroup" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char link[64];
		ssize_t n = readlinkat(before->ns, names[i][1], link,
				       sizeof(link) - 1);

		/* pid_for_children exists only after there was a child. */
		printf("ns %s %.*s\n", names[i][0], n < 0 ? 1 : (int)n,
		       n < 0 ? "?" : link);
	}
}

static void run(const struct options *options, const struct passwd *pw,
		pam_handle_t *pamh)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		if (setgid(pw->pw_gid) < 0 || setuid(pw->pw_uid) < 0)
			die("become the user");
		execle("/bin/sh", "sh", "-c", options->command, NULL,
		       pam_getenvlist(pamh));
		die("/bin/sh");
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	printf("status %d\n", status);
}

static void spawn(const char *command)
{
	char name[] = "sh", option[] = "-c";
	char *const argv[] = {
		name, option, (char *)(uintptr_t)command, NULL,
	};
	pid_t pid;
	int error;

	fflush(stdout);
	error = posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ);
	printf("spawn %s\n", strerror(error));
	if (error == 0)
		waitpid(pid, NULL, 0);
}

/* A child also ends the session, as with programs that fork. */
static void end_in_child(pam_handle_t *pamh)
{
	pid_t pid = fork();

	if (pid == 0) {
		pam_close_session(pamh, 0);
		pam_end(pamh, PAM_SUCCESS);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		die("fork");
}

static int open_session(const struct options *options, pam_handle_t *pamh)
{
	int ret = pam_open_session(pamh, options->silent ? PAM_SILENT : 0);

	printf("open %d\n", ret);
	return ret;
}

static int session(const struct options *options, const struct passwd *pw)
{
	const struct pam_conv conv = { converse, NULL };
	struct before before;
	pam_handle_t *pamh;
	int ret;

	if (pam_start(options->service, options->user, &conv, &pamh) !=
	    PAM_SUCCESS)
		die("pam_start");
	pam_set_item(pamh, PAM_RHOST, options->rhost);
	pam_set_item(pamh, PAM_TTY, options->tty);
	pam_set_item(pamh, PAM_RUSER, options->ruser);
	look(&before);
	ret = open_session(options, pamh);
	if (options->other)
		pam_set_item(pamh, PAM_USER, "root");
	if (options->twice)
		ret = open_session(options, pamh);
	if (options->other)
		end_in_child(pamh);
	look_again(&before);
	if (ret == PAM_SUCCESS && options->command && options->spawn)
		spawn(options->command);
	else if (ret == PAM_SUCCESS && options->command && pw)
		run(options, pw, pamh);
	print_namespaces(&before);
	if (options->close)
		printf("close %d\n", pam_close_session(pamh, 0));
	fflush(stdout);
	if (options->wait)
		(void)!read(STDIN_FILENO, &(char){ 0 }, 1);
	pam_end(pamh, ret);
	return ret == PAM_SUCCESS ? 0 : 1;
}

/* In whatever namespaces the first session has left the process. */
static int second_session(const struct options *options)
{
	const struct pam_conv conv = { converse, NULL };
	pam_handle_t *pamh;
	int ret;

	if (pam_start(options->service, options->second, &conv, &pamh) !=
	    PAM_SUCCESS)
		die("pam_start");
	ret = open_session(options, pamh);
	if (ret == PAM_SUCCESS)
		pam_close_session(pamh, 0);
	pam_end(pamh, ret);
	return ret == PAM_SUCCESS ? 0 : 1;
}

static void read_options(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt(argc, argv, "+t:2qcwosr:y:u:b:")) >= 0) {
		switch (option) {
		case 't': options->threads = atoi(optarg); break;
		case '2': options->twice = true; break;
		case 'q': options->silent = true; break;
		case 'c': options->close = true; break;
		case 'w': options->wait = true; break;
		case 'o': options->other = true; break;
		case 's': options->spawn = true; break;
		case 'r': options->rhost = optarg; break;
		case 'y': options->tty = optarg; break;
		case 'u': options->ruser = optarg; break;
		case 'b': options->second = optarg; break;
		default: exit(99);
		}
	}
	errno = EINVAL;
	if (argc - optind < 2)
		die("usage: pamcaller [-t THREADS] [-2qcwos] [-r RHOST] "
		    "[-y TTY] [-u RUSER] [-b OTHER] SERVICE USER [COMMAND]");
	options->service = argv[optind];
	options->user = argv[optind + 1];
	options->command = argv[optind + 2];
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	struct passwd *pw;

	read_options(argc, argv, &options);
	for (int i = 1; i < options.threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, idle, NULL) != 0)
			die("thread");
	}
	pw = getpwnam(options.user);
	if (pw && initgroups(options.user, pw->pw_gid) < 0)
		die("initgroups");
	options.close = options.close || options.second;
	if (session(&options, pw) != 0)
		return 1;
	return options.second ? second_session(&options) : 0;
}
