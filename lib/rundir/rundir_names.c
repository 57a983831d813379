/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run directories of names and of directories.  Runs in: nsinit, root of
 * the host; nsshell, as the user.
 */
#include "rundir/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rundir/instance.h"
#include "rundir/state.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/text.h"

uid_t nsc_rundir_linked(const char *name)
{
	char path[sizeof(NSC_RUNDIR) + NSC_NAME_MAX + 1], target[16];
	long long uid;
	ssize_t n;

	snprintf(path, sizeof(path), NSC_RUNDIR "/%s", name);
	n = nsc_text_name_valid(name) ?
		    readlink(path, target, sizeof(target) - 1) : -1;
	target[n < 0 ? 0 : n] = '\0';
	return nsc_text_number(target, 0, UINT32_MAX - 1, &uid) < 0 ?
		       (uid_t)-1 : (uid_t)uid;
}

/* True also for a file that the caller may not read: others must judge it. */
static bool rundir_is_of(int rundir, unsigned int number, const char *name)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int instance = nsc_instance_open(rundir, number,
						      NSC_IGNORE);
	int error = instance < 0 ? instance :
		    nsc_state_load(instance, &state, NSC_IGNORE);

	return error == -EACCES || (error == 0 && !strcmp(state->user, name));
}

/* Is there an instance that was made for name (NULL: for any name)? */
static bool has_container_of(const char *path, const char *name)
{
	_cleanup_fd_ int rundir = nsc_rundir_open(path, NSC_IGNORE);
	_cleanup_free_ unsigned int *list = NULL;
	int n = rundir < 0 ? rundir :
			     nsc_instance_list(rundir, &list, NSC_IGNORE);

	while (n > 0)
		if (!name || rundir_is_of(rundir, list[--n], name))
			return true;
	return false;
}

int nsc_rundir_path_of_user(const char *name, uid_t uid, char **ret,
			    struct nsc_error *err)
{
	char escaped[4 * NSC_NAME_MAX + 8];
	_cleanup_free_ char *before = NULL;
	uid_t linked;
	int error;

	if (!nsc_text_name_valid(name))
		return nsc_error_set(err, EINVAL, "user name '%.128s': "
				     NSC_NAME_RULE,
				     nsc_text_escape(name, escaped,
						     sizeof(escaped)));
	error = nsc_rundir_path(uid, ret, err);
	linked = error < 0 || has_container_of(*ret, NULL) ?
			 uid : nsc_rundir_linked(name);
	if (error < 0 || linked == uid || linked == (uid_t)-1)
		return error;
	error = nsc_rundir_path(linked, &before, err);
	if (error < 0 || !has_container_of(before, name))
		return error;
	free(*ret);
	*ret = NSC_TAKE_PTR(before);
	return 0;
}

int nsc_rundir_link(const char *name, uid_t uid, struct nsc_error *err)
{
	_cleanup_fd_ int dir = nsc_file_open_dir(NSC_RUNDIR, err);
	char target[16], new[32];
	struct stat st;

	if (dir < 0)
		return dir;
	/* A number is reserved for the directory of that uid. */
	if (!name[strspn(name, "0123456789")] ||
	    nsc_rundir_linked(name) == uid ||
	    (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	     !S_ISLNK(st.st_mode)))
		return 0;
	snprintf(target, sizeof(target), "%u", uid);
	snprintf(new, sizeof(new), ".link-%u", uid);
	/* A process that was killed may have left it. */
	unlinkat(dir, new, 0);
	if (symlinkat(target, dir, new) < 0 ||
	    renameat(dir, new, dir, name) < 0) {
		int error = errno;

		unlinkat(dir, new, 0);
		return nsc_error_sys(err, error, "make " NSC_RUNDIR "/%s",
				     name);
	}
	return 0;
}

int nsc_rundir_path_of_dir(const char *dir, char **ret, struct nsc_error *err)
{
	_cleanup_fd_ int fd = nsc_file_open_dir(dir, err);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "%s", dir);
	if (asprintf(ret, "%s/.exec-%lx-%lx", NSC_RUNDIR,
		     (unsigned long)st.st_dev, (unsigned long)st.st_ino) < 0) {
		*ret = NULL;
		return nsc_error_sys(err, ENOMEM, "run directory");
	}
	return 0;
}
