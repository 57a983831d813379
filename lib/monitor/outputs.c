/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: container-monitor, which sees only names, and a child of it, which
 * takes descriptors from processes of the user.
 */
#include "monitor/outputs.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux/pidfd.h"
#include "monitor/child.h"
#include "util/fd.h"
#include "util/process.h"

#define ANSWER_MS 1000		/* a poll takes no time, but a host is busy */

/* The name of a pipe or a socket; that of a file begins with a slash. */
static bool may_lose_its_reader(pid_t pid, int fd)
{
	char path[64], name[16];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(path, name, sizeof(name) - 1);
	name[n < 0 ? 0 : n] = '\0';
	return !strncmp(name, "pipe:[", 6) || !strncmp(name, "socket:[", 8);
}

static size_t outputs_choose_candidates(struct processes *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct process *p = &all->list[i];

		p->chosen = p->leader == p->pid && p->tty == 0 &&
			    (may_lose_its_reader(p->pid, STDOUT_FILENO) ||
			     may_lose_its_reader(p->pid, STDERR_FILENO));
		n += p->chosen;
	}
	return n;
}

/* The process may have put another file in the place of what it had. */
static bool is_cut_off(int fd)
{
	struct pollfd p = { .fd = fd };
	struct statx st;

	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE,
		     &st) == 0 &&
	       (S_ISFIFO(st.stx_mode) || S_ISSOCK(st.stx_mode)) &&
	       poll(&p, 1, 0) == 1 && p.revents & (POLLERR | POLLHUP);
}

/* The end of this process closes what was taken, after the answer. */
static bool lost_its_reader(pid_t pid)
{
	int pidfd = nsc_pidfd_open(pid);

	for (int i = STDOUT_FILENO; pidfd >= 0 && i <= STDERR_FILENO; i++) {
		int fd = (int)syscall(SYS_pidfd_getfd, pidfd, i, 0);

		if (fd >= 0 && is_cut_off(fd))
			return true;
	}
	return false;
}

/* Write the pids of the processes, and 0 at the end. */
static void __attribute__((noreturn))
outputs_look(const struct processes *all, int out)
{
	const pid_t end = 0;

	for (size_t i = 0; i < all->n; i++) {
		const pid_t *pid = &all->list[i].pid;

		if (all->list[i].chosen && lost_its_reader(*pid))
			(void)!write(out, pid, sizeof(*pid));
	}
	(void)!write(out, &end, sizeof(end));
	_exit(0);
}

static void outputs_choose(struct processes *all, pid_t pid)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].pid == pid)
			all->list[i].chosen = true;
}

static void outputs_receive(struct processes *all, int in)
{
	int64_t deadline = nsc_process_now() + ANSWER_MS;
	pid_t pid;

	while (nsc_process_poll(in, deadline) > 0 &&
	       read(in, &pid, sizeof(pid)) == sizeof(pid) && pid > 0)
		outputs_choose(all, pid);
}

static bool outputs_may_look(int *looker)
{
	if (*looker >= 0 && nsc_pidfd_alive(*looker))
		return false;
	nsc_fd_close(looker);
	return true;
}

void outputs_choose_unread(struct processes *all, int *looker)
{
	size_t candidates = outputs_choose_candidates(all);
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t child = -1;

	if (candidates && outputs_may_look(looker) &&
	    nsc_fd_pipe(&in, &out) == 0)
		child = monitor_child(out);
	if (child == 0)
		outputs_look(all, out);
	if (child > 0)
		*looker = nsc_pidfd_open(child);
	for (size_t i = 0; i < all->n; i++)
		all->list[i].chosen = false;
	nsc_fd_close(&out);
	if (child < 0)
		return;
	outputs_receive(all, in);
	/* Usually it has ended by now. */
	outputs_may_look(looker);
}
