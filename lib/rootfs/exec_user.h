/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides which user runs inside: resolves 'user' of container.json with the
 * container's own /etc/passwd and /etc/group.  The author of the rootfs
 * controls these files, so a process without privileges reads them, with
 * limits, and never blocks.
 */
#ifndef NSC_ROOTFS_EXEC_USER_H
#define NSC_ROOTFS_EXEC_USER_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "util/error.h"
#include "policy/user.h"

#define NSC_EXEC_USER_GROUPS 4096

/* The size is fixed, so that one write to a pipe transfers it. */
struct nsc_exec_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[NSC_EXEC_USER_GROUPS];
	size_t n_groups;
	char name[256];
	char home[PATH_MAX];
	char shell[PATH_MAX];	/* "": the entry has none */
};

struct nsc_exec_user_request {
	const char *spec;		/* 'user', or NULL */
	const struct nsc_user *login;	/* the login user; NULL: nsinit exec */
	const char *shell;		/* session.shell, or NULL */
	bool own_home;			/* take the home from passwd */
	bool host_ids;			/* ids inside are the host's ids */
	const gid_t *more;		/* groups that the user gets besides */
	size_t n_more;
};

/*
 * Resolve with the text of passwd and group (NULL: there is none).  If they
 * lack a name, that is an error; if they lack a number, the number is used as
 * it is.  For a login the result is the login user, and a spec that names
 * another user is an error; with host_ids, the result has only groups that the
 * login user has on the host.  Returns 0 or a negative errno with err set.
 */
int nsc_exec_user_resolve(const struct nsc_exec_user_request *request,
			  const char *passwd, const char *group,
			  struct nsc_exec_user *ret, struct nsc_error *err);

/*
 * The same with the files of the current root directory, in a child that has
 * become nobody.  Also chooses a shell that exists: session.shell, the entry's
 * shell, /bin/bash, /bin/sh; never nsshell itself.
 */
int nsc_exec_user_find(const struct nsc_exec_user_request *request,
		       struct nsc_exec_user *ret, struct nsc_error *err);

/* Become nobody, without any privilege, permanently. */
int nsc_exec_user_become_nobody(struct nsc_error *err);

#endif
