/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permanent assignments to users: a file of root in /var/lib/nscontainer with a
 * line for each assignment.  Runs in: nsinit, as root of the host.
 */
#ifndef NSC_NETWORK_POOL_H
#define NSC_NETWORK_POOL_H

#include "util/address.h"
#include "util/error.h"

struct nsc_pool {
	const char *name;	/* of the file */
	int dir;
	int lock;		/* for all pools in dir: the file is replaced */
	char *text;		/* the file's content, "" without a file */
};

#define NSC_POOL_INIT { .dir = -1, .lock = -1 }

/*
 * Lock and read dir/name; dir is made if it does not exist.  The lock is
 * exclusive until nsc_pool_close(), which must be called after a failure as
 * well.  Only root can open the lock's file: any user who could open it could
 * hold the lock for ever.  After ten seconds the wait for the lock is an error.
 * Returns 0 or a negative errno with err set.
 */
int nsc_pool_open(const char *dir, const char *name, struct nsc_pool *ret,
		  struct nsc_error *err);

/* Add a line.  Returns 0, or a negative errno; then nothing has changed. */
int nsc_pool_add(struct nsc_pool *pool, const char *line,
		 struct nsc_error *err);

/* The same, but replace the line that begins at offset 'at' of the text. */
int nsc_pool_replace(struct nsc_pool *pool, size_t at, const char *line,
		     struct nsc_error *err);

void nsc_pool_close(struct nsc_pool *pool);
#define _cleanup_pool_ __attribute__((cleanup(nsc_pool_close)))

struct nsc_pool_range {
	struct nsc_address net;
	struct nsc_address gateway;	/* never assigned; family 0: none */
	const char *key;		/* of nscontainer.conf */
};

/*
 * Get key's address in the range from dir/addresses; if key has none, assign
 * the lowest free one.  The network's first address is never assigned, nor is
 * the last one with IPv4.  Returns 0 or a negative errno with err set.
 */
int nsc_pool_take_address(const char *dir, const char *key,
			  const struct nsc_pool_range *range,
			  struct nsc_address *ret, struct nsc_error *err);

#endif
