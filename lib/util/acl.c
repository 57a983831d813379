/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This file uses plain libc, because static programs use it too: it writes the
 * kernel's own format from <linux/posix_acl_xattr.h>, which a C library need
 * not have.
 */
#include "util/acl.h"

#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define XATTR "system.posix_acl_access"
#define VERSION 2
#define NO_ID UINT32_MAX

enum tag { USER_OBJ = 0x01, USER = 0x02, GROUP_OBJ = 0x04, MASK = 0x10,
	   OTHER = 0x20 };

/* All fields are little-endian; the entries are in the order of their tags. */
struct list {
	uint32_t version;
	struct {
		uint16_t tag, access;
		uint32_t id;
	} entries[5];
};

_Static_assert(sizeof(struct list) == 44, "as the kernel has it");

static void acl_put(struct list *list, size_t at, enum tag tag,
		    unsigned int access, uint32_t id)
{
	list->entries[at].tag = htole16((uint16_t)tag);
	list->entries[at].access = htole16((uint16_t)access);
	list->entries[at].id = htole32(id);
}

static void acl_fill(struct list *list, uid_t uid, unsigned int access)
{
	list->version = htole32(VERSION);
	acl_put(list, 0, USER_OBJ, NSC_ACL_READ | NSC_ACL_WRITE, NO_ID);
	acl_put(list, 1, USER, access, uid);
	acl_put(list, 2, GROUP_OBJ, 0, NO_ID);
	acl_put(list, 3, MASK, access, NO_ID);
	acl_put(list, 4, OTHER, 0, NO_ID);
}

static int result(int ret, uid_t uid)
{
	return ret < 0 && uid != 0 && errno != EOPNOTSUPP ? -errno : 0;
}

int nsc_acl_grant(int fd, uid_t uid, unsigned int access)
{
	struct list list;

	if (fchmod(fd, 0600) < 0)
		return -errno;
	acl_fill(&list, uid, access);
	return uid == 0 ? 0 : result(fsetxattr(fd, XATTR, &list, sizeof(list),
					       0), uid);
}

int nsc_acl_grant_name(const char *name, uid_t uid, unsigned int access)
{
	struct list list;

	acl_fill(&list, uid, access);
	return uid == 0 ? 0 : result(lsetxattr(name, XATTR, &list,
					       sizeof(list), 0), uid);
}

bool nsc_acl_possible(int dirfd)
{
	return fgetxattr(dirfd, XATTR, NULL, 0) >= 0 || errno != EOPNOTSUPP;
}
