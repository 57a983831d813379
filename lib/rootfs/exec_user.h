/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who runs inside: 'user' of container.json against the container's own
 * /etc/passwd and /etc/group, which whoever made the rootfs controls.  They
 * are read by a process without privileges, bounded, and never block.
 */
#ifndef NSC_ROOTFS_EXEC_USER_H
#define NSC_ROOTFS_EXEC_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/error.h"
#include "policy/user.h"

#define NSC_EXEC_USER_GROUPS 4096

/* Fixed in size: it crosses a pipe in one write. */
struct nsc_exec_user {
	uid_t uid;
	gid_t gid;
	gid_t groups[NSC_EXEC_USER_GROUPS];
	size_t n_groups;
	char name[65];
	char home[256];
	char shell[256];	/* "": the entry has none */
};

struct nsc_exec_user_request {
	const char *spec;		/* 'user', or NULL */
	const struct nsc_user *login;	/* who logs in; NULL: nsinit exec */
	const char *shell;		/* session.shell, or NULL */
	bool own_home;			/* the home is what passwd says */
	bool host_ids;			/* ids inside are those of the host */
};

/*
 * Resolve against the text of passwd and group (NULL: there is none).  A name
 * or number that they do not have is an error for a name, and stands for
 * itself for a number.  For a login the result is the login user, and a spec
 * that names somebody else is an error; with host_ids it has no group that the
 * login user has not on the host.
 */
int nsc_exec_user_resolve(const struct nsc_exec_user_request *request,
			  const char *passwd, const char *group,
			  struct nsc_exec_user *ret, struct nsc_error *err);

/*
 * The same against the files of the current root directory, in a child that
 * has become nobody; also chooses a shell that exists: session.shell, the
 * entry's, /bin/bash, /bin/sh.  nsshell itself is never chosen.
 */
int nsc_exec_user_find(const struct nsc_exec_user_request *request,
		       struct nsc_exec_user *ret, struct nsc_error *err);

/* Become nobody, without any privilege, for good. */
int nsc_exec_user_become_nobody(struct nsc_error *err);

#endif
