/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "record/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "record/player.h"

#define STUBS NSC_RECORDING_STUBS
#define STUB_LINE (2 * (NSC_CAST_ID + NSC_SHA256_TEXT) + 4)
#define RESERVE 16384

const char *const nsc_chain_names[NSC_CHAIN_STATES] = {
	"ok", "open", "cut", "expired", "unnamed", "changed", "missing",
};

/* --- stubs: "ID DIGEST PREVIOUS PREVIOUS-DIGEST" */

int nsc_chain_stubs(const struct nsc_shelf *shelf,
		    struct nsc_chain_stub **ret, size_t *ret_n,
		    struct nsc_error *err)
{
	_cleanup_fd_ int fd = openat(shelf->dir, STUBS, O_RDONLY | O_NOFOLLOW |
				     O_CLOEXEC);
	_cleanup_file_ FILE *in = fd < 0 ? NULL : fdopen(dup(fd), "r");
	struct nsc_chain_stub s, *grown;
	char line[512];

	*ret = NULL;
	*ret_n = 0;
	if (!in && errno != ENOENT)
		return nsc_error_sys(err, errno, NSC_RECORDINGS "/%s/" STUBS,
				     shelf->user);
	while (in && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%27s %64s %27s %64s", s.id, s.digest,
			   s.previous, s.previous_digest) != 4)
			continue;
		grown = reallocarray(*ret, *ret_n + 1, sizeof(s));
		if (!grown) {
			nsc_free(ret);
			return nsc_error_sys(err, ENOMEM, STUBS);
		}
		*ret = grown;
		(*ret)[(*ret_n)++] = s;
	}
	return 0;
}

int nsc_chain_add_stub(const struct nsc_shelf *shelf,
		       const struct nsc_chain_stub *s, struct nsc_error *err)
{
	_cleanup_fd_ int fd = openat(shelf->dir, STUBS, O_WRONLY | O_APPEND |
				     O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	char line[512];
	/* A crash may have left half a line before. */
	int n = snprintf(line, sizeof(line), "\n%s %s %s %s\n", s->id,
			 s->digest, s->previous, s->previous_digest);
	off_t before = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	int ret = before < 0 ? -errno :
		  nsc_file_write_all(fd, line, (size_t)n);

	if (ret == 0 && fsync(fd) == 0) {
		/* On a full disk, the next ones have room. */
		(void)!fallocate(fd, FALLOC_FL_KEEP_SIZE, before + n, RESERVE);
		return 0;
	}
	if (ret == 0)
		ret = -errno;
	/* Half a line would spoil the next one. */
	if (before >= 0)
		(void)!ftruncate(fd, before);
	return nsc_error_sys(err, -ret, NSC_RECORDINGS "/%s/" STUBS,
			     shelf->user);
}

static struct nsc_chain_stub *stub_find(struct nsc_chain_stub *s, size_t n,
					const char *id)
{
	while (n--)
		if (!strcmp(s[n].id, id))
			return &s[n];
	return NULL;
}

/* Nearly always it is the line before. */
static struct nsc_chain_stub *stub_before(struct nsc_chain_stub *list, size_t n,
					  struct nsc_chain_stub *s)
{
	return s > list && !strcmp(s[-1].id, s->previous) ? s - 1 :
	       stub_find(list, n, s->previous);
}

static bool stub_is_first(const struct nsc_chain_stub *s)
{
	return !strcmp(s->previous, NSC_CAST_NO_ID);
}

/*
 * From the last one to the beginning of the chain: those that are too many lose
 * their name.  Returns false if there is nothing to lose.
 */
static bool stubs_cut(struct nsc_chain_stub *list, size_t n)
{
	struct nsc_chain_stub *s = &list[n - 1], *oldest = NULL;
	size_t steps = 1;

	for (; s && !stub_is_first(s) && steps < n; steps++) {
		if (steps == NSC_CHAIN_STUBS)
			oldest = s;
		s = stub_before(list, n, s);
	}
	if (!s || !stub_is_first(s) || !oldest)
		return false;
	for (s = oldest; (s = stub_before(list, n, s)); *s->id = '\0')
		;
	strcpy(oldest->previous, NSC_CAST_NO_ID);
	strcpy(oldest->previous_digest, NSC_CAST_NO_SHA256);
	return true;
}

static int stubs_write(int dir, const struct nsc_chain_stub *list, size_t n)
{
	_cleanup_fd_ int fd = openat(dir, STUBS ".new", O_WRONLY | O_CREAT |
				     O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	_cleanup_file_ FILE *out = fd < 0 ? NULL : fdopen(dup(fd), "w");
	int ret;

	if (!out)
		return -errno;
	for (size_t i = 0; i < n; i++)
		if (*list[i].id)
			fprintf(out, "%s %s %s %s\n", list[i].id,
				list[i].digest, list[i].previous,
				list[i].previous_digest);
	/* What failed before the last flush is known by ferror() only. */
	if (fflush(out) < 0 || ferror(out) || fsync(fd) < 0 ||
	    renameat(dir, STUBS ".new", dir, STUBS) < 0) {
		ret = errno ? -errno : -EIO;
		(void)!unlinkat(dir, STUBS ".new", 0);
		return ret;
	}
	(void)!fallocate(fd, FALLOC_FL_KEEP_SIZE, lseek(fd, 0, SEEK_END),
			 RESERVE);
	return 0;
}

int nsc_chain_trim_stubs(const struct nsc_shelf *shelf, struct nsc_error *err)
{
	_cleanup_free_ struct nsc_chain_stub *list = NULL;
	struct stat st;
	size_t n;
	int ret;

	if (fstatat(shelf->dir, STUBS, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_size < (off_t)2 * NSC_CHAIN_STUBS * STUB_LINE)
		return 0;
	ret = nsc_chain_stubs(shelf, &list, &n, err);
	if (ret < 0 || n == 0 || !stubs_cut(list, n))
		return ret;
	ret = stubs_write(shelf->dir, list, n);
	return ret < 0 ? nsc_error_sys(err, -ret, NSC_RECORDINGS "/%s/" STUBS,
				       shelf->user) : 0;
}

/* --- digests */

int nsc_chain_digest(const struct nsc_shelf_file *file,
		     char ret[NSC_SHA256_TEXT + 1], struct nsc_error *err)
{
	_cleanup_fd_ int text = -1;
	char data[16384];
	SHA2_CTX s;
	ssize_t n;
	pid_t gzip;

	text = nsc_shelf_text(file, &gzip, err);
	if (text < 0)
		return text;
	SHA256Init(&s);
	while ((n = read(text, data, sizeof(data))) > 0 ||
	       (n < 0 && errno == EINTR))
		if (n > 0)
			SHA256Update(&s, (const uint8_t *)data, (size_t)n);
	SHA256End(&s, ret);
	if (n < 0)
		nsc_error_sys(err, errno, "read");
	if (!nsc_shelf_text_end(&text, gzip))
		return nsc_error_sys(err, EBADMSG, "gzip");
	return n < 0 ? -err->code : 0;
}

/* --- the chain */

struct link {
	const char *id;
	struct nsc_cast_info info;	/* without it: previous is "" */
	bool visited, done;		/* done: it had not ended */
	char digest[NSC_SHA256_TEXT + 1];	/* if it was visited */
};

struct chain {
	const struct nsc_shelf *shelf;
	const struct nsc_chain_call *call;
	struct nsc_error *err;
	struct link *links;
	struct nsc_chain_stub *stubs;
	size_t n_stubs;
};

static struct link *chain_find(const struct chain *c, const char *id)
{
	for (size_t i = 0; i < c->shelf->n; i++)
		if (!strcmp(c->links[i].id, id))
			return &c->links[i];
	return NULL;
}

static int chain_tell(const struct chain *c, const char *id,
		      enum nsc_chain_state state)
{
	static const struct nsc_cast_info none;
	const struct link *link = chain_find(c, id);

	return c->call->told(c->call->arg, id, state,
			     link ? &link->info : &none, c->err);
}

/* Read the first lines; those that have not ended are told. */
static int chain_read(const struct chain *c, struct link *link)
{
	_cleanup_shelf_file_ struct nsc_shelf_file file = NSC_SHELF_FILE_INIT;
	int ret = nsc_shelf_file(c->shelf, link->id, &file, c->err);

	if (ret == 0)
		ret = nsc_player_info(&file, &link->info, c->err);
	/* Its digest says more about a broken one. */
	if (ret == -EBADMSG)
		ret = nsc_error_clear(c->err);
	if (ret < 0)
		return ret;
	if (link->info.ended || file.gz ||
	    (!*link->info.previous && !file.written))
		return 0;
	link->visited = link->done = true;
	return chain_tell(c, link->id, file.written ? NSC_CHAIN_OPEN :
						      NSC_CHAIN_CUT);
}

/* The last one is that of the moment when the shelf was opened. */
static bool ended_since(const struct nsc_shelf *shelf,
			const struct nsc_cast_info *info)
{
	return info->ended > shelf->opened && info->ended <= time(NULL);
}

/* digest is what was noted, or NULL. */
static int chain_check(const struct chain *c, struct link *link,
		       const char *digest)
{
	_cleanup_shelf_file_ struct nsc_shelf_file file = NSC_SHELF_FILE_INIT;
	char *is = link->digest;
	int ret = nsc_shelf_file(c->shelf, link->id, &file, c->err);

	if (ret < 0)
		return ret;
	link->visited = true;
	ret = nsc_chain_digest(&file, is, c->err);
	if (ret < 0 && ret != -EBADMSG)
		return ret;
	return chain_tell(c, link->id,
			  ret < 0 || (digest && strcmp(is, digest) != 0) ?
				  NSC_CHAIN_CHANGED :
			  digest ? NSC_CHAIN_OK :
			  ended_since(c->shelf, &link->info) ? NSC_CHAIN_OPEN :
			  NSC_CHAIN_UNNAMED);
}

/* From a recording to the ones before it, until one has gone or was visited. */
static int chain_walk(const struct chain *c, const char *id,
		      const char *digest)
{
	size_t steps = 0;
	int ret = 0;

	while (ret == 0 && strcmp(id, NSC_CAST_NO_ID) != 0 &&
	       steps++ <= c->shelf->n + c->n_stubs) {
		struct link *link = chain_find(c, id);
		const struct nsc_chain_stub *stub = link ? NULL :
			stub_find(c->stubs, c->n_stubs, id);

		/* What is named has ended, and only one names it. */
		if (link && link->visited)
			return digest && (link->done ||
					  strcmp(link->digest, digest) != 0) ?
				chain_tell(c, id, NSC_CHAIN_CHANGED) : 0;
		if (link)
			ret = chain_check(c, link, digest);
		else if (stub)
			ret = chain_tell(c, id, digest &&
					 strcmp(stub->digest, digest) != 0 ?
					 NSC_CHAIN_CHANGED : NSC_CHAIN_EXPIRED);
		else
			return chain_tell(c, id, NSC_CHAIN_MISSING);
		id = link ? link->info.previous : stub->previous;
		digest = link ? link->info.previous_sha256 :
				stub->previous_digest;
		if (!nsc_shelf_id_valid(id))
			break;
	}
	return ret;
}

/* The newest that nothing names, or that names itself in a circle. */
static const struct link *chain_head(const struct chain *c)
{
	const struct link *newest = NULL;

	for (size_t i = c->shelf->n; i; i--) {
		const struct link *link = &c->links[i - 1];
		bool named = false;

		if (link->visited)
			continue;
		newest = newest ? newest : link;
		for (size_t j = 0; j < c->shelf->n && !named; j++)
			named = !c->links[j].visited &&
				!strcmp(c->links[j].info.previous, link->id);
		if (!named)
			return link;
	}
	return newest;
}

/* A recorder was killed when "last" had the recording, and the file no link. */
static void last_cut(const struct nsc_recording_last *last, char id[28],
		     char digest[65])
{
	if (sscanf(last->link, "%27[0-9TZ-]\", \"previous_sha256\": "
		   "\"%64[0-9a-f]", id, digest) != 2)
		strcpy(id, NSC_CAST_NO_ID);
}

static int chain_run(const struct chain *c)
{
	const struct nsc_recording_last *last = &c->shelf->last;
	char id[NSC_CAST_ID + 1], digest[NSC_SHA256_TEXT + 1];
	const struct link *link;
	int ret = 0;

	for (size_t i = c->shelf->n; i && ret == 0; i--)
		ret = chain_read(c, &c->links[i - 1]);
	if (ret < 0)
		return ret;
	strcpy(id, last->id);
	strcpy(digest, last->digest);
	link = chain_find(c, id);
	if (link && link->done)
		last_cut(last, id, digest);
	ret = chain_walk(c, id, digest);
	while (ret == 0 && (link = chain_head(c)))
		ret = chain_walk(c, link->id, NULL);
	return ret;
}

int nsc_chain_verify(const struct nsc_shelf *shelf,
		     const struct nsc_chain_call *call, struct nsc_error *err)
{
	struct chain c = {
		.shelf = shelf, .call = call, .err = err,
		.links = calloc(shelf->n + 1, sizeof(*c.links)),
	};
	int ret;

	if (!c.links)
		return nsc_error_sys(err, ENOMEM, "the chain");
	for (size_t i = 0; i < shelf->n; i++)
		c.links[i].id = shelf->ids[i];
	ret = nsc_chain_stubs(shelf, &c.stubs, &c.n_stubs, err);
	if (ret == 0)
		ret = chain_run(&c);
	free(c.links);
	free(c.stubs);
	return ret;
}
