/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a session: those of its control group, in the container. */
#ifndef NSC_MONITOR_PROCESSES_H
#define NSC_MONITOR_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	pid_t pid;		/* all as the host sees them */
	pid_t parent;
	pid_t leader;		/* of its kernel session, setsid(2) */
	unsigned int tty;	/* its controlling terminal, 0: none */
	uint64_t ticks;		/* of processor time, with ended children */
	bool chosen;		/* for whoever has the list */
};

struct processes {
	struct process *list;
	size_t n;
	size_t room;
	char group[4096];	/* the directory of the control group */
};

/*
 * Which pid namespace is the container's: that of PID 1, pid on the host,
 * which NSC_MONITOR_PID1 leads to.  Returns a descriptor of it, or -1.
 */
int processes_namespace(pid_t pid);

/*
 * Those in the group of the session that login is, or was, in the
 * namespace pidns or one below.  Empty where there are no groups.
 */
void processes_load(struct processes *all, pid_t login, int pidns);
void processes_free(struct processes *all);

/* Is that process in the namespace pidns or one below? */
bool processes_inside(pid_t pid, int pidns);

/*
 * Signal those that are chosen, or all.  What the number leads to is seen to
 * be in the group and in the namespace after its pidfd was opened.
 */
void processes_signal(const struct processes *all, int pidns, bool chosen,
		      int signal);

/* The processor time of those that are there, microseconds. */
uint64_t processes_cpu_us(const struct processes *all);

/* Have the kernel end all in the group, whoever it is.  False: it cannot. */
bool processes_kill_group(pid_t login);

#endif
