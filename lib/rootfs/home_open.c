/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and the worker, root of the host. */
#include "rootfs/home_open.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/target.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/proc.h"
#include "util/text.h"

/* A directory of root's there is the system's, whoever lives in it. */
static bool is_systems(const char *path)
{
	static const char *const dirs[] = {
		"/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64",
		"/libx32", "/proc", "/sbin", "/sys", "/usr",
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(dirs); i++)
		if (nsc_text_is_below(path, dirs[i]))
			return true;
	return !path[1];
}

static bool has_others_homes(const struct nsc_user *user, const char *path)
{
	_cleanup_file_ FILE *in = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	while (in && (entry = fgetpwent(in)))
		if (entry->pw_uid != user->uid &&
		    nsc_text_is_below(entry->pw_dir, path))
			return true;
	return false;
}

/* Only the user who serves a file system may look into it. */
static bool serves(const struct nsc_user *user, const char *path)
{
	_cleanup_free_ char *text = NULL;
	struct nsc_proc_mount m;
	char option[32];
	bool ret = false;
	char *rest;

	if (nsc_proc_read("/proc/self/mountinfo", &text, NSC_IGNORE) < 0)
		return false;
	snprintf(option, sizeof(option), "user_id=%u", user->uid);
	/* The last one of a mount point is on top. */
	for (rest = text; nsc_proc_mount_next(&rest, &m);)
		if (!strcmp(m.point, path))
			ret = !strncmp(m.type, "fuse", 4) &&
			      nsc_proc_mount_has(&m, option);
	return ret;
}

/* Does the path lead there by links that only root can make? */
static bool is_led_by_root(const struct nsc_user *user, const struct stat *st)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct nsc_tree tree = { root, 0, -1, "home" };
	_cleanup_fd_ int fd = root < 0 ? -1 :
		nsc_target_open(&tree, user->home, NSC_TARGET_ANY, NSC_IGNORE);
	struct stat there;

	return fd >= 0 && fstat(fd, &there) == 0 &&
	       there.st_dev == st->st_dev && there.st_ino == st->st_ino;
}

static int home_judge(const struct nsc_user *user, const char *path,
		      const struct stat *st, struct nsc_error *err)
{
	const char *name = strrchr(path, '/') + 1;
	bool named = st->st_uid == 0 && !strcmp(name, user->name);

	if (st->st_uid == user->uid)
		return 0;
	if (st->st_uid == 0 && is_systems(path))
		return -ENOENT;
	if (st->st_gid != user->gid && !named)
		return nsc_error_set(err, EPERM, "home '%s': it belongs to uid "
				     "%u and gid %u, so it is not in the "
				     "container: give it to '%s' or to gid %u",
				     user->home, st->st_uid, st->st_gid,
				     user->name, user->gid);
	if (!is_led_by_root(user, st))
		return nsc_error_set(err, EPERM, "home '%s': users other than "
				     "root can lead its path elsewhere, and it "
				     "belongs to uid %u, so it is not in the "
				     "container: give it to '%s'", user->home,
				     st->st_uid, user->name);
	if (has_others_homes(user, path))
		return nsc_error_set(err, EPERM, "home '%s': it belongs to uid "
				     "%u, and homes of others are in it, so it "
				     "is not in the container: give it to '%s'",
				     user->home, st->st_uid, user->name);
	return 0;
}

int nsc_home_open(const struct nsc_user *user, char path[PATH_MAX],
		  struct nsc_error *err)
{
	/* As in nsc_home_identify(). */
	_cleanup_fd_ int fd = open(user->home, O_PATH | O_DIRECTORY |
				   O_CLOEXEC);
	char link[64];
	struct stat st;
	ssize_t n;
	int ret;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? -ENOENT :
			nsc_error_sys(err, errno, "home '%s'", user->home);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n <= 0 || *path != '/')
		return nsc_error_sys(err, ENOENT, "home '%s'", user->home);
	path[n] = '\0';
	if (fstat(fd, &st) < 0)
		ret = errno == EACCES && serves(user, path) ? 0 :
		      nsc_error_sys(err, errno, "home '%s'", user->home);
	else
		ret = home_judge(user, path, &st, err);
	return ret < 0 ? ret : NSC_TAKE_FD(fd);
}
