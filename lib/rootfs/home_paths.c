/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and the worker, root of the host. */
#include "rootfs/home_paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

#define PASSWD "/etc/passwd"
#define LINKS 40

struct follow {
	const struct nsc_submounts *mounts;
	char rest[PATH_MAX];
	char done[PATH_MAX];	/* has no link; "" is the root */
	int fd;			/* of done */
	int links;
};

static bool has_server(const struct nsc_submounts *mounts, const char *path)
{
	for (size_t i = 0; i < mounts->n; i++)
		if (mounts->list[i].served &&
		    !strcmp(mounts->list[i].point, path))
			return true;
	return false;
}

/* Can only root change what is in the directory? */
static bool is_roots(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 &&
	       !(st.st_mode & 022);
}

static bool follow_from(struct follow *f, const char *from, const char *text)
{
	char rest[PATH_MAX];

	nsc_fd_close(&f->fd);
	f->fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (snprintf(rest, sizeof(rest), "%s/%s/%s", from, text, f->rest) >=
	    (int)sizeof(rest))
		return false;
	strcpy(f->rest, rest);
	f->done[0] = '\0';
	return f->fd >= 0;
}

/* Go to name in the directory done; false: it is the end of the way. */
static bool follow_one(struct follow *f, const char *name)
{
	char next[2 * PATH_MAX], text[PATH_MAX];
	ssize_t n;
	int fd;

	if (!strcmp(name, "..")) {
		char *slash = strrchr(f->done, '/');

		if (slash)
			*slash = '\0';
		return f->links++ < LINKS && follow_from(f, f->done, ".");
	}
	snprintf(next, sizeof(next), "%s/%s", f->done, name);
	if (strlen(next) >= sizeof(f->done) || has_server(f->mounts, next) ||
	    !is_roots(f->fd))
		return false;
	n = readlinkat(f->fd, name, text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = '\0';
		return f->links++ < LINKS &&
		       follow_from(f, *text == '/' ? "" : f->done, text);
	}
	fd = openat(f->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	nsc_fd_close(&f->fd);
	f->fd = fd;
	strcpy(f->done, next);
	return true;
}

size_t nsc_home_paths_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

bool nsc_home_paths_follow(const struct nsc_submounts *mounts, const char *path,
			   char ret[PATH_MAX])
{
	struct follow f = { .mounts = mounts, .fd = -1 };
	char name[NAME_MAX + 1];
	bool more = strlen(path) < sizeof(f.rest) && follow_from(&f, "", path);

	snprintf(ret, PATH_MAX, "%.*s", PATH_MAX - 1, path);
	while (more) {
		const char *at = f.rest + strspn(f.rest, "/");
		size_t n = strcspn(at, "/");

		if (!n || n >= sizeof(name))
			break;
		snprintf(name, sizeof(name), "%.*s", (int)n, at);
		memmove(f.rest, at + n, strlen(at + n) + 1);
		more = !strcmp(name, ".") || follow_one(&f, name);
		if (!more)
			snprintf(ret, PATH_MAX, "%.2000s/%.255s%.1800s",
				 f.done, name, f.rest);
	}
	if (more)
		snprintf(ret, PATH_MAX, "%s", *f.done ? f.done : "/");
	nsc_fd_close(&f.fd);
	return more;
}

/* Many homes have one parent, which is followed once. */
struct paths {
	const struct nsc_submounts *mounts;
	nsc_home_paths_visit *each;
	void *arg;
	size_t len;
	char parent[PATH_MAX];	/* of the last home; len bytes count */
	char real[PATH_MAX];	/* where it is */
	bool served;		/* it may be behind a server: not asked */
};

static bool is_served(const struct nsc_submounts *mounts, const char *path)
{
	for (size_t i = 0; i < mounts->n; i++)
		if (mounts->list[i].served && mounts->list[i].point[1] &&
		    nsc_text_is_below(path, mounts->list[i].point))
			return true;
	return false;
}

static int visit_link(struct paths *p, const char *name, uid_t uid)
{
	char path[2 * PATH_MAX], real[PATH_MAX], text[8];

	snprintf(path, sizeof(path), "%s/%s", p->real[1] ? p->real : "", name);
	if (strlen(path) >= PATH_MAX || p->served ||
	    has_server(p->mounts, path) ||
	    readlink(path, text, sizeof(text)) < 0)
		return uid == NSC_HOME_UNLISTED ? 0 :
						  p->each(p->arg, path, uid);
	nsc_home_paths_follow(p->mounts, path, real);
	return strcmp(path, real) != 0 ? p->each(p->arg, real, uid) : 0;
}

static int visit_home(struct paths *p, const char *home, uid_t uid)
{
	size_t end = strlen(home), len;
	char name[NAME_MAX + 1];

	while (end && home[end - 1] == '/')
		end--;
	for (len = end; len && home[len - 1] != '/';)
		len--;
	if (!len || home[0] != '/' || len >= sizeof(p->parent) ||
	    end - len >= sizeof(name))
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(end - len), home + len);
	if (!*p->real || len != p->len || memcmp(p->parent, home, len) != 0) {
		snprintf(p->parent, sizeof(p->parent), "%.*s", (int)len, home);
		p->len = len;
		/* Below a user's directory, links may lead to a server. */
		p->served = !nsc_home_paths_follow(p->mounts, p->parent,
						   p->real) ||
			    is_served(p->mounts, p->real);
	}
	return visit_link(p, name, uid);
}

static int visit_beside(struct paths *p, const char *own)
{
	const struct dirent *entry;
	int ret = visit_home(p, own, NSC_HOME_UNLISTED);
	DIR *dir = p->served || !*p->real ? NULL : opendir(p->real);

	while (dir && ret == 0 && (entry = nsc_file_next(dir, &ret)))
		if (entry->d_type == DT_LNK)
			ret = visit_link(p, entry->d_name, NSC_HOME_UNLISTED);
	if (dir)
		closedir(dir);
	return ret;
}

int nsc_home_paths_each(const struct nsc_submounts *mounts, const char *own,
			nsc_home_paths_visit *each, void *arg)
{
	struct paths p = { .mounts = mounts, .each = each, .arg = arg };
	_cleanup_file_ FILE *in = fopen(PASSWD, "re");
	const struct passwd *entry;
	int ret = in || errno == ENOENT ? 0 : -errno;

	while (in && ret == 0 && (entry = fgetpwent(in))) {
		ret = each(arg, entry->pw_dir, entry->pw_uid);
		if (ret == 0)
			ret = visit_home(&p, entry->pw_dir, entry->pw_uid);
	}
	return ret != 0 || !own ? ret : visit_beside(&p, own);
}
