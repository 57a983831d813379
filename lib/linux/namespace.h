/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: one table of them, and their identities. */
#ifndef NSC_LINUX_NAMESPACE_H
#define NSC_LINUX_NAMESPACE_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

struct nsc_namespace {
	unsigned int flag;	/* CLONE_NEW* */
	const char *key;	/* in container.json: "NEWNS" */
	const char *link;	/* in /proc/PID/ns: "mnt" */
};

#define NSC_NAMESPACES 8
extern const struct nsc_namespace nsc_namespaces[NSC_NAMESPACES];

/* st_dev and st_ino of /proc/PID/ns/X identify it, namespaces(7). */
struct nsc_namespace_id {
	uint64_t dev;
	uint64_t ino;
};

/*
 * The identities of all namespaces of pid (0: of the caller), in the order
 * of nsc_namespaces.  Needs ptrace read access to the process, ptrace(2).
 */
int nsc_namespace_ids(pid_t pid, struct nsc_namespace_id ids[NSC_NAMESPACES]);

/*
 * Which of pid's namespaces are others than the caller's, as CLONE_NEW*; of
 * ids, which nsc_namespace_ids() gave for it.  Negative errno in *error.
 */
unsigned int nsc_namespace_differ(const struct nsc_namespace_id ids[],
				  int *error);

/*
 * Who made the user namespace that owns the namespace flag of pid (of a user
 * namespace: who made it), ioctl_ns(2); 0 where it is the caller's own, which
 * only its root could use.
 */
int nsc_namespace_owner(pid_t pid, unsigned int flag, uid_t *ret);

/* Open /proc/PID/ns/link (pid 0: the caller's), close-on-exec. */
int nsc_namespace_open(pid_t pid, unsigned int flag);

#endif
