/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Go into a container: the one place where a process of the host becomes a
 * process of the container.  Each function says what it starts with and what
 * it ends with; none of them loads, resolves or parses anything.
 */
#ifndef NSC_SESSION_ENTER_H
#define NSC_SESSION_ENTER_H

#include "util/error.h"
#include "rundir/state.h"

/*
 * Step 1.  Starts as root of the host, or as the owner of the container's
 * user namespace, single-threaded.  Ends in all namespaces of the container at
 * once (setns(2) on the verified pidfd), in its root directory, not
 * dumpable, with all capabilities in its user namespace.  A pid namespace
 * takes effect for children.  After a failure the process has to end, since
 * it may be inside by then.
 */
int nsc_enter_namespaces(int pidfd, const struct nsc_state *state,
			 struct nsc_error *err);

/*
 * The same for a process whose child is going to exec a user's program: the
 * labels that this program gets are set as well, and the bounding set is that
 * of the container.
 */
int nsc_enter_to_exec(int pidfd, const struct nsc_state *state,
		      struct nsc_error *err);

/*
 * Step 2 for a login program that goes on as root: the container's root with
 * gid (inside) and the supplementary groups that it has (su and login have set
 * the user's before the session opens), the bounding set that of the
 * container, permitted only what a login program needs and what the container
 * grants, inheritable and ambient empty, no_new_privs and system-call
 * filter as configured.
 */
int nsc_enter_as_root(const struct nsc_state *state, gid_t gid,
		      struct nsc_error *err);

/*
 * Step 2 for the parent of a process that does the next: it waits for that
 * one, and runs nothing of the container's.  The same without the system-call
 * filter, which is made for what runs inside and could keep it from waiting.
 */
int nsc_enter_as_parent(const struct nsc_state *state, bool keep_ids,
			struct nsc_error *err);

/*
 * Step 2 for a process that is going to exec a user's program: uid, gid and
 * groups of the container's 'user' (keep_ids: whoever we are already), no
 * capability but those that exec gives the container's root within the
 * bounding set, no_new_privs and system-call filter as configured.
 */
int nsc_enter_as_user(const struct nsc_state *state, bool keep_ids,
		      struct nsc_error *err);

#endif
