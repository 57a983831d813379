/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups of one container, recorded in the file "cgroup" of its run
 * directory: one line for each group.
 *
 *     s CONTROLLERS PATH   the container's group; each session gets a child
 *     g CONTROLLERS PATH   the same, without children
 *     m - PATH             the group that container-monitor moves itself into
 *     p - PATH             a group above, removed when it is empty
 *     k - GROUP            as in /proc/PID/cgroup: a session that is below it
 *                          stays where it is, in that hierarchy
 *     e CONTROLLERS PATH   a hierarchy's mount point, where another engine
 *                          owns the group of PID 1: processes enter it, but
 *                          it is neither ended nor removed
 *
 * CONTROLLERS are names separated by commas, beginning with "v2" in that
 * hierarchy; for "e" in v1 they are as in /proc/PID/cgroup, cgroups(7).  The
 * builder writes the file before it makes a group; the process that ends the
 * container reads it, even container-monitor, which is static.
 */
#ifndef NSC_CGROUP_CGROUP_TREE_H
#define NSC_CGROUP_CGROUP_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

#define NSC_CGROUP_RECORD_MAX 131072
#define NSC_CGROUP_ENTRIES 192
#define NSC_CGROUP_SESSION "session-"	/* and the pid of the login */

struct nsc_cgroup_tasks;

struct nsc_cgroup_entry {
	char kind;
	const char *controllers;
	const char *path;
};

struct nsc_cgroup_tree {
	struct nsc_cgroup_entry list[NSC_CGROUP_ENTRIES];
	size_t n;
	char text[NSC_CGROUP_RECORD_MAX];
};

/*
 * Write the record; -E2BIG if nsc_cgroup_tree_load() would not accept it.
 * Returns 0 or a negative errno.
 */
int nsc_cgroup_tree_save(int rundir, const char *text, struct nsc_error *err);

/*
 * Read the record into new memory, of which only the used part is touched;
 * -ENOENT if there is none.  The path of an "e" becomes the current group of
 * PID 1, because engines and service managers move PID 1.  Its kind becomes '-'
 * if that is the root, which limits nothing, and '?' if the group is unknown,
 * and then no process can enter.  Returns 0 or a negative errno; after a
 * failure *ret has no groups, and it is NULL after -ENOMEM.
 */
int nsc_cgroup_tree_load(int rundir, struct nsc_cgroup_tree **ret);

/* Is it a group of the container's own, which ends with the container? */
bool nsc_cgroup_entry_is_own(const struct nsc_cgroup_entry *e);

/* Get the group for pid in e's hierarchy; path has PATH_MAX bytes. */
void nsc_cgroup_entry_path(const struct nsc_cgroup_entry *e, pid_t pid,
			   char *path);

/* Is it a group of version 1? */
bool nsc_cgroup_entry_is_v1(const struct nsc_cgroup_entry *e);

/*
 * Take out the hierarchies in which a process stays: groups is the text of its
 * /proc/PID/cgroup.
 */
void nsc_cgroup_tree_stay(struct nsc_cgroup_tree *tree, const char *groups);

/*
 * Move pid into its own group, session-PID, in each hierarchy.  The caller has
 * a pidfd: if its process is alive afterwards, pid always meant this process,
 * and this process was moved.  Returns 0 or a negative errno; -ENOTRECOVERABLE:
 * it is in some of the groups.
 *
 * The process enters those of v1 by itself, with tasks: see cgroup_tasks.h.
 */
int nsc_cgroup_tree_enter(const struct nsc_cgroup_tree *tree, pid_t pid,
			  struct nsc_cgroup_tasks *tasks,
			  struct nsc_error *err);

/* Remove the groups of sessions whose process has ended. */
void nsc_cgroup_tree_remove_dead(const struct nsc_cgroup_tree *tree);

/*
 * Get the path of a session's group, in the hierarchy with the most
 * information: v2 if present.  Returns 0 or a negative errno; -ENOENT if there
 * is none.
 */
int nsc_cgroup_tree_session(const struct nsc_cgroup_tree *tree, pid_t pid,
			    char *path, size_t size);

/* Remove the groups of a session that are empty; -EBUSY: some were not. */
int nsc_cgroup_tree_leave(const struct nsc_cgroup_tree *tree, pid_t pid);

/* The entry of a controller, or NULL; "freezer" may be in v2. */
const struct nsc_cgroup_entry *
nsc_cgroup_tree_find(const struct nsc_cgroup_tree *tree,
		     const char *controller);

/* Is it frozen or freezing? */
bool nsc_cgroup_tree_paused(const struct nsc_cgroup_tree *tree);

/* Freeze or thaw without waiting; returns 0 or a negative errno. */
int nsc_cgroup_tree_freeze(const struct nsc_cgroup_tree *tree, bool freeze);

/* Have all of its processes been frozen? */
bool nsc_cgroup_tree_frozen(const struct nsc_cgroup_tree *tree);

/*
 * End and remove: thaw, wait grace_ms milliseconds for the processes to end by
 * themselves, kill the remaining ones, remove the groups.  Returns 0, or -EBUSY
 * if a group could not be removed.
 */
int nsc_cgroup_tree_end(const struct nsc_cgroup_tree *tree, int grace_ms);

#define NSC_CGROUP_DEPTH 64	/* maximum depth of groups */

/*
 * Call act for each group below path, at most depth levels deep, then for path.
 */
void nsc_cgroup_each(const char *path, int depth,
		     void (*act)(const char *path, void *arg), void *arg);

/*
 * Remove path and the groups below it if they are empty; never kills.  Returns
 * 0 or -EBUSY.
 */
int nsc_cgroup_tree_remove(const char *path);

#endif
