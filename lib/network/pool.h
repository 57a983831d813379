/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is given to users for good: a file of root's in /var/lib/nscontainer
 * with a line for each thing that was given.  Runs in: nsinit, host root.
 */
#ifndef NSC_NETWORK_POOL_H
#define NSC_NETWORK_POOL_H

#include "util/address.h"
#include "util/error.h"

struct nsc_pool {
	const char *name;	/* of the file */
	int dir;
	int lock;		/* of all pools there: the file is replaced */
	char *text;		/* what the file has, "" without one */
};

#define NSC_POOL_INIT { .dir = -1, .lock = -1 }

/*
 * Lock and read dir/name; dir is made when it is not there.  Nobody else has
 * it until nsc_pool_close(), which a failure needs as well.  The lock is a
 * file that root alone can open, since a user who could would hold it for ever;
 * what takes longer than ten seconds is refused all the same.
 */
int nsc_pool_open(const char *dir, const char *name, struct nsc_pool *ret,
		  struct nsc_error *err);

/* Add a line; it is there, or nothing has changed. */
int nsc_pool_add(struct nsc_pool *pool, const char *line,
		 struct nsc_error *err);

/* The same in the place of the line that begins at 'at' of the text. */
int nsc_pool_replace(struct nsc_pool *pool, size_t at, const char *line,
		     struct nsc_error *err);

void nsc_pool_close(struct nsc_pool *pool);
#define _cleanup_pool_ __attribute__((cleanup(nsc_pool_close)))

struct nsc_pool_range {
	struct nsc_address net;
	struct nsc_address gateway;	/* given to nobody; family 0: none */
};

/*
 * The address that key has of the range in dir/addresses, the lowest free one
 * when it has none.  The first address and, with IPv4, the last one of the
 * network are nobody's.
 */
int nsc_pool_take_address(const char *dir, const char *key,
			  const struct nsc_pool_range *range,
			  struct nsc_address *ret, struct nsc_error *err);

#endif
