/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/session/recorder_terminals.c: sshd with several terminals, and a recorder
 * that gives another terminal for each.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "linux/descriptors.h"
#include "linux/terminal.h"
#include "session/recorder.h"
#include "unit.h"

static bool timed_out;		/* each wait ends before its answer */

int __real_nsc_process_poll(int fd, int64_t deadline);
int __wrap_nsc_process_poll(int fd, int64_t deadline);

int __wrap_nsc_process_poll(int fd, int64_t deadline)
{
	return timed_out ? 0 : __real_nsc_process_poll(fd, deadline);
}

static int masters[4];
static size_t n_masters;

static int terminal_new(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	ck_assert(master >= 0 && unlockpt(master) == 0);
	if (n_masters < sizeof(masters) / sizeof(*masters))
		masters[n_masters++] = master;
	return master;
}

/* Answers each request, and keeps the other end of each socket. */
static void __attribute__((noreturn)) be_recorder(int client)
{
	const struct nsc_error none = NSC_ERROR_INIT;
	const struct iovec data = { (void *)(uintptr_t)&none, sizeof(none) };
	struct nsc_recorder_request request;
	int fds[NSC_DESCRIPTORS_MAX];

	while (nsc_descriptors_receive(client, &request, sizeof(request), fds,
				       0) == 1) {
		int pair[2], master = terminal_new();

		if (ioctl(master, TIOCEXCL) < 0 ||
		    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
			break;
		nsc_descriptors_send(client, &data,
				     (int[]){ master, pair[0] }, 2, 0);
	}
	_exit(0);
}

static struct nsc_recorder_terminals sshd;

static void prepare(void)
{
	int pair[2];

	ck_assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			     pair) == 0);
	if (fork() == 0)
		be_recorder(pair[1]);
	close(pair[1]);
	sshd = (struct nsc_recorder_terminals){ .recorder = pair[0] };
}

static void finish(void)
{
	close(sshd.recorder);
	while (n_masters)
		close(masters[--n_masters]);
}

static int takes(void)
{
	int end = -2;

	ck_assert(nsc_recorder_take_masters(&sshd, &end, NSC_IGNORE) == 0);
	return end;
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* The first one waits for its shell while the second one's command begins. */
START_TEST(pending)
{
	int first = terminal_new(), second = terminal_new();
	int copy = dup(second), end, other;

	end = takes();
	ck_assert(end >= 0 && sshd.n == 1 && sshd.pending[0].master == first);
	ck_assert(sshd.pending[0].end != end);
	ck_assert(nsc_terminal_is_same(second, copy));
	ck_assert(!nsc_terminal_is_same(first, second));
	close(copy);
	close(end);
	/* A command without a terminal, and then that of the first one. */
	ck_assert(takes() == -1);
	other = sshd.pending[0].end;
	ck_assert(is_open(other));
	copy = dup(first);
	ck_assert(takes() == other && sshd.n == 0);
	/* Nothing is taken twice. */
	ck_assert(takes() == -1);
	close(other);
	close(copy);
}
END_TEST

/* Another one gets the number of a terminal that sshd has closed. */
START_TEST(closed)
{
	int first = terminal_new(), end;

	ck_assert(takes() == -1 && sshd.n == 1);
	end = sshd.pending[0].end;
	close(first);
	ck_assert(terminal_new() == first);
	ck_assert(takes() == -1 && sshd.n == 1);
	ck_assert(sshd.pending[0].master == first);
	close(first);
	ck_assert(takes() == -1 && sshd.n == 0 && !is_open(end));
}
END_TEST

START_TEST(high_numbers)
{
	struct rlimit limit = { 0, 0 };
	int fd, last, end;

	ck_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	last = (int)limit.rlim_cur - 1;
	fd = terminal_new();
	ck_assert(dup2(fd, last) == last);
	end = takes();
	ck_assert(end >= 0 && sshd.n == 0);
	ck_assert(nsc_terminal_is_same(fd, last));
	close(last);
	close(end);
}
END_TEST

static size_t n_looked;

static int look(int fd, void *arg)
{
	bool *looked = arg;

	ck_assert(fd >= 0 && !looked[fd]);
	looked[fd] = true;
	return ++n_looked == 0;
}

static int look_once(int fd, void *arg)
{
	(void)arg;
	n_looked++;
	return fd + 7;
}

/* Each number from 0 on, until there is one that was looked for. */
START_TEST(each_number)
{
	struct rlimit limit = { 0, 0 };
	bool *looked;

	ck_assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	looked = calloc(limit.rlim_cur, sizeof(*looked));
	ck_assert_ptr_nonnull(looked);
	ck_assert_int_eq(nsc_recorder_each_descriptor(look, looked), 0);
	for (int fd = 0; fd < (int)limit.rlim_cur; fd++)
		ck_assert_int_eq(looked[fd], is_open(fd));
	free(looked);
	n_looked = 0;
	ck_assert_int_eq(nsc_recorder_each_descriptor(look_once, NULL), 7);
	ck_assert_uint_eq(n_looked, 1);
}
END_TEST

/* An answer that comes too late is not taken for that of the next request. */
START_TEST(late_answer)
{
	int end;

	terminal_new();
	timed_out = true;
	ck_assert_int_eq(nsc_recorder_take_masters(&sshd, &end, NSC_IGNORE),
			 -ETIMEDOUT);
	timed_out = false;
	ck_assert_int_lt(nsc_recorder_take_masters(&sshd, &end, NSC_IGNORE),
			 0);
	ck_assert(end == -1 && sshd.n == 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		pending, closed, high_numbers, each_number, late_answer, NULL,
	};
	Suite *suite = suite_create("recorder_terminals");
	TCase *tcase = unit_case("recorder_terminals");

	tcase_add_checked_fixture(tcase, prepare, finish);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
