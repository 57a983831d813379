/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that root owns and one user may use through an access control list,
 * acl(5).  Only the owner can change the mode and the list, so root keeps
 * control; a group could do the same only if it had no other member.
 */
#ifndef NSC_UTIL_ACL_H
#define NSC_UTIL_ACL_H

#include <stdbool.h>
#include <sys/types.h>

#define NSC_ACL_READ 4
#define NSC_ACL_WRITE 2		/* connect(2) to a socket needs both */

/*
 * Give the owner read and write access, uid the permissions in 'access', and
 * nobody else anything.  In the mode, the group bits show the permissions of
 * uid.  For uid 0, only the mode is set.  On a file system without access
 * control lists, only the owner has access.  Returns 0 or a negative errno,
 * with the file unchanged.
 */
int nsc_acl_grant(int fd, uid_t uid, unsigned int access);

/* The same for a name below the current directory; it may be a socket. */
int nsc_acl_grant_name(const char *name, uid_t uid, unsigned int access);

/* Does the file system of this directory support access control lists? */
bool nsc_acl_possible(int dirfd);

#endif
