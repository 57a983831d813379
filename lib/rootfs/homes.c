/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hides homes of other users on the host's own "/".  Runs in: see rootfs.h.
 *
 * A home is a directory that /etc/passwd names as an account's home and that
 * this account owns: daemon's is /usr/sbin, which root owns.  The file lacks
 * the accounts of a directory service, and listing those may take minutes:
 * beside the user's own home, a directory of a uid that the file lacks is taken
 * for a home of such an account.
 *
 * A home that is a link is where the link leads as well.
 *
 * All other checks are made in the rootfs: a directory that is hidden there is
 * not found, and a check mounts nothing.
 */
#include "rootfs/homes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "rootfs/home_paths.h"
#include "linux/mount.h"

#define PASSWD "/etc/passwd"
#define NOBODY NSC_HOME_UNLISTED

struct home {
	char *path;
	size_t parent;		/* length of its parent's path; 0: "/" */
	uid_t uid;
};

struct homes {
	const struct nsc_rootfs *rootfs;
	struct home *list;	/* by parent, then by name */
	size_t n;
	const char *own;	/* the user's own home, or NULL */
	size_t own_parent;
	uid_t shown;		/* owner of homes that stay, or NOBODY */
};

static int homes_compare(const void *a, const void *b)
{
	const struct home *x = a, *y = b;
	size_t n = x->parent < y->parent ? x->parent : y->parent;
	int ret = strncmp(x->path, y->path, n);

	if (ret == 0 && x->parent != y->parent)
		ret = x->parent < y->parent ? -1 : 1;
	return ret ? ret : strcmp(x->path + n, y->path + n);
}

static int homes_add(void *arg, const char *path, uid_t uid)
{
	struct homes *h = arg;
	_cleanup_free_ char *copy = NULL;
	size_t len = strlen(path);
	struct home *list;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (path[0] != '/' || len == 1)
		len = 0;
	/* Grow to powers of two. */
	if (!(h->n & (h->n - 1))) {
		list = reallocarray(h->list, h->n ? 2 * h->n : 1,
				    sizeof(*list));
		if (!list)
			return -ENOMEM;
		h->list = list;
	}
	copy = strndup(path, len);
	if (!copy)
		return -ENOMEM;
	list = &h->list[h->n++];
	list->uid = uid;
	list->parent = nsc_home_paths_parent(copy);
	list->path = NSC_TAKE_PTR(copy);
	return 0;
}

static int read_passwd(struct homes *h, struct nsc_error *err)
{
	const struct nsc_plan *plan = h->rootfs->plan;
	_cleanup_submounts_ struct nsc_submounts mounts = NSC_SUBMOUNTS_INIT;
	int ret = nsc_submounts_find(plan, &mounts, err);

	if (ret < 0)
		return ret;
	ret = nsc_home_paths_each(&mounts, plan->login ? plan->user->home :
				  NULL, homes_add, h);
	if (ret == 0 && h->own && h->shown == NOBODY)
		ret = homes_add(h, h->own, plan->user->uid);
	if (ret < 0)
		return nsc_error_sys(err, -ret, PASSWD);
	if (h->n)
		qsort(h->list, h->n, sizeof(*h->list), homes_compare);
	return 0;
}

/* Does the file name path as the home of that uid? */
static bool has_home(const struct homes *h, const char *path, uid_t uid)
{
	const struct home key = {
		(char *)(uintptr_t)path, nsc_home_paths_parent(path), uid,
	};
	const struct home *found = h->n ? bsearch(&key, h->list, h->n,
						  sizeof(key), homes_compare) :
					  NULL;

	/* Several accounts may share a home. */
	while (found && found > h->list && !homes_compare(found - 1, &key))
		found--;
	while (found && found->uid != uid)
		found = ++found < h->list + h->n &&
					!homes_compare(found, &key) ?
				found :
				NULL;
	return found;
}

static bool has_account(const struct homes *h, uid_t uid)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->list[i].uid == uid)
			return true;
	return false;
}

static bool beside_own(const struct homes *h, const char *path)
{
	return h->own && nsc_home_paths_parent(path) == h->own_parent &&
	       !strncmp(path, h->own, h->own_parent);
}

/* Is name in the directory dir a home to hide?  path is its full path. */
static bool is_hidden(const struct homes *h, int dir, const char *name,
		      const char *path)
{
	struct statx st;

	/* Never query a file system that a user may serve. */
	if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT |
		  AT_STATX_DONT_SYNC | (*name ? 0 : AT_EMPTY_PATH),
		  STATX_TYPE | STATX_UID, &st) < 0 ||
	    !S_ISDIR(st.stx_mode) || !st.stx_uid || st.stx_uid == h->shown)
		return false;
	return has_home(h, path, st.stx_uid) ||
	       ((beside_own(h, path) || has_home(h, path, NSC_HOME_UNLISTED)) &&
		!has_account(h, st.stx_uid));
}

static bool is_above_own(const struct homes *h, const char *path)
{
	size_t len = strlen(path);

	return h->own && !strncmp(h->own, path, len) && h->own[len] == '/';
}

/* The user's own home is mounted below it. */
static int put_empty(const struct homes *h, int target, const char *path,
		     struct nsc_error *err)
{
	const struct nsc_plan *plan = h->rootfs->plan;
	const struct nsc_tmpfs tmpfs = {
		plan->root_uid,
		plan->root_gid,
		0755,
		"1m",
		nsc_rootfs_label(h->rootfs),
		0,
	};
	_cleanup_fd_ int mount = nsc_mount_tmpfs(&tmpfs, err);

	if (mount < 0 || nsc_mount_attach(mount, target, err) < 0)
		return nsc_error_context(err, "hide '%s'", path);
	return 0;
}

static int cover(const struct homes *h, int target, const char *path,
		 struct nsc_error *err)
{
	if (is_above_own(h, path))
		return put_empty(h, target, path, err);
	if (nsc_rootfs_cover(h->rootfs, target, err) < 0)
		return nsc_error_context(err, "hide '%s'", path);
	return 0;
}

/* Call each() for each entry of the directory until it returns not 0. */
typedef int visit(const struct homes *h, int dir, const char *name,
		  const char *path, struct nsc_error *err);

static int homes_for_each(const struct homes *h, int parent, const char *path,
			  visit *each, struct nsc_error *err)
{
	DIR *dir = nsc_file_list(parent);
	const struct dirent *entry;
	int ret = 0, error = 0;

	if (!dir)
		return nsc_error_sys(err, errno, "hide homes in '%s'", path);
	while (ret == 0 && (entry = nsc_file_next(dir, &error))) {
		char full[PATH_MAX];

		snprintf(full, sizeof(full), "%.3800s/%s", path,
			 entry->d_name);
		ret = each(h, parent, entry->d_name, full, err);
	}
	closedir(dir);
	return error < 0 ? nsc_error_sys(err, -error, "hide homes: list '%s'",
					 path) : ret;
}

/*
 * Returns 1 for an entry that is neither a home, the user's own or another, nor
 * made by mkfs.
 */
static int homes_look(const struct homes *h, int dir, const char *name,
		      const char *path, struct nsc_error *err)
{
	(void)err;
	return !(is_hidden(h, dir, name, path) ||
		 !strcmp(name, "lost+found") ||
		 (h->own && !strcmp(path, h->own)));
}

static int hide(const struct homes *h, int dir, const char *name,
		const char *path, struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;

	if (!is_hidden(h, dir, name, path))
		return 0;
	fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 :
			nsc_error_sys(err, errno, "hide '%s'", path);
	/* Another directory may be there by now. */
	return is_hidden(h, fd, "", path) ? cover(h, fd, path, err) : 0;
}

/* If a directory has only homes, one mount hides all of them. */
static int hide_in(const struct homes *h, int dir, const char *parent,
		   struct nsc_error *err)
{
	int ret = *parent ? homes_for_each(h, dir, parent, homes_look, err) : 1;

	if (ret < 0)
		return ret;
	return ret ? homes_for_each(h, dir, parent, hide, err) :
		     put_empty(h, dir, parent, err);
}

/* Hide n homes that have the parent of the first. */
static int hide_group(const struct homes *h, const char *path, size_t len,
		      size_t n, struct nsc_error *err)
{
	char parent[PATH_MAX];
	_cleanup_fd_ int dir = -1;

	snprintf(parent, sizeof(parent), "%.*s", (int)len, path);
	if (nsc_rootfs_is_hidden(path))
		return 0;
	dir = *parent ? nsc_rootfs_target(h->rootfs, parent, NSC_TARGET_ANY,
					  err) :
			fcntl(h->rootfs->root, F_DUPFD_CLOEXEC, 3);
	if (dir == -ENOENT || dir == -ENOTDIR || dir == -ELOOP ||
	    dir == -EXDEV)
		return nsc_error_clear(err);
	if (dir < 0)
		return nsc_error_context(err, "hide homes in '%s'", parent);
	if (n == 1 && !beside_own(h, path))
		return hide(h, dir, path + len + 1, path, err);
	return hide_in(h, dir, parent, err);
}

static int hide_all(const struct homes *h, struct nsc_error *err)
{
	size_t i = 0;
	int ret = h->own ? hide_group(h, h->own, h->own_parent, 0, err) : 0;

	while (ret == 0 && i < h->n) {
		const struct home *first = &h->list[i];
		size_t n = 1;

		while (i + n < h->n && first[n].parent == first->parent &&
		       !strncmp(first[n].path, first->path, first->parent))
			n++;
		if (*first->path && !beside_own(h, first->path))
			ret = hide_group(h, first->path, first->parent, n,
					 err);
		i += n;
	}
	return ret;
}

int nsc_homes_hide(const struct nsc_rootfs *rootfs, const char *own,
		   struct nsc_error *err)
{
	const struct nsc_plan *plan = rootfs->plan;
	struct homes h = { .rootfs = rootfs, .shown = NOBODY };
	int ret;

	if (plan->login && own[0] == '/' && own[1]) {
		h.own = own;
		h.own_parent = nsc_home_paths_parent(own);
	}
	if (plan->login && plan->config->home != NSC_HOME_NONE)
		h.shown = plan->user->uid;
	ret = read_passwd(&h, err);
	if (ret == 0)
		ret = hide_all(&h, err);
	for (size_t i = 0; i < h.n; i++)
		free(h.list[i].path);
	free(h.list);
	return ret;
}
