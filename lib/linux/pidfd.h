/* SPDX-License-Identifier: Apache-2.0 */
/* Processes by descriptor: a number that was reused cannot be met. */
#ifndef NSC_LINUX_PIDFD_H
#define NSC_LINUX_PIDFD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* pidfd_open(2): a descriptor, close-on-exec, or a negative errno. */
int nsc_pidfd_open(pid_t pid);

/* pidfd_send_signal(2). */
int nsc_pidfd_signal(int pidfd, int signal);

/*
 * Ask PID 1 of a container to end all the rest and itself: as the built-in
 * init takes it, or (own_init) as service managers do.
 */
void nsc_pidfd_end(int pidfd, bool own_init);

/* Does the process still run (a zombie does not)? */
bool nsc_pidfd_alive(int pidfd);

/*
 * The start time of pid in clock ticks since boot: field 22 of
 * /proc/PID/stat, proc_pid_stat(5).
 */
int nsc_pidfd_start_time(pid_t pid, uint64_t *ret);

/* The boot's id, 36 characters and a NUL, from /proc/sys/kernel/random. */
#define NSC_BOOT_ID_SIZE 37
int nsc_pidfd_boot_id(char buf[NSC_BOOT_ID_SIZE]);

#endif
