/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces: their table and identities. */
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

/* st_dev and st_ino of /proc/PID/ns/X identify a namespace, namespaces(7). */
struct nsc_namespace_id {
	uint64_t dev;
	uint64_t ino;
};

/*
 * Get the identities of all namespaces of pid (0: the caller), in the order of
 * nsc_namespaces.  Needs ptrace read access to the process, ptrace(2).  Returns
 * 0 or a negative errno.
 */
int nsc_namespace_ids(pid_t pid, struct nsc_namespace_id ids[NSC_NAMESPACES]);

/*
 * Which namespaces in ids, from nsc_namespace_ids(), differ from the caller's?
 * Returns CLONE_NEW* bits; *error becomes 0 or a negative errno.
 */
unsigned int nsc_namespace_differ(const struct nsc_namespace_id ids[],
				  int *error);

/*
 * Get the creator of the user namespace that owns the namespace flag of pid
 * (for a user namespace: its own creator), ioctl_ns(2).  *ret is 0 if this is
 * the caller's own user namespace, which only its root could use.  Returns 0 or
 * a negative errno.
 */
int nsc_namespace_owner(pid_t pid, unsigned int flag, uid_t *ret);

/*
 * Is the caller's user namespace not the kernel's first, as in an unprivileged
 * container?
 */
bool nsc_namespace_is_nested(void);

/*
 * Open /proc/PID/ns/link (pid 0: the caller's), close-on-exec.  Returns a
 * descriptor or a negative errno.
 */
int nsc_namespace_open(pid_t pid, unsigned int flag);

#endif
