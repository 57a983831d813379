/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes that stay hidden from the program that hosts this library. */
#ifndef NSC_UTIL_PROCESS_H
#define NSC_UTIL_PROCESS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * fork() with a child that sends no signal when it ends (clone(2) with exit
 * signal 0): the caller's handler gets no SIGCHLD, a wait for any child does
 * not find it (only __WALL does), and the kernel does not reap it if SIGCHLD is
 * ignored.  *ret_pidfd becomes its pidfd, close-on-exec.  Before exec or _exit,
 * the child may call only async-signal-safe functions.  Returns the pid, 0 in
 * the child, or a negative errno.
 */
pid_t nsc_process_fork(int *ret_pidfd);

/*
 * The same, with a child that starts in a v2 control group, of which group is
 * its directory.  If group is -1, or accepts no process, the child stays in its
 * parent's group.
 */
pid_t nsc_process_fork_in(int group, int *ret_pidfd);

/*
 * fork() for a program with a single thread and without fork handlers: the
 * child may call any function, and the kernel reaps it if the caller ignores
 * SIGCHLD.  Returns the pid, 0 in the child, or a negative errno.
 */
pid_t nsc_process_fork_unwatched(void);

/*
 * Wait for a child of nsc_process_fork() until deadline (nsc_process_now; -1:
 * for ever).  *ret_status is its exit status, or 128 + the signal that killed
 * it.  Returns 0 or a negative errno; -ETIMEDOUT if it still runs.
 */
int nsc_process_wait(int pidfd, int64_t deadline, int *ret_status);

/*
 * End as a child with this wait(2) status did: with the same exit code or
 * signal.
 */
void nsc_process_end_like(int status) __attribute__((noreturn));

/*
 * Kill a child of nsc_process_fork() with SIGKILL and reap it.  A child that
 * waits in the kernel for a silent file server cannot end yet: it is left.
 */
void nsc_process_kill(int pidfd);

/*
 * Get an answer from a child of nsc_process_fork(): child(arg, answer) fills
 * size bytes, at most PIPE_BUF, and nothing else returns from the child.
 * Returns 0, -ECHILD if the child died first, -ETIMEDOUT (the child is killed),
 * or another negative errno if no child was made.
 */
int nsc_process_ask(void (*child)(const void *arg, void *answer),
		    const void *arg, void *answer, size_t size,
		    int64_t deadline);

/*
 * The same, but start the child in a v2 control group if the group allows it.
 * *group is a descriptor of its directory (-1: none), and is closed.
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
 * In a child: get killed when the parent ends.  parent is the value of getpid()
 * before the fork; if the parent has already ended, the child ends here.
 */
void nsc_process_die_with(pid_t parent);

/* CLOCK_MONOTONIC in milliseconds, and in microseconds. */
int64_t nsc_process_now(void);
int64_t nsc_process_now_us(void);

/*
 * poll(2) one descriptor for input: 1, 0 at the deadline, or a negative errno.
 */
int nsc_process_poll(int fd, int64_t deadline);

/*
 * The number of threads of the calling process, from the link count of
 * /proc/self/task (proc(5)), or a negative errno if /proc is not usable.
 */
int nsc_process_threads(void);

/*
 * Reset everything that exec would pass on: 0, 1 and 2 become /dev/null, the
 * descriptors in keep[0..n) become 3, 4, ..., and all others are closed; signal
 * actions are the defaults, no signal is blocked, the umask is 022, and the
 * directory is "/". n is at most NSC_PROCESS_KEEP_MAX.  Returns 0 or a negative
 * errno.
 */
#define NSC_PROCESS_KEEP_MAX 10
int nsc_process_clean(const int *keep, unsigned int n);

/* The same, but only for descriptors. */
int nsc_process_clean_descriptors(const int *keep, unsigned int n);

/*
 * Close all descriptors above 2 except keep[0..n); negative values are
 * ignored.  Returns 0 or a negative errno.
 */
int nsc_process_keep_only(const int *keep, unsigned int n);

/*
 * Make missing descriptors 0, 1 and 2 /dev/null.  Returns 0 or a negative
 * errno.
 */
int nsc_process_need_stdio(void);

/*
 * Write -1000 to 1000 to /proc/PID/oom_score_adj (pid 0: the caller), proc(5).
 * Returns 0 or a negative errno; without CAP_SYS_RESOURCE, -EACCES for a value
 * below the lowest that the process ever had.
 */
int nsc_process_oom_score_adj(pid_t pid, int value);

/* Reset all signals to their default actions, and unblock them. */
void nsc_process_default_signals(void);

/* sigfillset(3), including the signals that a C library reserves. */
void nsc_process_all_signals(sigset_t *ret);

#endif
