/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of lib/session/tty_handover.c, which it includes: what gives up
 * rights is faked, and children that tell in which line they have failed.
 */
#ifndef NSC_TESTS_UNIT_SESSION_HANDOVER_STEPS_H
#define NSC_TESTS_UNIT_SESSION_HANDOVER_STEPS_H

#include "session/tty_handover.c"

#include <sys/resource.h>
#include <sys/sysmacros.h>

#include "tape.h"
#include "terminal.h"

#define MAKER 4711		/* the owner of what the child has made */

/* --- the seam */

static bool faked;		/* the runner of the tests calls some, too */
static uid_t real_uid, effective;
static gid_t real_gid;

#define FAKE(type, name, arguments, call) \
	type __real_##name arguments; \
	type __wrap_##name arguments; \
	type __wrap_##name arguments \
	{ \
		if (!faked) \
			return __real_##name call;

FAKE(int, setgroups, (size_t n, const gid_t *list), (n, list))
	tape_write("groups %zu", n);
	return tape_fail() ? -1 : 0;
}

FAKE(int, setresgid, (gid_t a, gid_t b, gid_t c), (a, b, c))
	tape_write("gid %u %u %u", a, b, c);
	return tape_fail() ? -1 : 0;
}

FAKE(int, setresuid, (uid_t a, uid_t b, uid_t c), (a, b, c))
	tape_write("uid %u %u %u", a, b, c);
	return tape_fail() ? -1 : 0;
}

FAKE(uid_t, getuid, (void), ())
	return real_uid;
}

FAKE(gid_t, getgid, (void), ())
	return real_gid;
}

FAKE(uid_t, geteuid, (void), ())
	return effective;
}

FAKE(int, fstat, (int fd, struct stat *st), (fd, st))
	st->st_uid = MAKER;
	return fd < 0 ? -1 : 0;
}

FAKE(int, prctl, (int option, unsigned long a, unsigned long b,
		  unsigned long c, unsigned long d), (option, a, b, c, d))
	if (option == PR_SET_NO_NEW_PRIVS)
		tape_write("no_new_privs %lu%lu%lu%lu", a, b, c, d);
	else
		tape_write("prctl %d %lu", option, a);
	return tape_fail() ? -1 : 0;
}

STEP(nsc_capability_keep, uint64_t keep)
{
	(void)error;
	tape_write("capabilities %llu", (unsigned long long)keep);
	return tape_fail() ? -EPERM : 0;
}

FAKE(pid_t, fork, (void), ())
	errno = EAGAIN;
	return -1;
}

/* What the next calls find; then as ever. */
static int polled[4];
static size_t polls;

int __real_nsc_process_poll(int fd, int64_t deadline);
int __wrap_nsc_process_poll(int fd, int64_t deadline);
int __wrap_nsc_process_poll(int fd, int64_t deadline)
{
	int64_t now = nsc_process_now();

	/* The child asks the monitor, which may take its time. */
	ck_assert(deadline > now + NSC_MONITOR_CLIENT_S * 1000 &&
		  deadline <= now + ANSWER_MS);
	return polls ? polled[--polls] : __real_nsc_process_poll(fd, deadline);
}

STEP(nsc_streams_begin, struct nsc_streams *s, int recorder, pid_t pid,
     int theirs)
{
	tape_write("begin %zu %d%s %d", s->n, recorder,
		   pid == getpid() ? "" : "?", theirs);
	return tape_result(error);
}

STEP(nsc_streams_put, struct nsc_streams *s)
{
	tape_write("put %zu", s->n);
	return tape_result(error);
}

void __wrap_nsc_streams_tell(int *end, enum nsc_streams_process process);
void __wrap_nsc_streams_tell(int *end, enum nsc_streams_process process)
{
	tape_write("tell %d %c", *end, process);
}

STEP(nsc_pty_new_here, dev_t host, struct nsc_pty *ret)
{
	(void)host;
	if (tape_result(error) < 0)
		return -EIO;
	*ret = terminal_pair();
	return 0;
}

/* --- children, in which libcheck's assertions do not work */

static struct shared {
	int line;
	struct nsc_error err;
} *shared;

static inline void prepare(void)
{
	shared = unit_shared(sizeof(*shared));
	tape_begin(0);
	signal(SIGPIPE, SIG_IGN);
}

static inline pid_t child(void (*run)(void))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	nsc_process_default_signals();
	signal(SIGPIPE, SIG_IGN);
	run();
	_exit(0);
}

static inline void wait_for_ever(void)
{
	for (;;)
		pause();
}

static inline void ends_with(pid_t pid, int expected)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(status == expected << 8, "0x%x in line %d: %s", status,
		      shared->line, shared->err.text);
}

static inline bool is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       st.st_rdev == makedev(1, 3);
}

static int pair[2];

static inline void pair_new(void)
{
	ck_assert_int_eq(nsc_descriptors_pair(&pair[0], &pair[1]), 0);
}

static inline void pair_close(void)
{
	nsc_fd_close(&pair[0]);
	nsc_fd_close(&pair[1]);
}

#endif
