/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host. */
#include "record/retention.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/text.h"
#include "record/chain.h"
#include "record/player.h"
#include "record/shelf.h"

#define LOCK ".retention"

struct old {
	size_t shelf, id;
	int64_t size, changed;
	bool stays;		/* it goes on, or is not complete */
};

struct retention {
	struct nsc_retention may;
	struct nsc_shelf *shelves;	/* of each user */
	size_t n_shelves;
	struct old *list;
	size_t n;
	int64_t total;
	void (*told)(const char *user, const char *id, const char *digest);
};

static int retention_lock(int operation, struct nsc_error *err)
{
	_cleanup_fd_ int dir = nsc_file_open_dir(NSC_RECORDINGS, err);
	_cleanup_fd_ int fd = -1;

	if (dir < 0)
		return dir;
	fd = openat(dir, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0 || flock(fd, operation) < 0)
		return nsc_error_sys(err, errno, NSC_RECORDINGS "/" LOCK);
	return NSC_TAKE_FD(fd);
}

int nsc_retention_hold(struct nsc_error *err)
{
	return retention_lock(LOCK_SH, err);
}

/* --- what there is */

static int retention_add(struct retention *r, size_t shelf, size_t id,
			 struct nsc_error *err)
{
	_cleanup_shelf_file_ struct nsc_shelf_file file = NSC_SHELF_FILE_INIT;
	const struct nsc_shelf *s = &r->shelves[shelf];
	struct old *grown = reallocarray(r->list, r->n + 1, sizeof(*grown));
	int ret = grown ? nsc_shelf_file(s, s->ids[id], &file, err) :
			  nsc_error_sys(err, ENOMEM, "retention");

	if (grown)
		r->list = grown;
	if (ret < 0)
		return ret == -ENOENT ? nsc_error_clear(err) : ret;
	r->list[r->n++] = (struct old){
		shelf, id, file.size, file.changed, !file.gz,
	};
	r->total += file.size;
	return 0;
}

static int by_age(const void *a, const void *b)
{
	const struct old *one = a, *two = b;

	return one->changed != two->changed ?
	       (one->changed < two->changed ? -1 : 1) :
	       one->id != two->id ? (one->id < two->id ? -1 : 1) : 0;
}

static int retention_look(struct retention *r, char *const *users,
			  struct nsc_error *err)
{
	size_t n = 0;
	int ret = 0;

	while (users[n])
		n++;
	r->shelves = calloc(n + 1, sizeof(*r->shelves));
	if (!r->shelves)
		return nsc_error_sys(err, ENOMEM, "retention");
	for (size_t i = 0; ret == 0 && i < n; i++) {
		struct nsc_shelf *s = &r->shelves[r->n_shelves++];

		*s = (struct nsc_shelf)NSC_SHELF_INIT;
		ret = nsc_shelf_open(users[i], false, s, err);
		for (size_t id = 0; ret == 0 && id < s->n; id++)
			ret = retention_add(r, i, id, err);
	}
	if (r->n)
		qsort(r->list, r->n, sizeof(*r->list), by_age);
	return ret;
}

/* --- what goes */

/* Files of other programs count, too: the disk is full of whatever it is. */
static bool is_short(int dir, int64_t min_free)
{
	struct statvfs st;

	return min_free && fstatvfs(dir, &st) == 0 &&
	       st.f_bavail < (uint64_t)min_free / (st.f_frsize ? st.f_frsize :
								  1);
}

static bool must_go(const struct retention *r, const struct old *old)
{
	return (r->may.max_age &&
		old->changed < (int64_t)time(NULL) - r->may.max_age) ||
	       (r->may.max_size && r->total > r->may.max_size) ||
	       is_short(r->shelves[old->shelf].dir, r->may.min_free);
}

/* What the chain needs when the file has gone. */
static int make_stub(const struct nsc_shelf *s, const char *id,
		     struct nsc_chain_stub *ret, struct nsc_error *err)
{
	_cleanup_shelf_file_ struct nsc_shelf_file file = NSC_SHELF_FILE_INIT;
	struct nsc_cast_info info = { .timestamp = 0 };
	int error = nsc_shelf_file(s, id, &file, err);

	if (error == 0)
		error = nsc_chain_digest(&file, ret->digest, err);
	if (error == 0)
		error = nsc_player_info(&file, &info, err);
	if (error == 0 && strlen(info.previous) != NSC_CAST_ID)
		error = nsc_error_sys(err, EBADMSG, "its first line");
	snprintf(ret->id, sizeof(ret->id), "%s", id);
	memcpy(ret->previous, info.previous, sizeof(ret->previous));
	memcpy(ret->previous_digest, info.previous_sha256,
	       sizeof(ret->previous_digest));
	return error;
}

/* After a kill before the removal, the stub is there twice: no harm. */
static int remove_one(struct retention *r, const struct old *old,
		      struct nsc_error *err)
{
	const struct nsc_shelf *s = &r->shelves[old->shelf];
	const char *id = s->ids[old->id];
	struct nsc_chain_stub stub = { .id = "" };
	char name[64];
	int ret = make_stub(s, id, &stub, err);

	/* The chain would not be known behind it. */
	if (ret < 0)
		return nsc_error_context(err, "%s/%s/%s is not removed",
					 NSC_RECORDINGS, s->user, id);
	ret = nsc_chain_add_stub(s, &stub, err);
	if (ret < 0)
		return ret;
	snprintf(name, sizeof(name), "%s" NSC_CAST_GZ, id);
	if (unlinkat(s->dir, name, 0) < 0)
		return nsc_error_sys(err, errno, "%s/%s/%s", NSC_RECORDINGS,
				     s->user, name);
	r->total -= old->size;
	r->told(s->user, id, stub.digest);
	/* If there is no room for this, there is when the next one goes. */
	(void)nsc_chain_trim_stubs(s, NSC_IGNORE);
	return 0;
}

static int retention_run(struct retention *r, struct nsc_error *err)
{
	int first = 0;

	for (size_t i = 0; i < r->n; i++) {
		struct nsc_error e = NSC_ERROR_INIT;

		if (r->list[i].stays || !must_go(r, &r->list[i]))
			continue;
		if (remove_one(r, &r->list[i], &e) == 0)
			continue;
		/* Newer ones are not removed in its place. */
		r->total -= r->list[i].size;
		if (first == 0) {
			*err = e;
			first = -e.code;
		}
	}
	return first;
}

int nsc_retention_apply(const struct nsc_retention *may,
			void (*told)(const char *user, const char *id,
				     const char *digest),
			struct nsc_error *err)
{
	_cleanup_fd_ int lock = retention_lock(LOCK_EX | LOCK_NB, err);
	struct retention r = { .may = *may, .told = told };
	char **users = NULL;
	int ret;

	if (lock == -EWOULDBLOCK || lock == -ENOENT)
		return nsc_error_clear(err);
	if (lock < 0)
		return lock;
	ret = nsc_shelf_users(&users, err);
	if (ret == 0)
		ret = retention_look(&r, users, err);
	if (ret == 0)
		ret = retention_run(&r, err);
	for (size_t i = 0; i < r.n_shelves; i++)
		nsc_shelf_close(&r.shelves[i]);
	free(r.shelves);
	free(r.list);
	nsc_text_free_vector(users);
	return ret;
}
