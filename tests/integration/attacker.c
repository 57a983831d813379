/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks from inside a container:
 *
 * 	attacker regain                 become root, or any other id, again
 * 	attacker watch SECONDS          trace or open every new process
 * 	attacker trace PID              trace a process, and end it that way
 * 	attacker write-program PID      write to the program of a process
 * 	attacker lookup DIRECTORY       look a user up with DIRECTORY as root
 * 	attacker terminals COUNT        take COUNT of them, or all there are,
 * 	attacker inotify COUNT          print "took N", and hold them until
 * 	attacker processes COUNT        the input ends
 *
 * Prints "BAD ..." for each attack that succeeds, and "done" at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_SIZE 4096

static int regain(void)
{
	const gid_t group = 0;
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	getresuid(&ruid, &euid, &suid);
	getresgid(&rgid, &egid, &sgid);
	printf("uids %u %u %u gids %u %u %u fs %d %d\n", ruid, euid, suid,
	       rgid, egid, sgid, setfsuid((uid_t)-1), setfsgid((gid_t)-1));
	if (setresuid(0, 0, 0) == 0 || seteuid(0) == 0 || setuid(0) == 0)
		puts("BAD root");
	if (setresgid(0, 0, 0) == 0 || setegid(0) == 0 || setgid(0) == 0)
		puts("BAD group root");
	if (setgroups(0, NULL) == 0 || setgroups(1, &group) == 0)
		puts("BAD groups");
	return 0;
}

/* The target of a link in /proc/PID; "" if it is not visible. */
static const char *link_of(int pid, const char *name, char buf[PATH_SIZE])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	n = readlink(path, buf, PATH_SIZE - 1);
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static void look_at(int pid)
{
	char exe[PATH_SIZE], path[64];
	int fd;

	/* A shell that has been exec'ed is the session's own. */
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) {
		printf("traced %s\n", link_of(pid, "exe", exe));
		ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	if (fd >= 0) {
		printf("opened %s\n", link_of(pid, "exe", exe));
		close(fd);
	}
}

static bool exists(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	return access(path, F_OK) == 0;
}

/* Pids are handed out in turn: the next process has one of the next few. */
static int watch(int seconds)
{
	struct timespec begin, now;
	int last = (int)getpid();

	clock_gettime(CLOCK_MONOTONIC, &begin);
	puts("watching");
	do {
		for (int pid = last + 1; pid <= last + 8; pid++) {
			if (!exists(pid))
				continue;
			look_at(pid);
			last = pid;
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begin.tv_sec < seconds);
	return 0;
}

static int trace(int pid)
{
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0) {
		printf("refused: %s\n", strerror(errno));
		return 0;
	}
	puts("BAD traced");
	waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_KILL, pid, NULL, NULL);
	return 0;
}

/* Directly, and again by a descriptor that was opened with O_PATH. */
static int write_program(int pid)
{
	char path[64];
	int fd, file;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_WRONLY);
	if (fd >= 0)
		puts("BAD open");
	else
		printf("refused: %s\n", strerror(errno));
	file = open(path, O_PATH);
	if (file < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	fd = open(path, O_WRONLY);
	if (fd >= 0)
		puts("BAD open again");
	else
		printf("refused: %s\n", strerror(errno));
	return 0;
}

static int lookup(const char *directory)
{
	if (chroot(directory) < 0 || chdir("/") < 0)
		return 1;
	getpwnam("nscontainer.nobody");
	return 0;
}

static int take_one(const char *what)
{
	char byte;
	pid_t pid;

	if (!strcmp(what, "terminals"))
		return open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (!strcmp(what, "inotify"))
		return inotify_init1(IN_CLOEXEC);
	pid = fork();
	if (pid)
		return (int)pid;
	/* Wait until the parent ends: it has the other end of the input. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	_exit(0);
}

static int take(const char *what, int count)
{
	const struct rlimit files = { 4096, 4096 };
	char byte;
	int n = 0;

	setrlimit(RLIMIT_NOFILE, &files);
	while (n < count && take_one(what) >= 0)
		n++;
	printf("took %d: %s\n", n, n < count ? strerror(errno) : "all");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static bool is_pool(const char *what)
{
	return !strcmp(what, "terminals") || !strcmp(what, "inotify") ||
	       !strcmp(what, "processes");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int status = 200;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(what, "regain"))
		status = regain();
	else if (argc > 2 && !strcmp(what, "watch"))
		status = watch(atoi(argv[2]));
	else if (argc > 2 && !strcmp(what, "trace"))
		status = trace(atoi(argv[2]));
	else if (argc > 2 && !strcmp(what, "write-program"))
		status = write_program(atoi(argv[2]));
	else if (argc > 2 && !strcmp(what, "lookup"))
		status = lookup(argv[2]);
	else if (argc > 2 && is_pool(what))
		status = take(what, atoi(argv[2]));
	puts("done");
	return status;
}
