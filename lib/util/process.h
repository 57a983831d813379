/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that the program hosting us never gets to see. */
#ifndef NSC_UTIL_PROCESS_H
#define NSC_UTIL_PROCESS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * fork() whose child sends no signal when it ends (clone(2) with exit signal
 * 0): no SIGCHLD reaches the caller's handler, a wait for any child does not
 * find it (only __WALL does), and SIGCHLD being ignored does not reap it.
 * The pidfd of the child goes to *ret_pidfd, close-on-exec.
 * Between this and exec or _exit a child calls async-signal-safe functions
 * only.  Returns the pid, 0 in the child, or a negative errno.
 */
pid_t nsc_process_fork(int *ret_pidfd);

/*
 * fork() for a program of one thread that nobody registered anything in: as
 * its child, this one may do whatever it likes, and the kernel reaps it where
 * the caller ignores SIGCHLD.  Returns the pid, 0 in the child, or a negative
 * errno.
 */
pid_t nsc_process_fork_unwatched(void);

/*
 * Wait for a child of nsc_process_fork() until deadline (nsc_process_now, -1:
 * for ever).  *ret_status is its exit status, or 128 + the signal that killed
 * it.  -ETIMEDOUT: it still runs.
 */
int nsc_process_wait(int pidfd, int64_t deadline, int *ret_status);

/* End as a child did, of whom wait(2) says status: by the same signal. */
void nsc_process_end_like(int status) __attribute__((noreturn));

/* Kill such a child with SIGKILL and reap it. */
void nsc_process_kill(int pidfd);

/*
 * Have such a child work an answer out: child(arg, answer) fills it, size
 * bytes of at most PIPE_BUF, and nothing else of the child comes back.
 * 0, -ECHILD when it died before, -ETIMEDOUT (it is killed then), or another
 * negative errno when there was no child.
 */
int nsc_process_ask(void (*child)(const void *arg, void *answer),
		    const void *arg, void *answer, size_t size,
		    int64_t deadline);

/*
 * The same with a child that is born in a group of v2 where that takes it:
 * a descriptor of its directory (-1: none), which is closed.
 */
struct nsc_process_question {
	void (*child)(const void *arg, void *answer);
	const void *arg;
	int64_t deadline;
};

int nsc_process_ask_in(int *group,
		       const struct nsc_process_question *question,
		       void *answer, size_t size);

/*
 * In a child: be killed when parent, which made it, ends.  parent is getpid()
 * of before the fork; where it has gone already, this ends the child.
 */
void nsc_process_die_with(pid_t parent);

/* CLOCK_MONOTONIC in milliseconds. */
int64_t nsc_process_now(void);

/* poll(2) one descriptor for input: 1, 0 at the deadline, negative errno. */
int nsc_process_poll(int fd, int64_t deadline);

/*
 * The number of threads of the calling process, from the link count of
 * /proc/self/task (proc(5)); negative errno where /proc cannot tell.
 */
int nsc_process_threads(void);

/*
 * Everything that exec would pass on, chosen: 0, 1 and 2 are /dev/null, the
 * descriptors in keep[0..n) become 3, 4, ... and all others are closed;
 * default signal actions, empty signal mask, umask 022, directory "/".
 * n is NSC_PROCESS_KEEP_MAX at the most.  Returns 0 or a negative errno.
 */
#define NSC_PROCESS_KEEP_MAX 10
int nsc_process_clean(const int *keep, unsigned int n);

/* The same of descriptors alone. */
int nsc_process_clean_descriptors(const int *keep, unsigned int n);

/*
 * Close all descriptors above 2 but keep[0..n), of which those below 0 stand
 * for none.  Returns 0 or a negative errno.
 */
int nsc_process_keep_only(const int *keep, unsigned int n);

/* Descriptors 0, 1 and 2 exist after this; a missing one is /dev/null. */
int nsc_process_need_stdio(void);

/*
 * Write /proc/PID/oom_score_adj (pid 0: the caller's), proc(5): -1000 to
 * 1000.  A negative errno; -EACCES without CAP_SYS_RESOURCE below the lowest
 * that it was given.
 */
int nsc_process_oom_score_adj(pid_t pid, int value);

/* Default actions for all signals, nothing blocked. */
void nsc_process_default_signals(void);

/* sigfillset(3), with those that a C library keeps for itself. */
void nsc_process_all_signals(sigset_t *ret);

#endif
