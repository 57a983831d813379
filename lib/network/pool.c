/* SPDX-License-Identifier: Apache-2.0 */
#include "network/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/process.h"
#include "util/text.h"

#define ADDRESSES_FILE "addresses"
#define LOCK_FILE ".lock"		/* no user's name begins with '.' */
#define LOCK_MS 10000		/* the lock is held for a few milliseconds */
#define COUNT_MAX (UINT64_C(1) << 31)

/* Never lock the directory itself, which everybody can open. */
static int take_lock(struct nsc_pool *pool, const char *dir,
		     struct nsc_error *err)
{
	int ret;

	pool->lock = openat(pool->dir, LOCK_FILE, O_RDONLY | O_CREAT |
			    O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (pool->lock < 0)
		return nsc_error_sys(err, errno, "%s/" LOCK_FILE, dir);
	ret = nsc_lock(pool->lock, LOCK_FILE, LOCK_EX,
		       nsc_process_now() + LOCK_MS, err);
	return ret < 0 ? nsc_error_context(err, "%s", dir) : 0;
}

int nsc_pool_open(const char *dir, const char *name, struct nsc_pool *ret,
		  struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	int error;

	ret->name = name;
	ret->dir = nsc_file_make_dir(dir, 0755, err);
	if (ret->dir < 0)
		return ret->dir;
	error = take_lock(ret, dir, err);
	if (error < 0)
		return error;
	fd = nsc_file_open_at(ret->dir, dir, name, err);
	if (fd >= 0)
		return nsc_file_read(fd, name, 16 * NSC_FILE_MAX, &ret->text,
				     NULL, err);
	if (fd != -ENOENT)
		return fd;
	ret->text = strdup("");
	return ret->text ? 0 : nsc_error_sys(err, ENOMEM, "%s/%s", dir, name);
}

int nsc_pool_add(struct nsc_pool *pool, const char *line, struct nsc_error *err)
{
	return nsc_pool_replace(pool, strlen(pool->text), line, err);
}

int nsc_pool_replace(struct nsc_pool *pool, size_t at, const char *line,
		     struct nsc_error *err)
{
	const char *rest = pool->text + at + strcspn(pool->text + at, "\n");
	/* An editor may have left the last line without a newline. */
	bool open = at && pool->text[at - 1] != '\n';
	_cleanup_free_ char *text = NULL;
	int len = asprintf(&text, "%.*s%s%s\n%s", (int)at, pool->text,
			   open ? "\n" : "", line, rest + (*rest == '\n'));
	int ret;

	if (len < 0) {
		text = NULL;
		return nsc_error_sys(err, ENOMEM, "%s", pool->name);
	}
	ret = nsc_file_write_at(pool->dir, pool->name, text, (size_t)len, 0644,
				err);
	if (ret < 0)
		return ret;
	free(pool->text);
	pool->text = NSC_TAKE_PTR(text);
	return 0;
}

void nsc_pool_close(struct nsc_pool *pool)
{
	nsc_fd_close(&pool->lock);
	nsc_fd_close(&pool->dir);
	free(pool->text);
	pool->text = NULL;
}

/*
 * The offset of address in net.  Returns false if net does not contain the
 * address.
 */
static bool offset_of(const struct nsc_address *net,
		      const struct nsc_address *address, uint32_t *ret)
{
	size_t end = net->family == AF_INET ? 4 : 16;
	uint32_t a = 0, b = 0;

	if (!nsc_address_covers(net, address) ||
	    memcmp(net->bytes, address->bytes, end - 4) != 0)
		return false;
	for (size_t i = end - 4; i < end; i++) {
		a = a << 8 | address->bytes[i];
		b = b << 8 | net->bytes[i];
	}
	*ret = a - b;
	return true;
}

/* The assigned addresses of the range, as offsets. */
struct given {
	uint32_t *offsets;
	size_t n;
	bool found;		/* key has an address: */
	uint32_t own;
};

static int pool_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The lines are "ADDRESS KEY"; the key may have spaces. */
static int read_given(const char *text, const char *key,
		      const struct nsc_pool_range *range, struct given *given)
{
	size_t lines = 2;
	uint32_t offset;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	given->offsets = calloc(lines, sizeof(*given->offsets));
	if (!given->offsets)
		return -ENOMEM;
	if (offset_of(&range->net, &range->gateway, &offset))
		given->offsets[given->n++] = offset;
	for (const char *line = text; *line; line += *line == '\n') {
		size_t len = strcspn(line, "\n"), n = strcspn(line, " \n");
		char number[NSC_ADDRESS_SIZE] = "";
		struct nsc_address a;

		if (n < sizeof(number) && n < len)
			memcpy(number, line, n);
		if (nsc_address_parse(number, false, &a) == 0 &&
		    offset_of(&range->net, &a, &offset)) {
			given->offsets[given->n++] = offset;
			if (len - n - 1 == strlen(key) &&
			    !strncmp(line + n + 1, key, len - n - 1)) {
				given->found = true;
				given->own = offset;
			}
		}
		line += len;
	}
	qsort(given->offsets, given->n, sizeof(*given->offsets), pool_compare);
	return 0;
}

static int lowest_free(const struct nsc_pool_range *range,
		       const struct given *given, uint32_t *ret,
		       struct nsc_error *err)
{
	bool v4 = range->net.family == AF_INET;
	unsigned int bits = (v4 ? 32 : 128) - range->net.length;
	uint64_t count = bits < 31 ? UINT64_C(1) << bits : COUNT_MAX;
	uint32_t next = 1;

	for (size_t i = 0; i < given->n && given->offsets[i] <= next; i++)
		if (given->offsets[i] == next)
			next++;
	*ret = next;
	if (next < count - v4)
		return 0;
	return nsc_error_set(err, ENOSPC, "all %zu addresses of the pool are "
			     "in use: enlarge %s in nscontainer.conf", given->n,
			     range->key);
}

int nsc_pool_take_address(const char *dir, const char *key,
			  const struct nsc_pool_range *range,
			  struct nsc_address *ret, struct nsc_error *err)
{
	_cleanup_pool_ struct nsc_pool pool = NSC_POOL_INIT;
	_cleanup_free_ char *line = NULL;
	struct given given = { .n = 0 };
	char name[1024], number[NSC_ADDRESS_SIZE];
	int error = nsc_pool_open(dir, ADDRESSES_FILE, &pool, err);

	if (error < 0)
		return error;
	nsc_text_escape(key, name, sizeof(name));
	if (read_given(pool.text, name, range, &given) < 0)
		return nsc_error_sys(err, ENOMEM, "address pool");
	if (!given.found)
		error = lowest_free(range, &given, &given.own, err);
	free(given.offsets);
	if (error < 0)
		return error;
	*ret = nsc_address_add(&range->net, given.own);
	if (given.found)
		return 0;
	if (asprintf(&line, "%s %s", nsc_address_print(ret, false, number),
		     name) < 0) {
		line = NULL;
		return nsc_error_sys(err, ENOMEM, "address pool");
	}
	return nsc_pool_add(&pool, line, err);
}
