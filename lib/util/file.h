/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that privileged code trusts.  Each component of a path is opened by
 * descriptor without following links, checked on that descriptor, and the
 * file is read through the descriptor that was checked; no path is resolved
 * twice.
 */
#ifndef NSC_UTIL_FILE_H
#define NSC_UTIL_FILE_H

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

#define NSC_FILE_MAX ((size_t)1024 * 1024)

/*
 * Open the directory at an absolute path.  Each directory on the way, / and
 * the last one included, must be owned by root and writable by nobody else;
 * a directory on the way (not the last) may be writable by others when it is
 * sticky, since nobody can then replace what root owns in it.
 * Returns a descriptor (O_PATH is not used: it can be read), or
 * -ENOENT where a component does not exist, or another negative errno.
 */
int nsc_file_open_dir(const char *path, struct nsc_error *err);

/*
 * The same for one more component below dirfd; dirname names dirfd in
 * messages.  A missing one is -ENOENT.
 */
int nsc_file_open_dir_at(int dirfd, const char *dirname, const char *name,
			 struct nsc_error *err);

/*
 * Open a regular file of root's, not writable by others, below a directory
 * opened by the functions above.  Never blocks (FIFO, device).  -ENOENT where
 * it does not exist.
 */
int nsc_file_open_at(int dirfd, const char *dirname, const char *name,
		     struct nsc_error *err);

/* The same by an absolute path, with all directories on the way. */
int nsc_file_open(const char *path, struct nsc_error *err);

/*
 * nsc_file_open_dir() of the directory that an absolute path is in; *ret_name
 * is the last part of path.
 */
int nsc_file_open_parent(const char *path, const char **ret_name,
			 struct nsc_error *err);

/*
 * Read a whole file of at most max bytes into new memory, terminated with a
 * NUL that len does not count.  A NUL inside is -EINVAL.
 */
int nsc_file_read(int fd, const char *name, size_t max, char **ret,
		  size_t *ret_len, struct nsc_error *err);

/*
 * Write a file below dirfd whole or not at all: a temporary name, mode, then
 * rename.
 */
int nsc_file_write_at(int dirfd, const char *name, const void *data,
		      size_t len, mode_t mode, struct nsc_error *err);

/* The same, root's, for root and one user to read: see acl.h. */
int nsc_file_write_for(int dirfd, const char *name, const void *data,
		       size_t len, uid_t reader, struct nsc_error *err);

/* mkdir -p for directories of root's: checked like nsc_file_open_dir. */
int nsc_file_make_dir(const char *path, mode_t mode, struct nsc_error *err);

/* A stream of what is in a directory (O_PATH will do); NULL and errno. */
DIR *nsc_file_list(int dirfd);

/*
 * Remove the files in a directory, and with a depth the directories as well,
 * that many levels down.  What cannot be removed stays.
 */
void nsc_file_empty(int dirfd, int depth);

/*
 * Read a small file, as the kernel's are, below dir into buf, with a NUL behind
 * it; what is longer than size is cut.  Its length or a negative errno.
 */
int nsc_file_read_text(int dir, const char *path, char *buf, size_t size);

/* write() all of it; 0 or a negative errno. */
int nsc_file_write_all(int fd, const void *data, size_t len);

#endif
