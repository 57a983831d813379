/* Compiled into container-monitor as well, which is static: plain libc. */
#include "base/command.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void __attribute__((noreturn))
child(const struct nsc_command *command, int out, pid_t parent)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	setsid();
	/* A start that is given up takes its hook along. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(126);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    dup2(out, 2) < 0 || chdir("/") < 0 ||
	    syscall(SYS_close_range, 3, ~0U, 0) < 0)
		_exit(126);
	execve(command->path, command->argv, command->envp);
	_exit(127);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

struct output {
	char *text;
	size_t size;
	size_t at;
};

/* Take what is there; false at the end of it. */
static bool take(int in, struct output *out)
{
	char buf[512];
	ssize_t n = read(in, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	for (ssize_t i = 0; i < n && out->at + 1 < out->size; i++)
		out->text[out->at++] = buf[i];
	out->text[out->at] = '\0';
	return n > 0;
}

/*
 * Until the command ends: what it left in the background may hold the pipe
 * longer.  False at the deadline.
 */
static bool wait_for(int pidfd, int in, int64_t deadline, struct output *out)
{
	struct pollfd p[] = {
		{ .fd = pidfd, .events = POLLIN },
		{ .fd = in, .events = POLLIN },
	};

	for (;;) {
		int64_t left = deadline - now();
		int n = poll(p, 2, left > 0 ? (int)left : 0);

		if (n == 0)
			return false;
		if (n > 0 && p[1].revents && !take(in, out))
			p[1].fd = -1;
		if (n > 0 && p[0].revents)
			break;
	}
	while (p[1].fd >= 0 && out->at + 1 < out->size && take(in, out))
		;
	return true;
}

int nsc_command_run(const struct nsc_command *command, char *output,
		    size_t size)
{
	int64_t deadline = now() + (int64_t)command->timeout * 1000;
	struct output out = { output, size, 0 };
	int pipefd[2], status = 0, pidfd;
	bool in_time = false;
	pid_t pid, self = getpid();

	output[0] = '\0';
	if (pipe2(pipefd, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		child(command, pipefd[1], self);
	close(pipefd[1]);
	pidfd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd >= 0)
		in_time = wait_for(pidfd, pipefd[0], deadline, &out);
	close(pipefd[0]);
	if (pidfd >= 0)
		close(pidfd);
	if (pid < 0)
		return -EAGAIN;
	if (!in_time) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!in_time)
		return pidfd < 0 ? -EAGAIN : -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}
