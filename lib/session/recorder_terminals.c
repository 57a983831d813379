/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: sshd inside, in its process of the user, and in its children. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "linux/terminal.h"
#include "session/recorder.h"

#define SCANNED 1024		/* descriptors at a time */
#define DRAIN_MS 10000		/* for a client that does not read */

/* The recorder makes the terminals that it hands out exclusive. */
static bool is_exclusive(int master)
{
	int exclusive = 0;

	return ioctl(master, TIOCGEXCL, &exclusive) == 0 && exclusive;
}

static bool recorder_takes(int fd)
{
	return nsc_terminal_is_master(fd) && !is_exclusive(fd);
}

/* poll(2) says which numbers are open, many at a time. */
int nsc_recorder_each_descriptor(int (*look)(int fd, void *arg), void *arg)
{
	struct pollfd p[SCANNED];
	struct rlimit limit;
	int ret = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	for (rlim_t at = 0; ret == 0 && at < limit.rlim_cur; at += SCANNED) {
		nfds_t n = limit.rlim_cur - at < SCANNED ?
				   limit.rlim_cur - at : SCANNED;

		for (nfds_t i = 0; i < n; i++)
			p[i] = (struct pollfd){ .fd = (int)(at + i) };
		while (poll(p, n, 0) < 0)
			if (errno != EINTR)
				return -errno;
		for (nfds_t i = 0; ret == 0 && i < n; i++)
			if (!(p[i].revents & POLLNVAL))
				ret = look(p[i].fd, arg);
	}
	return ret;
}

struct search {
	struct nsc_recorder_terminals *t;
	int fd, outer;		/* replaced by */
	int found;
	struct nsc_error *err;
};

static int replace_same(int fd, void *arg)
{
	struct search *s = arg;

	return fd != s->fd && recorder_takes(fd) &&
	       nsc_terminal_is_same(s->fd, fd) &&
	       dup3(s->outer, fd, O_CLOEXEC) < 0 ? -errno : 0;
}

static int take_master(int fd, void *arg)
{
	const struct nsc_recorder_request request = {
		.type = NSC_RECORDER_BETWEEN,
	};
	struct search *s = arg;
	struct nsc_recorder_terminals *t = s->t;
	struct search same = { .fd = fd };
	_cleanup_fd_ int outer = -1;
	int fds[NSC_DESCRIPTORS_MAX], n, ret;

	if (!recorder_takes(fd))
		return 0;
	if (t->n == NSC_RECORDER_PENDING)
		return nsc_error_set(s->err, EMFILE, "record the session: it "
				     "has too many terminals");
	n = nsc_recorder_ask(t->recorder, &request,
			     &(struct nsc_recorder_fds){ &fd, 1, 2 }, fds,
			     s->err);
	if (n <= 0)
		return n;
	same.outer = outer = fds[0];
	t->pending[t->n].master = fd;
	t->pending[t->n++].end = fds[1];
	ret = nsc_recorder_each_descriptor(replace_same, &same);
	return ret == 0 && dup3(outer, fd, O_CLOEXEC) < 0 ? -errno : ret;
}

static int tell(int fd, void *text)
{
	if (isatty(fd) && !nsc_terminal_is_master(fd) && fd > 2)
		(void)!write(fd, text, strlen(text));
	return 0;
}

void nsc_recorder_tell(const char *text)
{
	(void)nsc_recorder_each_descriptor(tell, (void *)(uintptr_t)text);
}

static int find_same(int fd, void *arg)
{
	struct search *s = arg;

	s->found += nsc_terminal_is_master(fd) &&
		    nsc_terminal_is_same(s->fd, fd);
	return 0;
}

/* sshd makes more for the terminal whose command it is about to start. */
static int descriptors_of(int master)
{
	struct search s = { .fd = master };

	(void)nsc_recorder_each_descriptor(find_same, &s);
	return s.found;
}

/* sshd has closed a terminal, and its number may be another's. */
static void forget_closed(struct nsc_recorder_terminals *t)
{
	size_t left = 0;

	for (size_t i = 0; i < t->n; i++)
		if (nsc_terminal_is_master(t->pending[i].master) &&
		    is_exclusive(t->pending[i].master))
			t->pending[left++] = t->pending[i];
		else
			close(t->pending[i].end);
	t->n = left;
}

int nsc_recorder_take_masters(struct nsc_recorder_terminals *t, int *end,
			      struct nsc_error *err)
{
	struct search s = { .t = t, .err = err };
	int ret;

	*end = -1;
	forget_closed(t);
	ret = nsc_recorder_each_descriptor(take_master, &s);
	for (size_t i = 0; ret == 0 && i < t->n; i++) {
		if (descriptors_of(t->pending[i].master) == 1)
			continue;
		*end = t->pending[i].end;
		t->pending[i] = t->pending[--t->n];
		break;
	}
	return ret;
}

void nsc_recorder_drain(int end)
{
	const int64_t deadline = nsc_process_now() + DRAIN_MS;
	char answer;

	if (end < 0 || shutdown(end, SHUT_WR) < 0)
		return;
	/*
	 * The recorder's end closes when it has copied everything.  Before that
	 * there may be an answer that came too late for nsc_streams_tell().
	 */
	while (nsc_process_poll(end, deadline) == 1 &&
	       recv(end, &answer, 1, MSG_DONTWAIT) > 0)
		;
}
