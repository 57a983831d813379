/* SPDX-License-Identifier: Apache-2.0 */
#include "util/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"

#define KILL_MS 1000		/* for the end of a killed child */

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

pid_t nsc_process_fork(int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.exit_signal = 0,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 ? -errno : (pid_t)pid;
}

pid_t nsc_process_fork_unwatched(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 ? -errno : (pid_t)pid;
}

void nsc_process_die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
}

int64_t nsc_process_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t nsc_process_now(void)
{
	return nsc_process_now_us() / 1000;
}

int nsc_process_poll(int fd, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left = deadline < 0 ? -1 : deadline - nsc_process_now();
		int n;

		if (deadline >= 0 && left < 0)
			left = 0;
		n = poll(&p, 1, left > 1000000 ? 1000000 : (int)left);
		if (n > 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (deadline >= 0 && nsc_process_now() >= deadline)
			return 0;
	}
}

int nsc_process_wait(int pidfd, int64_t deadline, int *ret_status)
{
	siginfo_t info = { 0 };
	/*
	 * Without a deadline only waitid() is needed, so that poll() cannot
	 * fail.
	 */
	int n = deadline < 0 ? 1 : nsc_process_poll(pidfd, deadline);

	if (n <= 0)
		return n < 0 ? n : -ETIMEDOUT;
	while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL) < 0)
		if (errno != EINTR)
			return -errno;
	if (ret_status)
		*ret_status = info.si_code == CLD_EXITED ?
			      info.si_status : 128 + info.si_status;
	return 0;
}

void nsc_process_kill(int pidfd)
{
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	nsc_process_wait(pidfd, nsc_process_now() + KILL_MS, NULL);
}

pid_t nsc_process_fork_in(int group, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD | CLONE_INTO_CGROUP,
		.pidfd = (uint64_t)(uintptr_t)ret_pidfd,
		.cgroup = (uint64_t)group,
	};
	long pid = group < 0 ? -1 : syscall(SYS_clone3, &args, sizeof(args));

	return pid < 0 ? nsc_process_fork(ret_pidfd) : (pid_t)pid;
}

int nsc_process_ask_in(int *group, const struct nsc_process_question *q,
		       void *answer, size_t size)
{
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid;

	if (nsc_fd_pipe(&in, &out) < 0)
		return -errno;
	pid = nsc_process_fork_in(*group, &pidfd);
	nsc_fd_close(group);
	if (pid < 0)
		return pid;
	if (pid == 0) {
		q->child(q->arg, answer);
		(void)!write(out, answer, size);
		_exit(0);
	}
	nsc_fd_close(&out);
	if (nsc_process_wait(pidfd, q->deadline, NULL) < 0) {
		nsc_process_kill(pidfd);
		return -ETIMEDOUT;
	}
	return read(in, answer, size) == (ssize_t)size ? 0 : -ECHILD;
}

int nsc_process_ask(void (*child)(const void *arg, void *answer),
		    const void *arg, void *answer, size_t size,
		    int64_t deadline)
{
	const struct nsc_process_question q = { child, arg, deadline };
	int group = -1;

	return nsc_process_ask_in(&group, &q, answer, size);
}

int nsc_process_threads(void)
{
	struct stat st;

	if (stat("/proc/self/task", &st) < 0)
		return -errno;
	return (int)st.st_nlink - 2;
}

int nsc_process_oom_score_adj(pid_t pid, int value)
{
	char path[48] = "/proc/self/oom_score_adj", text[16];
	_cleanup_fd_ int fd = -1;
	int len = snprintf(text, sizeof(text), "%d", value);

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/oom_score_adj",
			 (int)pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, text, (size_t)len) < 0 ? -errno : 0;
}

void nsc_process_default_signals(void)
{
	/* Larger than the kernel's struct sigaction; SIG_DFL is 0. */
	static const char none_set[64];
	sigset_t none;

	/* Not signal(): a C library reserves some signals. */
	for (int i = 1; i < NSIG; i++)
		syscall(SYS_rt_sigaction, i, none_set, NULL, (NSIG - 1) / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void nsc_process_all_signals(sigset_t *ret)
{
	memset(ret, 0xff, sizeof(*ret));
}

int nsc_process_need_stdio(void)
{
	for (;;) {
		int fd = open("/dev/null", O_RDWR | O_NOCTTY);

		if (fd < 0)
			return -errno;
		if (fd > 2)
			return close(fd);
	}
}

int nsc_process_keep_only(const int *keep, unsigned int n)
{
	unsigned int first = 3;

	/*
	 * Close the ranges between the descriptors to keep, in ascending order.
	 */
	for (;;) {
		unsigned int next = ~0U;

		for (unsigned int i = 0; i < n; i++)
			if (keep[i] >= 0 && (unsigned int)keep[i] >= first &&
			    (unsigned int)keep[i] < next)
				next = (unsigned int)keep[i];
		if (next > first &&
		    syscall(SYS_close_range, first,
			    next == ~0U ? next : next - 1, 0) < 0)
			return -errno;
		if (next == ~0U)
			return 0;
		first = next + 1;
	}
}

int nsc_process_clean_descriptors(const int *keep, unsigned int n)
{
	int high[NSC_PROCESS_KEEP_MAX];
	int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (null < 0 || n > NSC_PROCESS_KEEP_MAX)
		return null < 0 ? -errno : -EINVAL;
	for (int fd = 0; fd < 3; fd++)
		if (null != fd && dup2(null, fd) < 0)
			return -errno;
	/*
	 * Move all of them up first: a target number may be in use by another.
	 */
	for (unsigned int i = 0; i < n; i++) {
		high[i] = fcntl(keep[i], F_DUPFD_CLOEXEC, 3 + (int)n);
		if (high[i] < 0)
			return -errno;
	}
	for (unsigned int i = 0; i < n; i++)
		if (dup2(high[i], 3 + (int)i) < 0)
			return -errno;
	return syscall(SYS_close_range, 3 + n, ~0U, 0) < 0 ? -errno : 0;
}

int nsc_process_clean(const int *keep, unsigned int n)
{
	int ret = nsc_process_clean_descriptors(keep, n);

	if (ret < 0)
		return ret;
	nsc_process_default_signals();
	umask(022);
	return chdir("/") < 0 ? -errno : 0;
}

void nsc_process_end_like(int status)
{
	const struct rlimit none = { 0, 0 };
	int signal_number;

	if (!WIFSIGNALED(status))
		_exit(WEXITSTATUS(status));
	signal_number = WTERMSIG(status);
	/* The child has already dumped core. */
	setrlimit(RLIMIT_CORE, &none);
	nsc_process_default_signals();
	raise(signal_number);
	_exit(128 + signal_number);
}
