/* SPDX-License-Identifier: Apache-2.0 */
/* Refer to processes by descriptor, so that a reused pid is never hit. */
#ifndef NSC_LINUX_PIDFD_H
#define NSC_LINUX_PIDFD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* pidfd_open(2): a descriptor, close-on-exec, or a negative errno. */
int nsc_pidfd_open(pid_t pid);

/* pidfd_send_signal(2); returns 0 or a negative errno. */
int nsc_pidfd_signal(int pidfd, int signal);

/*
 * Ask PID 1 of a container to end all other processes and itself: in the way of
 * the built-in init, or (own_init) of service managers.
 */
void nsc_pidfd_end(int pidfd, bool own_init);

/*
 * Does the process still run?  A zombie does not.  If poll(2) fails, it is
 * assumed to run.
 */
bool nsc_pidfd_alive(int pidfd);

/*
 * Get the start time of pid in clock ticks since boot: field 22 of
 * /proc/PID/stat, proc_pid_stat(5).  Returns 0 or a negative errno.
 */
int nsc_pidfd_start_time(pid_t pid, uint64_t *ret);

/* The boot id, 36 characters and a NUL, from /proc/sys/kernel/random. */
#define NSC_BOOT_ID_SIZE 37
int nsc_pidfd_boot_id(char buf[NSC_BOOT_ID_SIZE]);

#endif
