/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "record/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/text.h"
#include "record/gzip.h"

bool nsc_shelf_id_valid(const char *id)
{
	return strlen(id) == NSC_CAST_ID && id[8] == 'T' && id[15] == 'Z' &&
	       id[16] == '-' && id[24] == '-' &&
	       strspn(id, "0123456789TZ-") == NSC_CAST_ID;
}

static int shelf_by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* *ret may be NULL before, and is sorted. */
static int shelf_list(int dir, bool (*wanted)(int dir, char *name),
		      char ***ret, size_t *n)
{
	DIR *list = nsc_file_list(dir);
	const struct dirent *entry;
	int error = list ? 0 : -errno;

	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		error = -ENOMEM;
	while (list && error == 0 && (entry = nsc_file_next(list, &error))) {
		char name[NAME_MAX + 1];

		snprintf(name, sizeof(name), "%s", entry->d_name);
		if (wanted(dir, name))
			error = nsc_text_append(ret, n, name);
	}
	if (list)
		closedir(list);
	if (error == 0 && *n)
		qsort(*ret, *n, sizeof(**ret), shelf_by_name);
	return error;
}

/* A file system of its own may have files, such as aquota.user. */
static bool wanted_user(int dir, char *name)
{
	struct stat st;

	return nsc_text_name_valid(name) &&
	       fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* Leaves the id. */
static bool wanted_recording(int dir, char *name)
{
	char *dot = strchr(name, '.');

	if (!dot || (strcmp(dot, NSC_CAST) != 0 &&
		     strcmp(dot, NSC_CAST_GZ) != 0))
		return false;
	*dot = '\0';
	return dir >= 0 && nsc_shelf_id_valid(name);
}

int nsc_shelf_users(char ***ret, struct nsc_error *err)
{
	_cleanup_fd_ int dir = nsc_file_open_dir(NSC_RECORDINGS, err);
	size_t n = 0;
	int error;

	if (dir < 0)
		return dir;
	error = shelf_list(dir, wanted_user, ret, &n);
	return error < 0 ? nsc_error_sys(err, -error, NSC_RECORDINGS) : 0;
}

/* While it is compressed, a recording has two files. */
static void shelf_once(struct nsc_shelf *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (n && !strcmp(s->ids[n - 1], s->ids[i]))
			free(s->ids[i]);
		else
			s->ids[n++] = s->ids[i];
	s->ids[n] = NULL;
	s->n = n;
}

/* Returns the lock of whoever ends a recording, or a negative errno. */
static int shelf_lock(int dir)
{
	_cleanup_fd_ int lock = openat(dir, NSC_RECORDING_LOCK, O_RDWR |
				       O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return lock < 0 || flock(lock, LOCK_EX) < 0 ? -errno :
						      NSC_TAKE_FD(lock);
}

int nsc_shelf_open(const char *user, bool verify, struct nsc_shelf *ret,
		   struct nsc_error *err)
{
	_cleanup_shelf_ struct nsc_shelf s = NSC_SHELF_INIT;
	_cleanup_fd_ int top = nsc_file_open_dir(NSC_RECORDINGS, err);
	_cleanup_fd_ int lock = -1;
	int error = 0;

	if (top < 0)
		return top;
	if (!nsc_text_name_valid(user))
		return nsc_error_set(err, EINVAL, "the name of a user: "
				     NSC_NAME_RULE);
	s.user = user;
	s.dir = nsc_file_open_dir_at(top, NSC_RECORDINGS, user, err);
	if (s.dir < 0)
		return s.dir;
	if (verify) {
		lock = shelf_lock(s.dir);
		error = lock < 0 ? lock : 0;
	}
	if (error >= 0)
		error = shelf_list(s.dir, wanted_recording, &s.ids, &s.n);
	if (error < 0)
		return nsc_error_sys(err, -error, NSC_RECORDINGS "/%s", user);
	nsc_recording_last_read(s.dir, &s.last);
	s.opened = (int64_t)time(NULL);
	shelf_once(&s);
	*ret = s;
	s = (struct nsc_shelf)NSC_SHELF_INIT;
	return 0;
}

void nsc_shelf_close(struct nsc_shelf *s)
{
	nsc_fd_close(&s->dir);
	nsc_text_free_vector(s->ids);
	s->ids = NULL;
}

/* The directory's lock keeps the file from being locked for the first time. */
bool nsc_shelf_written(int dir, int fd)
{
	bool written;

	flock(dir, LOCK_EX);
	written = flock(fd, LOCK_SH | LOCK_NB) < 0;
	flock(fd, LOCK_UN);
	flock(dir, LOCK_UN);
	return written;
}

int nsc_shelf_file(const struct nsc_shelf *shelf, const char *id,
		   struct nsc_shelf_file *ret, struct nsc_error *err)
{
	_cleanup_shelf_file_ struct nsc_shelf_file f = NSC_SHELF_FILE_INIT;
	struct stat st;
	char name[64];

	/* It gets its other name before it loses this one. */
	for (int i = 0; i < 2 && f.fd < 0; i++) {
		snprintf(name, sizeof(name), "%s%s", id,
			 i ? NSC_CAST_GZ : NSC_CAST);
		f.fd = openat(shelf->dir, name, O_RDONLY | O_NOFOLLOW |
			      O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		f.gz = i;
	}
	if (f.fd < 0 || fstat(f.fd, &st) < 0)
		return nsc_error_sys(err, errno, "%s/%s/%s", NSC_RECORDINGS,
				     shelf->user, id);
	if (!S_ISREG(st.st_mode))
		return nsc_error_set(err, EINVAL, "%s/%s/%s: expected a file",
				     NSC_RECORDINGS, shelf->user, name);
	f.written = !f.gz && nsc_shelf_written(shelf->dir, f.fd);
	f.size = 512 * (int64_t)st.st_blocks;
	f.changed = st.st_mtime;
	*ret = f;
	f.fd = -1;
	return 0;
}

void nsc_shelf_file_close(struct nsc_shelf_file *f)
{
	nsc_fd_close(&f->fd);
}

int nsc_shelf_text(const struct nsc_shelf_file *f, pid_t *ret_gzip,
		   struct nsc_error *err)
{
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid;

	*ret_gzip = 0;
	if (!f->gz) {
		in = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
		if (in < 0 || lseek(in, 0, SEEK_SET) < 0)
			return nsc_error_sys(err, errno, "read");
		return NSC_TAKE_FD(in);
	}
	if (nsc_fd_pipe(&in, &out) < 0)
		return nsc_error_sys(err, errno, "pipe");
	pid = nsc_gzip_start("-dc", f->fd, out);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "gzip");
	*ret_gzip = pid;
	return NSC_TAKE_FD(in);
}

bool nsc_shelf_text_end(int *text, pid_t gzip)
{
	int status = 0;

	nsc_fd_close(text);
	while (gzip > 0 && waitpid(gzip, &status, 0) < 0 && errno == EINTR)
		;
	/* Whoever needs no more of it closes the pipe. */
	return WIFSIGNALED(status) ? WTERMSIG(status) == SIGPIPE :
				     WEXITSTATUS(status) == 0;
}
