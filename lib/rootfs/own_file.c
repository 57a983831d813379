/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: a child of the worker, see rootfs.h, which is root inside: the
 * author of the rootfs controls what it finds.
 */
#include "rootfs/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux/capability.h"
#include "linux/credential.h"
#include "rootfs/accounts.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/process.h"

#define LOCK_MS 2000

/* The input of the child. */
struct writing {
	const struct nsc_plan *plan;
	int root;
	const struct nsc_own_file *files;
	size_t n;
	const void *arg;
};

/* Read a file that may be replaced; *mode is unchanged if there is none. */
static int read_own(int dir, const struct nsc_own_file *file, gid_t gid,
		    mode_t *mode, char **text, struct nsc_error *err)
{
	_cleanup_fd_ int fd = openat(dir, file->name, O_RDONLY | O_NONBLOCK |
				     O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT && file->make)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "open /etc/%s", file->name);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_gid != gid)
		return nsc_error_set(err, EINVAL, "/etc/%s is not a file of "
				     "its own", file->name);
	*mode = st.st_mode & 0777;
	return nsc_file_read(fd, file->name, NSC_ACCOUNTS_MAX, text, NULL, err);
}

static int replace(int dir, const char *name, const char *text, size_t size,
		   mode_t mode, struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	char tmp[32];
	int ret;

	snprintf(tmp, sizeof(tmp), "%s.nscontainer", name);
	/* A start that was killed has left it. */
	unlinkat(dir, tmp, 0);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0600);
	if (fd < 0)
		return nsc_error_sys(err, errno, "make /etc/%s", tmp);
	ret = nsc_file_write_all(fd, text, size);
	if (ret == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0 ||
			 renameat(dir, tmp, dir, name) < 0))
		ret = -errno;
	if (ret < 0)
		unlinkat(dir, tmp, 0);
	return ret < 0 ? nsc_error_sys(err, -ret, "write /etc/%s", name) : 0;
}

static int write_own(const struct writing *w, int dir,
		     const struct nsc_own_file *file, struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *made = NULL;
	bool changed = false;
	mode_t mode = 0644;
	size_t size = 0;
	FILE *out;

	if (read_own(dir, file, w->plan->root_gid, &mode, &text, err) < 0)
		return -err->code;
	out = open_memstream(&made, &size);
	if (out)
		changed = file->print(w->arg, text, out);
	if (!out || fclose(out) != 0)
		return nsc_error_sys(err, ENOMEM, "/etc/%s", file->name);
	return changed ? replace(dir, file->name, made, size, mode, err) : 0;
}

static void write_as_root_inside(const void *arg, void *to)
{
	const struct writing *w = arg;
	struct nsc_error *err = to;
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	};
	_cleanup_fd_ int dir = -1;

	if (nsc_credential_become(w->plan->root_uid, w->plan->root_gid, NULL,
				  0, err) < 0 ||
	    nsc_capability_keep(0, err) < 0)
		return;
	dir = (int)syscall(SYS_openat2, w->root, "/etc", &how, sizeof(how));
	/*
	 * Starts that share the rootfs exclude each other.  They wait, since a
	 * rename ends the mounts over a file in every container; but not long,
	 * since users can hold the lock, too.
	 */
	if (dir < 0)
		nsc_error_sys(err, errno, "open /etc");
	else
		nsc_lock(dir, "/etc", LOCK_EX, nsc_process_now() + LOCK_MS,
			 err);
	for (size_t i = 0; err->code == 0 && i < w->n; i++)
		write_own(w, dir, &w->files[i], err);
}

bool nsc_own_files_write(const struct nsc_rootfs *rootfs,
			 const struct nsc_own_file *files, size_t n,
			 const void *arg)
{
	const struct nsc_config *config = rootfs->plan->config;
	const struct writing w = { rootfs->plan, rootfs->root, files, n, arg };
	struct nsc_error err = NSC_ERROR_INIT;

	return rootfs->userns >= 0 && strcmp(config->rootfs, "/") != 0 &&
	       !config->readonly_fs &&
	       nsc_process_ask(write_as_root_inside, &w, &err, sizeof(err),
			       -1) == 0 &&
	       !err.code;
}
