/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enter a container: the only place where a process of the host becomes a
 * process of the container.  Each function documents its preconditions and
 * results; none of them loads, resolves or parses anything.
 */
#ifndef NSC_SESSION_ENTER_H
#define NSC_SESSION_ENTER_H

#include "util/error.h"
#include "rundir/state.h"

/*
 * Step 1.  Starts single-threaded, as root of the host or as the owner of the
 * container's user namespace.  Ends in all namespaces of the container at once
 * (setns(2) on the verified pidfd), in its root directory, not dumpable, with
 * all capabilities in its user namespace.  A pid namespace takes effect for
 * children.  Returns 0 or a negative errno; after a failure the process must
 * end, because it may already be inside.
 */
int nsc_enter_namespaces(int pidfd, const struct nsc_state *state,
			 struct nsc_error *err);

/*
 * The same for a process whose child will exec a user's program: also sets the
 * labels for that program, and limits the bounding set to the container's.
 */
int nsc_enter_to_exec(int pidfd, const struct nsc_state *state,
		      struct nsc_error *err);

/*
 * Step 2 for a login program that continues as root.  It becomes the
 * container's root with gid (inside) and its current supplementary groups (su
 * and login have set the user's before the session opens).  The bounding set is
 * the container's; permitted are only the capabilities that a login program
 * needs and the container grants; inheritable and ambient are empty;
 * no_new_privs and the system-call filter are as configured.  Returns 0 or a
 * negative errno.
 */
int nsc_enter_as_root(const struct nsc_state *state, gid_t gid,
		      struct nsc_error *err);

/*
 * Step 2 for the parent of a process that calls nsc_enter_as_user(): it only
 * waits for that process and runs nothing of the container.  The same, but
 * without the system-call filter, which is made for programs inside and could
 * prevent the wait.  Returns 0 or a negative errno.
 */
int nsc_enter_as_parent(const struct nsc_state *state, bool keep_ids,
			struct nsc_error *err);

/*
 * Step 2 for a process that will exec a user's program: uid, gid and groups of
 * the container's 'user' (keep_ids: the current ones), no capabilities except
 * those that exec gives the container's root within the bounding set,
 * no_new_privs and system-call filter as configured.  Returns 0 or a negative
 * errno.
 */
int nsc_enter_as_user(const struct nsc_state *state, bool keep_ids,
		      struct nsc_error *err);

#endif
