/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of root's that one user may use: an access control list, acl(5).
 * The owner alone changes mode and list, so that is root still; a group would
 * have to have no other member.
 */
#ifndef NSC_UTIL_ACL_H
#define NSC_UTIL_ACL_H

#include <stdbool.h>
#include <sys/types.h>

#define NSC_ACL_READ 4
#define NSC_ACL_WRITE 2		/* connect(2) to a socket needs both */

/*
 * Give access to the owner (to read and write), and what 'access' says to uid;
 * to nobody else.  The mode shows uid's as the group's.  For uid 0 it is the
 * mode alone.  Where the file system has no lists the file is the owner's
 * alone.  A negative errno, with the file as it was.
 */
int nsc_acl_grant(int fd, uid_t uid, unsigned int access);

/* The same for a name below the current directory, which may be a socket. */
int nsc_acl_grant_name(const char *name, uid_t uid, unsigned int access);

/* Has the file system of a directory lists? */
bool nsc_acl_possible(int dirfd);

#endif
