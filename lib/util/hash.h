/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hash of 64 bits: to see that something is another, where nobody gains from
 * making two things look alike.  Each step is one-to-one, so two texts of the
 * same length that differ within one step's 8 bytes never have the same.
 */
#ifndef NSC_UTIL_HASH_H
#define NSC_UTIL_HASH_H

#include <stddef.h>
#include <stdint.h>

#define NSC_HASH_INIT UINT64_C(0xcbf29ce484222325)

/* hash, which NSC_HASH_INIT begins, with a piece of size bytes more. */
uint64_t nsc_hash_add(uint64_t hash, const void *data, size_t size);

/* A piece that is a text; NULL is another than "". */
uint64_t nsc_hash_add_text(uint64_t hash, const char *text);

/*
 * NSC_HASH_INIT with one piece: all that is read from fd until its end, or as
 * much of it as shows that it has more than NSC_FILE_MAX bytes.  0 or a
 * negative errno.
 */
int nsc_hash_file(int fd, uint64_t *ret);

#endif
