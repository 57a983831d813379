/* SPDX-License-Identifier: Apache-2.0 */
#include "rundir/statedir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/text.h"

#define UPPER "overlay/upper"

static int statedir_refuse(const char *path, long long uid,
			   const struct nsc_user *user, struct nsc_error *err)
{
	return nsc_error_set(err, EOWNERDEAD, "%s: was made for uid %lld, and "
			     "'%s' is uid %u: 'nsinit purge %s' removes it; "
			     "or, if both are the same person, change the "
			     "owner of its content and write %u to %s/"
			     NSC_STATEDIR_UID, path, uid, user->name, user->uid,
			     user->name, user->uid, path);
}

/* Read the recorded uid; -ENOENT if there is none. */
static int read_uid(int dir, const char *path, long long *ret,
		    struct nsc_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	_cleanup_fd_ int fd = nsc_file_open_at(dir, path, NSC_STATEDIR_UID, &e);
	_cleanup_free_ char *text = NULL;
	int error;

	if (fd == -ENOENT)
		return fd;
	if (fd < 0)
		return nsc_error_set(err, -fd, "%s", e.text);
	error = nsc_file_read(fd, NSC_STATEDIR_UID, 64, &text, NULL, err);
	if (error < 0)
		return nsc_error_context(err, "%s", path);
	text[strcspn(text, "\n")] = '\0';
	if (nsc_text_number(text, 0, UINT32_MAX, ret) < 0)
		return nsc_error_set(err, EINVAL, "%s/" NSC_STATEDIR_UID
				     ": expected a uid", path);
	return 0;
}

/*
 * Check that the content of an earlier version's directory belongs to the user.
 */
static int statedir_adopt(int dir, const char *path,
			  const struct nsc_user *user, uid_t root_uid,
			  struct nsc_error *err)
{
	struct stat home, upper;
	bool has_home = fstatat(dir, "home", &home, AT_SYMLINK_NOFOLLOW) == 0;
	bool has_upper = fstatat(dir, UPPER, &upper, AT_SYMLINK_NOFOLLOW) == 0;

	if (has_home && home.st_uid != user->uid)
		return statedir_refuse(path, home.st_uid, user, err);
	if (has_upper && upper.st_uid != 0 && upper.st_uid != root_uid)
		return statedir_refuse(path, upper.st_uid, user, err);
	return has_home || has_upper;
}

static int note(int dir, uid_t uid, struct nsc_error *err)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%u\n", uid);

	return nsc_file_write_at(dir, NSC_STATEDIR_UID, text, (size_t)len, 0600,
				 err);
}

void nsc_statedir_path(const char *name, char path[PATH_MAX])
{
	/* The pools use these names; no user name begins with a dot. */
	bool taken = !strcmp(name, "ids") || !strcmp(name, "addresses");

	snprintf(path, PATH_MAX, "%s/%s%s", NSC_STATEDIR, taken ? "." : "",
		 name);
}

void nsc_statedir_path_of_dir(const char *config, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/" NSC_STATEDIR_DIR "%016" PRIx64,
		 NSC_STATEDIR, nsc_hash_add_text(NSC_HASH_INIT, config));
}

void nsc_statedir_path_of(const struct nsc_statedir *whose,
			  char path[PATH_MAX])
{
	if (whose->config)
		nsc_statedir_path_of_dir(whose->config, path);
	else
		nsc_statedir_path(whose->user->name, path);
}

/* Write the uid last: it says that the directory is complete. */
static int statedir_note(int dir, const struct nsc_statedir *whose,
			 struct nsc_error *err)
{
	const char *config = whose->config;
	int ret = !config ? 0 :
		  nsc_file_write_at(dir, NSC_STATEDIR_PATH, config,
				    strlen(config), 0600, err);

	return ret < 0 ? ret : note(dir, whose->user->uid, err);
}

int nsc_statedir_open(const struct nsc_statedir *whose, struct nsc_error *err)
{
	const struct nsc_user *user = whose->user;
	_cleanup_fd_ int dir = -1;
	char path[PATH_MAX];
	long long uid;
	int ret;

	nsc_statedir_path_of(whose, path);
	dir = nsc_file_make_dir(path, 0700, err);
	if (dir < 0)
		return dir;
	ret = read_uid(dir, path, &uid, err);
	if (ret == 0)
		return uid == user->uid ? NSC_TAKE_FD(dir) :
					  statedir_refuse(path, uid, user, err);
	if (ret != -ENOENT)
		return ret;
	if (faccessat(dir, NSC_STATEDIR_GONE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return nsc_error_set(err, EOWNERDEAD, "%s: is of an account "
				     "that was deleted: 'nsinit purge %s' "
				     "removes it; or, if '%s' is the same "
				     "person, 'nsinit adopt %s' keeps it", path,
				     user->name, user->name, user->name);
	ret = statedir_adopt(dir, path, user, whose->root_uid, err);
	if (ret < 0)
		return ret;
	/* A directory with content must stay usable on a full disk. */
	if (statedir_note(dir, whose, ret ? NSC_IGNORE : err) < 0 && !ret)
		return nsc_error_context(err, "%s", path);
	return NSC_TAKE_FD(dir);
}
