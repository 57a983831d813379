/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"

#define FIRST_USER_NAMESPACE 0xeffffffd	/* PROC_USER_INIT_INO, since 3.8 */

const struct nsc_namespace nsc_namespaces[NSC_NAMESPACES] = {
	{ CLONE_NEWNS, "NEWNS", "mnt" },
	{ CLONE_NEWUTS, "NEWUTS", "uts" },
	{ CLONE_NEWIPC, "NEWIPC", "ipc" },
	{ CLONE_NEWUSER, "NEWUSER", "user" },
	{ CLONE_NEWPID, "NEWPID", "pid" },
	{ CLONE_NEWNET, "NEWNET", "net" },
	{ CLONE_NEWCGROUP, "NEWCGROUP", "cgroup" },
	{ CLONE_NEWTIME, "NEWTIME", "time" },
};

static void path_of(char *buf, size_t size, pid_t pid, const char *link)
{
	if (pid)
		snprintf(buf, size, "/proc/%d/ns/%s", (int)pid, link);
	else
		snprintf(buf, size, "/proc/self/ns/%s", link);
}

/*
 * The inode in "mnt:[4026531840]".  To follow the link would make an inode, and
 * takes three times as long.
 */
static int read_inode(int dir, const char *link, uint64_t *ret)
{
	char text[64];
	ssize_t n = readlinkat(dir, link, text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	return sscanf(text, "%*[^:]:[%" SCNu64 "]", ret) == 1 ? 0 : -EINVAL;
}

int nsc_namespace_ids(pid_t pid, struct nsc_namespace_id ids[NSC_NAMESPACES])
{
	_cleanup_fd_ int dir = -1;
	struct stat st;
	char path[64];

	path_of(path, sizeof(path), pid, "");
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	/* All are in one file system of the kernel. */
	if (fstatat(dir, nsc_namespaces[0].link, &st, 0) < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	for (size_t i = 0; i < NSC_NAMESPACES; i++) {
		int ret = read_inode(dir, nsc_namespaces[i].link, &ids[i].ino);

		if (ret < 0)
			return ret == -ENOENT ? -ESRCH : ret;
		ids[i].dev = st.st_dev;
	}
	return 0;
}

bool nsc_namespace_is_nested(void)
{
	struct stat st;

	return stat("/proc/self/ns/user", &st) == 0 &&
	       st.st_ino != FIRST_USER_NAMESPACE;
}

int nsc_namespace_open(pid_t pid, unsigned int flag)
{
	for (size_t i = 0; i < NSC_NAMESPACES; i++) {
		char path[64];
		int fd;

		if (nsc_namespaces[i].flag != flag)
			continue;
		path_of(path, sizeof(path), pid, nsc_namespaces[i].link);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	return -EINVAL;
}

unsigned int nsc_namespace_differ(const struct nsc_namespace_id ids[],
				  int *error)
{
	struct nsc_namespace_id own[NSC_NAMESPACES];
	unsigned int flags = 0;

	*error = nsc_namespace_ids(0, own);
	for (size_t i = 0; *error == 0 && i < NSC_NAMESPACES; i++)
		if (memcmp(&ids[i], &own[i], sizeof(own[i])) != 0)
			flags |= nsc_namespaces[i].flag;
	return flags;
}

int nsc_namespace_owner(pid_t pid, unsigned int flag, uid_t *ret)
{
	_cleanup_fd_ int fd = nsc_namespace_open(pid, flag);
	_cleanup_fd_ int owner = -1;
	struct stat own, st;

	if (fd < 0)
		return fd;
	if (flag == CLONE_NEWUSER)
		owner = NSC_TAKE_FD(fd);
	else
		owner = ioctl(fd, NS_GET_USERNS);
	if (owner < 0 || fstat(owner, &st) < 0 ||
	    stat("/proc/self/ns/user", &own) < 0)
		return -errno;
	*ret = 0;
	if (st.st_dev == own.st_dev && st.st_ino == own.st_ino)
		return 0;
	return ioctl(owner, NS_GET_OWNER_UID, ret) < 0 ? -errno : 0;
}
