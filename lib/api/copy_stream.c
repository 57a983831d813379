/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit cp, root of the host; and its child, a user of the container
 * who has the container's files and no privileges.
 */
#include "api/copy_stream.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"

#define DEPTH 256		/* directories in each other */
#define CHUNK 65536

enum kind { END, FILE_OF, DIRECTORY, LINK, UP };

struct header {
	uint32_t kind;
	uint32_t mode;			/* permission bits alone */
	struct timespec modified;
	char name[NAME_MAX + 1];
	char target[PATH_MAX];		/* of a link */
};

/* Part of a file: bytes follow, unless they are zeros; without any, it ends. */
struct part {
	uint32_t bytes;
	uint32_t zeros;
};

static int stream_write(int stream, const void *data, size_t size,
			struct nsc_error *err)
{
	while (size) {
		ssize_t n = send(stream, data, size, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nsc_error_sys(err, errno, "send to the other "
					     "side");
		data = (const char *)data + n;
		size -= (size_t)n;
	}
	return 0;
}

static int stream_read(int stream, void *data, size_t size,
		       struct nsc_error *err)
{
	/* A stop, or a freeze, cuts even MSG_WAITALL short. */
	while (size) {
		ssize_t n = recv(stream, data, size, MSG_WAITALL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return nsc_error_sys(err, errno, "receive");
		if (n == 0)
			return nsc_error_set(err, EPIPE, "the other side "
					     "ended");
		data = (char *)data + n;
		size -= (size_t)n;
	}
	return 0;
}

/* --- sending */

struct sender {
	int stream;
	bool links;
	int depth;
	unsigned int left_out;
	struct nsc_error first;
	char data[CHUNK];
};

static void leave_out(struct sender *s, const struct nsc_error *why)
{
	if (!s->left_out++)
		s->first = *why;
}

static int send_header(struct sender *s, enum kind kind, const char *name,
		       const struct stat *st, struct nsc_error *err)
{
	struct header h = { .kind = kind };

	if (st) {
		h.mode = st->st_mode & 0777;
		h.modified = st->st_mtim;
	}
	snprintf(h.name, sizeof(h.name), "%s", name);
	return stream_write(s->stream, &h, sizeof(h), err);
}

static bool is_zero(const char *data, size_t size)
{
	return !data[0] && !memcmp(data, data + 1, size - 1);
}

/* A file that cannot be read any more ends there, and is left out. */
static int send_data(struct sender *s, int fd, const char *name,
		     struct nsc_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	struct part part;
	ssize_t n;
	int ret;

	do {
		n = read(fd, s->data, sizeof(s->data));
		if (n < 0) {
			nsc_error_sys(&e, errno, "read '%s'", name);
			leave_out(s, &e);
			part = (struct part){ 0, UINT32_MAX };
			return stream_write(s->stream, &part, sizeof(part),
					    err);
		}
		part = (struct part){
			(uint32_t)n, n && is_zero(s->data, (size_t)n),
		};
		ret = stream_write(s->stream, &part, sizeof(part), err);
		if (ret == 0 && !part.zeros)
			ret = stream_write(s->stream, s->data, (size_t)n, err);
	} while (ret == 0 && n);
	return ret;
}

static int send_entry(struct sender *s, int dir, const char *path,
		      const char *name, int links, struct nsc_error *err);

static int send_entries(struct sender *s, int fd, struct nsc_error *err)
{
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	int ret = 0, error = 0;

	if (!dir) {
		close(fd);
		return nsc_error_sys(err, errno, "list a directory");
	}
	s->depth++;
	while (ret == 0 && (entry = nsc_file_next(dir, &error)))
		ret = send_entry(s, fd, entry->d_name, entry->d_name,
				 AT_SYMLINK_NOFOLLOW, err);
	s->depth--;
	closedir(dir);
	if (error < 0)
		return nsc_error_sys(err, -error, "list a directory");
	return ret == 0 ? send_header(s, UP, "", NULL, err) : ret;
}

static int send_link(struct sender *s, int dir, const char *name,
		     struct nsc_error *err)
{
	struct header h = { .kind = LINK };
	struct nsc_error e = NSC_ERROR_INIT;
	ssize_t n = readlinkat(dir, name, h.target, sizeof(h.target) - 1);

	if (n <= 0) {
		nsc_error_sys(&e, errno, "'%s'", name);
		leave_out(s, &e);
		return 0;
	}
	snprintf(h.name, sizeof(h.name), "%s", name);
	return stream_write(s->stream, &h, sizeof(h), err);
}

/*
 * The type is looked at before the file is opened, and again afterwards: a FIFO
 * or device in its place is opened without waiting, and left out.
 */
static int send_entry(struct sender *s, int dir, const char *path,
		      const char *name, int links, struct nsc_error *err)
{
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
		    (links ? O_NOFOLLOW : 0);
	struct nsc_error e = NSC_ERROR_INIT;
	_cleanup_fd_ int fd = -1;
	struct stat st;
	bool seen = fstatat(dir, path, &st, links) == 0;
	int ret;

	if (seen && S_ISLNK(st.st_mode) && s->links)
		return send_link(s, dir, name, err);
	if (seen && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		fd = openat(dir, path, flags);
	if (!seen || ((S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) &&
		      (fd < 0 || fstat(fd, &st) < 0)))
		nsc_error_sys(&e, errno, "'%s'", path);
	else if (S_ISLNK(st.st_mode))
		nsc_error_set(&e, EINVAL, "'%s': a link, which might lead "
			      "anywhere on the host", path);
	else if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		nsc_error_set(&e, EINVAL, "'%s': neither a file nor a "
			      "directory", path);
	else if (s->depth == DEPTH)
		nsc_error_set(&e, ELOOP, "'%s': more than %d directories in "
			      "each other", path, DEPTH);
	if (e.code) {
		leave_out(s, &e);
		return 0;
	}
	ret = send_header(s, S_ISDIR(st.st_mode) ? DIRECTORY : FILE_OF, name,
			  &st, err);
	if (ret < 0)
		return ret;
	return S_ISDIR(st.st_mode) ? send_entries(s, NSC_TAKE_FD(fd), err) :
				     send_data(s, fd, name, err);
}

int nsc_copy_send(int stream, const struct nsc_copy_source *source,
		  struct nsc_error *err)
{
	_cleanup_free_ struct sender *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return nsc_error_sys(err, ENOMEM, "copy");
	s->stream = stream;
	s->links = source->links;
	ret = send_entry(s, AT_FDCWD, source->path, source->name, 0, err);
	if (ret == 0)
		ret = send_header(s, END, "", NULL, err);
	if (ret < 0 || !s->left_out)
		return ret;
	*err = s->first;
	if (s->left_out > 1)
		nsc_error_context(err, "%u entries are left out; the first",
				  s->left_out);
	return -err->code;
}

/* --- receiving */

struct receiver {
	int stream;
	bool links;
	mode_t mask;
	int dirs[DEPTH + 1];
	struct header *made;		/* of dirs: mode and time for the end */
	int depth;
	char data[CHUNK];
};

static int receive_part(struct receiver *r, int fd, bool *end,
			struct nsc_error *err)
{
	struct part part;
	int ret = stream_read(r->stream, &part, sizeof(part), err);

	if (ret == 0 && part.bytes > CHUNK)
		return nsc_error_set(err, EPROTO, "a part is too long");
	if (ret < 0)
		return ret;
	if (!part.bytes && part.zeros)
		return nsc_error_set(err, EIO, "it could not be read");
	*end = !part.bytes;
	if (part.zeros || *end)
		return lseek(fd, part.bytes, SEEK_CUR) < 0 ?
			       nsc_error_sys(err, errno, "write") : 0;
	ret = stream_read(r->stream, r->data, part.bytes, err);
	if (ret < 0)
		return ret;
	return nsc_file_write_all(fd, r->data, part.bytes) < 0 ?
		       nsc_error_sys(err, errno, "write") : 0;
}

/* Holes at the end need the length. */
static int receive_data(struct receiver *r, int fd, struct nsc_error *err)
{
	bool end = false;
	int ret = 0;

	while (ret == 0 && !end)
		ret = receive_part(r, fd, &end, err);
	if (ret == 0 && ftruncate(fd, lseek(fd, 0, SEEK_CUR)) < 0)
		ret = nsc_error_sys(err, errno, "write");
	return ret;
}

static void finish(const struct receiver *r, int fd, const struct header *h)
{
	const struct timespec times[2] = { h->modified, h->modified };

	if (h->kind == END)
		return;
	(void)!fchmod(fd, h->mode & 0777 & ~r->mask);
	(void)!futimens(fd, times);
}

#define PART_SIZE 64

/* Under another name at first, so that nothing but a whole file has its own. */
static void part_name(int dir, char part[PART_SIZE])
{
	snprintf(part, PART_SIZE, ".nsinit-cp.%d", (int)getpid());
	unlinkat(dir, part, 0);
}

/* Nobody wants a file in the place of /dev/null, or of /dev/stdout. */
static int check_place(int dir, const char *name, struct nsc_error *err)
{
	struct stat st, target;
	char link[8] = "";

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISDIR(st.st_mode))
		return 0;
	if (fstatat(dir, name, &target, AT_NO_AUTOMOUNT) == 0)
		st = target;
	/* /dev/stdout may be a file. */
	(void)!readlinkat(dir, name, link, sizeof(link) - 1);
	if ((S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ||
	     S_ISLNK(st.st_mode)) && strncmp(link, "/proc/", 6) != 0)
		return 0;
	return nsc_error_set(err, EEXIST, "'%s' is a device, FIFO or socket, "
			     "and is not replaced", name);
}

static int receive_file(struct receiver *r, const struct header *h,
			struct nsc_error *err)
{
	int dir = r->dirs[r->depth], ret;
	_cleanup_fd_ int fd = -1;
	char part[PART_SIZE];

	ret = check_place(dir, h->name, err);
	if (ret < 0)
		return ret;
	part_name(dir, part);
	fd = openat(dir, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
		    O_CLOEXEC, 0600);
	if (fd < 0)
		return nsc_error_sys(err, errno, "make '%s'", h->name);
	ret = receive_data(r, fd, err);
	if (ret == 0) {
		finish(r, fd, h);
		if (renameat(dir, part, dir, h->name) < 0)
			ret = nsc_error_sys(err, errno, "rename");
	}
	if (ret < 0) {
		unlinkat(dir, part, 0);
		nsc_error_context(err, "'%s'", h->name);
	}
	return ret;
}

static int receive_directory(struct receiver *r, const struct header *h,
			     struct nsc_error *err)
{
	int dir = r->dirs[r->depth], fd;
	bool made;

	if (r->depth == DEPTH)
		return nsc_error_set(err, ELOOP, "too many directories in each "
				     "other");
	made = mkdirat(dir, h->name, 0700) == 0;
	if (!made && errno != EEXIST)
		return nsc_error_sys(err, errno, "make '%s'", h->name);
	fd = openat(dir, h->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	if (fd < 0)
		return nsc_error_sys(err, errno, "'%s'", h->name);
	r->made[r->depth] = *h;
	/* The other side decides nothing about one that was there. */
	if (!made)
		r->made[r->depth].kind = END;
	r->dirs[++r->depth] = fd;
	return 0;
}

static int receive_link(struct receiver *r, const struct header *h,
			struct nsc_error *err)
{
	int dir = r->dirs[r->depth];
	char part[PART_SIZE];

	if (!r->links)
		return nsc_error_set(err, EPROTO, "'%s': a link", h->name);
	if (check_place(dir, h->name, err) < 0)
		return -err->code;
	part_name(dir, part);
	if (symlinkat(h->target, dir, part) == 0) {
		if (renameat(dir, part, dir, h->name) == 0)
			return 0;
		nsc_error_sys(err, errno, "make the link '%s'", h->name);
		unlinkat(dir, part, 0);
		return -err->code;
	}
	return nsc_error_sys(err, errno, "make the link '%s'", h->name);
}

static bool header_is_valid(struct header *h)
{
	h->name[NAME_MAX] = '\0';
	h->target[PATH_MAX - 1] = '\0';
	if (h->kind == END || h->kind == UP)
		return true;
	return h->name[0] && !strchr(h->name, '/') &&
	       strcmp(h->name, ".") != 0 && strcmp(h->name, "..") != 0;
}

static int receive_entries(struct receiver *r, struct header *h,
			   struct nsc_error *err)
{
	int ret = 0;

	while (ret == 0 && h->kind != END) {
		if (h->kind == FILE_OF) {
			ret = receive_file(r, h, err);
		} else if (h->kind == DIRECTORY) {
			ret = receive_directory(r, h, err);
		} else if (h->kind == LINK) {
			ret = receive_link(r, h, err);
		} else if (r->depth > 0) {
			finish(r, r->dirs[r->depth], &r->made[r->depth - 1]);
			nsc_fd_close(&r->dirs[r->depth--]);
		} else {
			return nsc_error_set(err, EPROTO, "no directory");
		}
		if (ret == 0)
			ret = stream_read(r->stream, h, sizeof(*h), err);
		if (ret == 0 && !header_is_valid(h))
			ret = nsc_error_set(err, EPROTO, "a name is wrong");
	}
	return ret;
}

/* The directory for the first entry, which gets the last name of path. */
static int receive_where(const char *path, struct header *first,
			 struct nsc_error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char dir[PATH_MAX + 2], *name;
	size_t end;

	/* Nothing of a name may be cut. */
	if (fd >= 0 || errno == ENAMETOOLONG)
		return fd >= 0 ? fd : nsc_error_sys(err, errno, "'%s'", path);
	snprintf(dir, sizeof(dir), "%s%s", path[0] == '/' ? "" : "./", path);
	end = strlen(dir);
	/* The name of a directory may end with a slash. */
	while (first->kind == DIRECTORY && end > 2 && dir[end - 1] == '/')
		dir[--end] = '\0';
	name = strrchr(dir, '/') + 1;
	snprintf(first->name, sizeof(first->name), "%s", name);
	*name = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || !header_is_valid(first)) {
		nsc_fd_close(&fd);
		return nsc_error_sys(err, errno, "'%s'", path);
	}
	return fd;
}

int nsc_copy_receive(int stream, const char *path, bool links,
		     struct nsc_error *err)
{
	_cleanup_free_ struct receiver *r = calloc(1, sizeof(*r));
	_cleanup_free_ struct header *made = calloc(DEPTH, sizeof(*made));
	struct header h = { .kind = END };
	int ret;

	if (!r || !made)
		return nsc_error_sys(err, ENOMEM, "copy");
	ret = stream_read(stream, &h, sizeof(h), err);
	if (ret < 0)
		return ret;
	r->stream = stream;
	r->links = links;
	r->made = made;
	r->mask = umask(0);
	umask(r->mask);
	/* Nothing comes: the sender says why. */
	if (h.kind == END)
		return 0;
	r->dirs[0] = header_is_valid(&h) ? receive_where(path, &h, err) :
			nsc_error_set(err, EPROTO, "a name is wrong");
	if (r->dirs[0] < 0)
		return r->dirs[0];
	ret = receive_entries(r, &h, err);
	for (; r->depth >= 0; r->depth--)
		nsc_fd_close(&r->dirs[r->depth]);
	return ret;
}
