/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups of one container as its run directory records them, in the file
 * "cgroup": one line for each directory.
 *
 *     s CONTROLLERS PATH   the container's group; each session gets a child
 *     g CONTROLLERS PATH   the same, without children
 *     m - PATH             the group that container-monitor moves itself into
 *     p - PATH             a group above, to be removed when it is empty
 *     e CONTROLLERS PATH   where a hierarchy is mounted, in which the group
 *                          of PID 1 is another engine's: it is entered, and
 *                          neither ended nor removed
 *
 * CONTROLLERS are names with commas, "v2" first in that hierarchy; those of
 * "e" in v1 as in /proc/PID/cgroup, cgroups(7).  The
 * builder writes the file before it makes anything; whoever ends the
 * container reads it, container-monitor, which is static, as well.
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

/* Write the record; what nsc_cgroup_tree_load() would not take is -E2BIG. */
int nsc_cgroup_tree_save(int rundir, const char *text, struct nsc_error *err);

/*
 * Read the record; -ENOENT where there is none.  The path of an "e" is then
 * the group in which PID 1 is now, since engines and service managers move
 * it; its kind is '-' where that is the root, which limits nothing, and '?'
 * where it cannot be told, which enters nobody.
 */
int nsc_cgroup_tree_load(int rundir, struct nsc_cgroup_tree *tree);

/* The group for pid in e's hierarchy, of PATH_MAX bytes with its end. */
void nsc_cgroup_entry_path(const struct nsc_cgroup_entry *e, pid_t pid,
			   char *path);

/* Is it a group of version 1? */
bool nsc_cgroup_entry_is_v1(const struct nsc_cgroup_entry *e);

/*
 * Move pid into a group of its own, session-PID, in each hierarchy.  The
 * caller has a pidfd: where that is alive afterwards the number was the
 * process's all the time, and it is where it was moved.  -ENOTRECOVERABLE: it
 * is in some of the groups.
 *
 * Those of v1 the process enters by itself, by tasks: see cgroup_tasks.h.
 */
int nsc_cgroup_tree_enter(const struct nsc_cgroup_tree *tree, pid_t pid,
			  struct nsc_cgroup_tasks *tasks,
			  struct nsc_error *err);

/* Remove the groups of processes that entered and are gone. */
void nsc_cgroup_tree_remove_dead(const struct nsc_cgroup_tree *tree);

/*
 * The group of a session, in the hierarchy that can tell the most of it: v2
 * where it is there.  -ENOENT where there is none.
 */
int nsc_cgroup_tree_session(const struct nsc_cgroup_tree *tree, pid_t pid,
			    char *path, size_t size);

/* Remove a session's groups, as far as they are empty; -EBUSY: not all were. */
int nsc_cgroup_tree_leave(const struct nsc_cgroup_tree *tree, pid_t pid);

/* The entry of a controller, or NULL; "freezer" may be that of v2. */
const struct nsc_cgroup_entry *
nsc_cgroup_tree_find(const struct nsc_cgroup_tree *tree,
		     const char *controller);

/* Is it frozen, or on the way to that? */
bool nsc_cgroup_tree_paused(const struct nsc_cgroup_tree *tree);

/* Freeze or thaw without waiting; negative errno. */
int nsc_cgroup_tree_freeze(const struct nsc_cgroup_tree *tree, bool freeze);

/* All of it is frozen: it stopped to run. */
bool nsc_cgroup_tree_frozen(const struct nsc_cgroup_tree *tree);

/*
 * End and remove: thaw, wait grace_ms for the processes to end by themselves,
 * kill those that are left, remove the groups.  0, or -EBUSY when something
 * stayed.
 */
int nsc_cgroup_tree_end(const struct nsc_cgroup_tree *tree, int grace_ms);

#define NSC_CGROUP_DEPTH 64	/* of groups that are looked at */

/* For each group below path, at most depth deep, and then for path itself. */
void nsc_cgroup_each(const char *path, int depth,
		     void (*act)(const char *path, void *arg), void *arg);

/* Remove what is empty below path, and path itself; never kills. */
int nsc_cgroup_tree_remove(const char *path);

#endif
