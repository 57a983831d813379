/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a session: the members of its control group that are in the
 * container.
 */
#ifndef NSC_MONITOR_PROCESSES_H
#define NSC_MONITOR_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid;		/* all pids are those of the host */
	pid_t parent;
	pid_t leader;		/* of its kernel session, setsid(2) */
	unsigned int tty;	/* its controlling terminal, 0: none */
	uint64_t ticks;		/* processor time, with ended children */
	bool chosen;		/* for the caller */
};

struct processes {
	struct process *list;
	size_t n;
	size_t room;
	char group[4096];	/* the directory of the control group */
};

/*
 * Open the container's pid namespace: that of PID 1, pid on the host, to which
 * NSC_MONITOR_PID1 is a pidfd.  Returns a descriptor, or -1.
 */
int processes_namespace(pid_t pid);

/*
 * Load the processes in the control group of login's session, present or past,
 * that are in the namespace pidns or one below.  Empty without control groups.
 */
void processes_load(struct processes *all, pid_t login, int pidns);
void processes_free(struct processes *all);

/* Is the process in the namespace pidns or one below? */
bool processes_inside(pid_t pid, int pidns);

/*
 * Signal the chosen processes, or all.  Before each signal, the process is
 * verified to be in the group and in the namespace, with its pidfd open.
 */
void processes_signal(const struct processes *all, int pidns, bool chosen,
		      int signal);

/* The processor time of the loaded processes, in microseconds. */
uint64_t processes_cpu_us(const struct processes *all);

/*
 * Let the kernel kill all processes in the group, also those outside of the
 * container.  Returns false if it cannot.
 */
bool processes_kill_group(pid_t login);

/*
 * Is PID 1 alone, except for the network helper, whose number inside this is?
 */
bool processes_none(const char *helper);

#endif
