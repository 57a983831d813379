/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 64-bit hash that detects changes where nobody gains from a collision.  Each
 * step is one-to-one, so two texts of the same length that differ only within
 * the 8 bytes of one step never collide.
 */
#ifndef NSC_UTIL_HASH_H
#define NSC_UTIL_HASH_H

#include <stddef.h>
#include <stdint.h>

#define NSC_HASH_INIT UINT64_C(0xcbf29ce484222325)

/* Add size bytes of data to hash, which begins as NSC_HASH_INIT. */
uint64_t nsc_hash_add(uint64_t hash, const void *data, size_t size);

/* Add a text; NULL and "" have different hashes. */
uint64_t nsc_hash_add_text(uint64_t hash, const char *text);

/*
 * Hash the rest of fd as one piece that begins with NSC_HASH_INIT.  It stops
 * after NSC_FILE_MAX bytes, once the file is known to be longer.  Returns 0 or
 * a negative errno.
 */
int nsc_hash_file(int fd, uint64_t *ret);

#endif
