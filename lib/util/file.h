/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that privileged code trusts.  Each component of a path is opened by
 * descriptor without following links and checked on that descriptor, and the
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
 * Open the directory at an absolute path.  Each directory in the path,
 * including / and the last one, must be owned by root and writable by nobody
 * else.  A directory before the last may be writable by others if it is sticky,
 * because nobody can then replace files that root owns in it.  Returns a
 * readable descriptor (without O_PATH), -ENOENT if a component does not exist,
 * or another negative errno.
 */
int nsc_file_open_dir(const char *path, struct nsc_error *err);

/*
 * The same for one more component below dirfd; messages call dirfd by dirname.
 * -ENOENT if the component does not exist.
 */
int nsc_file_open_dir_at(int dirfd, const char *dirname, const char *name,
			 struct nsc_error *err);

/*
 * Open a regular file that is owned by root and not writable by others, below a
 * directory that the functions above opened.  Never blocks on a FIFO or a
 * device.  -ENOENT if the file does not exist.
 */
int nsc_file_open_at(int dirfd, const char *dirname, const char *name,
		     struct nsc_error *err);

/* The same by an absolute path; all directories in the path are checked. */
int nsc_file_open(const char *path, struct nsc_error *err);

/*
 * nsc_file_open_dir() for the directory that contains an absolute path;
 * *ret_name is the last part of the path.
 */
int nsc_file_open_parent(const char *path, const char **ret_name,
			 struct nsc_error *err);

/*
 * Read a whole file of at most max bytes into new memory, terminated with a NUL
 * that len does not count.  A NUL in the file is -EINVAL.
 */
int nsc_file_read(int fd, const char *name, size_t max, char **ret,
		  size_t *ret_len, struct nsc_error *err);

/* nsc_file_open_at() and nsc_file_read() of a file that rarely changes. */
int nsc_file_load_at(int dirfd, const char *dirname, const char *name,
		     size_t max, char **ret, struct nsc_error *err);

/*
 * Write a file below dirfd completely or not at all: write a temporary file,
 * set its mode, rename it.
 */
int nsc_file_write_at(int dirfd, const char *name, const void *data,
		      size_t len, mode_t mode, struct nsc_error *err);

/*
 * The same for a file that root owns, and root and one user may read: see
 * acl.h.
 */
int nsc_file_write_for(int dirfd, const char *name, const void *data,
		       size_t len, uid_t reader, struct nsc_error *err);

/* mkdir -p for directories of root, checked like nsc_file_open_dir(). */
int nsc_file_make_dir(const char *path, mode_t mode, struct nsc_error *err);

/* List a directory (O_PATH is enough); NULL with errno on failure. */
DIR *nsc_file_list(int dirfd);

/*
 * The next entry, without "." and ".."; NULL at the end, and on failure with a
 * negative errno in *error: a list that ends early is not the whole one.
 */
const struct dirent *nsc_file_next(DIR *dir, int *error);

/*
 * Call act for each name in a directory, of which "." and ".." are none, until
 * it returns a value other than 0.  Returns that value, or why the directory
 * (O_PATH is enough) cannot be listed.
 */
int nsc_file_each(int dirfd, int (*act)(const char *name, void *arg),
		  void *arg);

/*
 * Remove the files in a directory and, down to depth levels, its directories
 * too.  An entry that cannot be removed stays.
 */
void nsc_file_empty(int dirfd, int depth);

/*
 * Read a small file, such as one of the kernel's, below dir into buf, and
 * terminate it with a NUL; the part that does not fit into size bytes is
 * dropped.  Returns the length or a negative errno.
 */
int nsc_file_read_text(int dir, const char *path, char *buf, size_t size);

/*
 * The same by one read, for what the kernel prints as a whole: most files of a
 * process or of a control group, but none that is a list.
 */
int nsc_file_read_once(int dir, const char *path, char *buf, size_t size);

/* write(2) all data; returns 0 or a negative errno. */
int nsc_file_write_all(int fd, const void *data, size_t len);

#endif
