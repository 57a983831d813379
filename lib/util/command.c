/* SPDX-License-Identifier: Apache-2.0 */
/* container-monitor, which is static, uses this file too: plain libc. */
#include "util/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/process.h"

/* The input is a file, because a pipe might hold less than the text. */
static int open_input(const char *text)
{
	size_t len = strlen(text);
	int fd = (int)syscall(SYS_memfd_create, "input", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, text, len, 0) != (ssize_t)len)
		return -1;
	return fd;
}

static void prepare(const struct nsc_command *command)
{
	struct nsc_error err = NSC_ERROR_INIT;

	if (!command->prepare || command->prepare(command->arg, &err) == 0)
		return;
	(void)!write(2, err.text, strlen(err.text));
	_exit(126);
}

static void __attribute__((noreturn))
child(const struct nsc_command *command, pid_t parent, int out)
{
	int null = open("/dev/null", O_RDWR);
	int first = command->stdout_too ? out : null;
	int in = command->input ? open_input(command->input) : null;
	unsigned int keep = command->file ? 3 : 2;

	/*
	 * If this process is killed for its timeout, the command is killed too.
	 */
	nsc_process_die_with(parent);
	nsc_process_default_signals();
	umask(022);
	setsid();
	if (null < 0 || dup2(in, 0) < 0 || dup2(first, 1) < 0 ||
	    dup2(out, 2) < 0 || chdir("/") < 0 ||
	    (keep == 3 && dup2(command->file, 3) < 0) ||
	    fcntl((int)keep, F_SETFD, 0) < 0 ||
	    syscall(SYS_close_range, keep + 1, ~0U, 0) < 0)
		_exit(126);
	prepare(command);
	execve(command->path, command->argv, command->envp);
	_exit(127);
}

struct output {
	char *text;
	size_t size;
	size_t at;
};

/* Read the available output; false at its end. */
static bool command_take(int in, struct output *out)
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
 * Read until the command ends, because a process that it left in the background
 * may hold the pipe for longer.  False at the deadline.
 */
static bool command_wait_for(int pidfd, int in, int64_t deadline,
			     struct output *out)
{
	struct pollfd p[] = {
		{ .fd = pidfd, .events = POLLIN },
		{ .fd = in, .events = POLLIN },
	};

	for (;;) {
		int64_t left = deadline - nsc_process_now();
		int n = poll(p, 2, left > 0 ? (int)left : 0);

		if (n == 0)
			return false;
		if (n > 0 && p[1].revents && !command_take(in, out))
			p[1].fd = -1;
		if (n > 0 && p[0].revents)
			break;
	}
	while (p[1].fd >= 0 && out->at + 1 < out->size && command_take(in, out))
		;
	return true;
}

/* A file whose size nobody can change. */
static int command_open_file(void)
{
	int fd = (int)syscall(SYS_memfd_create, "command",
			      MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && (ftruncate(fd, NSC_COMMAND_FILE) < 0 ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK |
			      F_SEAL_SEAL) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Output written to [1] can be read from [0]; a negative errno on failure. */
static int open_output(bool background, int ret[2])
{
	if (!background)
		return pipe2(ret, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0;
	ret[1] = command_open_file();
	ret[0] = ret[1] < 0 ? -1 : fcntl(ret[1], F_DUPFD_CLOEXEC, 3);
	return ret[0] < 0 ? -errno : 0;
}

int nsc_command_run(const struct nsc_command *command, char *output,
		    size_t size)
{
	int64_t deadline = nsc_process_now() +
			   (int64_t)command->timeout * 1000;
	struct output out = { output, size, 0 };
	int pipefd[2], pidfd = -1, status = 0, ret;
	pid_t pid, parent = getpid();
	bool in_time = false;

	output[0] = '\0';
	ret = open_output(command->background, pipefd);
	if (ret < 0)
		return ret;
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		child(command, parent, pipefd[1]);
	close(pipefd[1]);
	if (pid > 0)
		in_time = command_wait_for(pidfd,
					   command->background ? -1 : pipefd[0],
					   deadline, &out);
	/* The command and this process share one file offset, hence pread(). */
	if (command->background && pread(pipefd[0], output, size - 1, 0) < 0)
		output[0] = '\0';
	output[size - 1] = '\0';
	close(pipefd[0]);
	if (pid < 0)
		return -EAGAIN;
	if (!in_time) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	nsc_process_wait(pidfd, -1, &status);
	close(pidfd);
	return in_time ? status : -ETIMEDOUT;
}
