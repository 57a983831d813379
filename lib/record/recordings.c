/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: container-recorder, root of the host. */
#include "record/recordings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

#define LAST "last"
#define LINKS (sizeof(NSC_CAST_HEAD) - 1)	/* where the link is */

/* Open a directory of root in at, and make it if it is missing. */
static int recordings_dir(int at, const char *name, mode_t mode)
{
	_cleanup_fd_ int fd = -1;
	struct stat st;

	if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != 0 || st.st_mode & 022)
		return -EPERM;
	return NSC_TAKE_FD(fd);
}

static int recordings_of(const char *user, struct nsc_error *err)
{
	_cleanup_fd_ int top = -1;
	_cleanup_fd_ int all = -1;
	int ret;

	if (!nsc_text_name_valid(user))
		return nsc_error_set(err, EINVAL, "record: the name of the "
				     "user cannot be that of a directory");
	ret = top = recordings_dir(AT_FDCWD, NSC_LOGDIR, 0755);
	if (ret >= 0)
		ret = all = recordings_dir(top, "recordings", 0700);
	if (ret >= 0)
		ret = recordings_dir(all, user, 0700);
	return ret < 0 ? nsc_error_sys(err, -ret, "record: open '%s/%s'",
				       NSC_RECORDINGS, user) : ret;
}

static void with_end(char name[64], const char *id, const char *end)
{
	snprintf(name, 64, "%.*s%s", NSC_CAST_ID, id, end);
}

/* Several terminals of one process may begin in one second. */
static int recording_new(int dir, pid_t pid, char id[NSC_CAST_ID + 1])
{
	char name[64], gz[64], when[32] = "";
	time_t now = time(NULL);
	struct stat st;
	struct tm tm;
	int fd = -1;

	if (!gmtime_r(&now, &tm) ||
	    !strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm))
		return -EOVERFLOW;
	for (int i = 0; fd < 0 && i < 100; i++) {
		snprintf(name, sizeof(name), "%s-%07d-%02d", when, (int)pid,
			 i);
		snprintf(id, NSC_CAST_ID + 1, "%.*s", NSC_CAST_ID, name);
		with_end(gz, id, NSC_CAST_GZ);
		if (fstatat(dir, gz, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		with_end(name, id, NSC_CAST);
		fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
			    0600);
		if (fd < 0 && errno != EEXIST)
			return -errno;
	}
	return fd < 0 ? -EEXIST : fd;
}

int nsc_recording_create(const struct session *s, const char *header,
			 size_t len, struct nsc_recording_file *ret,
			 struct nsc_error *err)
{
	struct nsc_recording_file f = NSC_RECORDING_FILE_INIT;
	char name[64];
	int error;

	f.dir = recordings_of(s->user, err);
	if (f.dir < 0)
		return f.dir;
	/* A file that is not locked yet is not one of a killed recorder. */
	flock(f.dir, LOCK_EX);
	error = f.fd = recording_new(f.dir, s->pid, f.id);
	if (error >= 0)
		error = flock(f.fd, LOCK_EX | LOCK_NB) < 0 ? -errno :
			nsc_file_write_all(f.fd, header, len);
	flock(f.dir, LOCK_UN);
	if (error == 0) {
		*ret = f;
		return 0;
	}
	with_end(name, f.id, NSC_CAST);
	if (f.fd >= 0)
		unlinkat(f.dir, name, 0);
	nsc_recording_close(&f);
	return nsc_error_sys(err, -error, "record: write '%s/%s/%s'",
			     NSC_RECORDINGS, s->user, name);
}

/* --- the chain */

void nsc_recording_last_read(int dir, struct nsc_recording_last *ret)
{
	char text[512];

	*ret = (struct nsc_recording_last){ NSC_CAST_NO_ID, NSC_CAST_NO_SHA256,
					    "" };
	if (nsc_file_read_text(dir, LAST, text, sizeof(text)) < 0)
		return;
	if (sscanf(text, "%27s %64s\n", ret->id, ret->digest) != 2 ||
	    strlen(text) < NSC_CAST_ID + 1 + NSC_SHA256_TEXT + 1)
		return;
	snprintf(ret->link, sizeof(ret->link), "%.*s", (int)NSC_CAST_LINK,
		 text + NSC_CAST_ID + 1 + NSC_SHA256_TEXT + 1);
	ret->link[strcspn(ret->link, "\n")] = '\0';
}

static int last_write(int dir, const struct nsc_recording_last *last)
{
	_cleanup_fd_ int fd = openat(dir, LAST ".new", O_WRONLY | O_CREAT |
				     O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	char text[512];
	int n = snprintf(text, sizeof(text), "%s %s\n%s\n", last->id,
			 last->digest, last->link), ret;

	if (fd < 0)
		return -errno;
	ret = nsc_file_write_all(fd, text, (size_t)n);
	if (ret == 0 &&
	    (fsync(fd) < 0 || renameat(dir, LAST ".new", dir, LAST) < 0))
		ret = -errno;
	return ret;
}

/* The digest of the file as it will be, with the link; NULL: as it is. */
static int recording_digest(int fd, const char *link, char *digest)
{
	SHA2_CTX s;
	char data[16384];
	off_t at = 0;
	ssize_t n;

	SHA256Init(&s);
	while ((n = pread(fd, data, sizeof(data), at)) > 0) {
		if (link && at == 0 && (size_t)n >= LINKS + NSC_CAST_LINK)
			memcpy(data + LINKS, link, NSC_CAST_LINK);
		SHA256Update(&s, (const uint8_t *)data, (size_t)n);
		at += n;
	}
	SHA256End(&s, digest);
	return n < 0 ? -errno : 0;
}

/* It has a time then. */
static bool is_linked(int fd)
{
	char link[NSC_CAST_LINK], none[NSC_CAST_LINK + 1];

	nsc_cast_link(NSC_CAST_NO_ID, NSC_CAST_NO_SHA256, 0, 0, none);
	return pread(fd, link, sizeof(link), LINKS) != sizeof(link) ||
	       memcmp(link, none, sizeof(link)) != 0;
}

/* A recorder that was killed has not said when: the last byte was then. */
static int64_t ended_at(const struct nsc_recording_file *f)
{
	struct stat st;

	return f->ended ? f->ended : fstat(f->fd, &st) < 0 ? 1 : st.st_mtime;
}

/*
 * Each step can be repeated after a kill: "last" has the link before the file
 * has it.
 */
static int recording_link(const struct nsc_recording_file *f, char *digest)
{
	struct nsc_recording_last last, next = { "", "", "" };
	int ret = 0;

	nsc_recording_last_read(f->dir, &last);
	if (!strcmp(last.id, f->id)) {
		next = last;
	} else if (is_linked(f->fd)) {
		return recording_digest(f->fd, NULL, digest);
	} else {
		nsc_cast_link(last.id, last.digest, ended_at(f), f->gaps,
			      next.link);
		memcpy(next.id, f->id, sizeof(next.id));
		ret = recording_digest(f->fd, next.link, next.digest);
		if (ret == 0)
			ret = last_write(f->dir, &next);
	}
	memcpy(digest, next.digest, NSC_SHA256_TEXT + 1);
	if (ret == 0 && strlen(next.link) == NSC_CAST_LINK &&
	    pwrite(f->fd, next.link, NSC_CAST_LINK, LINKS) < 0)
		ret = -errno;
	return ret;
}

/* So that retention can note what it removes from a full disk. */
static void recording_reserve(int dir)
{
	_cleanup_fd_ int fd = openat(dir, NSC_RECORDING_STUBS, O_WRONLY |
				     O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0)
		(void)!fallocate(fd, FALLOC_FL_KEEP_SIZE, st.st_size, 4096);
}

/* --- compression */

/* Without room or gzip, the file stays as it is: the next one's end tries. */
static void recording_compress(const struct nsc_recording_file *f)
{
	_cleanup_fd_ int out = -1;
	char plain[64], new[64], gz[64];
	int status = -1;
	pid_t pid;

	with_end(plain, f->id, NSC_CAST);
	with_end(new, f->id, NSC_CAST_GZ ".new");
	with_end(gz, f->id, NSC_CAST_GZ);
	out = openat(f->dir, new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
		     O_CLOEXEC, 0600);
	if (out < 0)
		return;
	pid = nsc_gzip_start("-c", f->fd, out);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && status == 0 && fsync(out) == 0 &&
	    renameat(f->dir, new, f->dir, gz) == 0)
		unlinkat(f->dir, plain, 0);
	else
		unlinkat(f->dir, new, 0);
}

int nsc_recording_finish(const struct nsc_recording_file *f,
			 char digest[NSC_SHA256_TEXT + 1],
			 struct nsc_error *err)
{
	_cleanup_fd_ int lock = openat(f->dir, NSC_RECORDING_LOCK, O_RDWR |
				       O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int ret = lock < 0 || flock(lock, LOCK_EX) < 0 ? -errno :
		  recording_link(f, digest);

	if (ret < 0)
		return nsc_error_sys(err, -ret, "record: end '%s'", f->id);
	recording_reserve(f->dir);
	nsc_fd_close(&lock);
	recording_compress(f);
	return 0;
}

/* --- after a kill */

/* Returns a descriptor if nobody writes the file. */
static int recordings_take(int dir, const char *name)
{
	_cleanup_fd_ int fd = openat(dir, name, O_RDWR | O_NOFOLLOW |
				     O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_nlink != 1 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -1;
	return NSC_TAKE_FD(fd);
}

void nsc_recording_recover(const struct nsc_recording_file *f,
			   void (*told)(const char *id, const char *digest,
					void *arg), void *arg)
{
	DIR *list = nsc_file_list(f->dir);
	const struct dirent *entry;

	while (list && (entry = readdir(list))) {
		struct nsc_recording_file one = { .dir = f->dir, .fd = -1 };
		char digest[NSC_SHA256_TEXT + 1];
		bool linked;

		if (strlen(entry->d_name) != NSC_CAST_ID + strlen(NSC_CAST) ||
		    strcmp(entry->d_name + NSC_CAST_ID, NSC_CAST) != 0)
			continue;
		memcpy(one.id, entry->d_name, NSC_CAST_ID);
		flock(f->dir, LOCK_EX);
		one.fd = recordings_take(f->dir, entry->d_name);
		flock(f->dir, LOCK_UN);
		linked = one.fd >= 0 && is_linked(one.fd);
		/* The log has it already: only the compression failed. */
		if (linked)
			recording_compress(&one);
		else if (one.fd >= 0 &&
			 nsc_recording_finish(&one, digest, NSC_IGNORE) == 0)
			told(one.id, digest, arg);
		nsc_fd_close(&one.fd);
	}
	if (list)
		closedir(list);
}

void nsc_recording_close(struct nsc_recording_file *f)
{
	nsc_fd_close(&f->fd);
	nsc_fd_close(&f->dir);
}
