/*
 * FNV-1a with 64 bits: to see that something is another, where nobody gains
 * from making two things look alike.  Two texts of the same length that differ
 * in one byte never have the same.
 */
#ifndef NSC_BASE_HASH_H
#define NSC_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define NSC_HASH_INIT UINT64_C(0xcbf29ce484222325)

/* hash, which NSC_HASH_INIT begins, with size bytes more. */
uint64_t nsc_hash_add(uint64_t hash, const void *data, size_t size);

/* The same with a text and its terminating NUL; NULL is another than "". */
uint64_t nsc_hash_add_text(uint64_t hash, const char *text);

/*
 * What is read from fd until its end, at most NSC_FILE_MAX bytes and a bit.
 * 0 or a negative errno.
 */
int nsc_hash_file(int fd, uint64_t *ret);

#endif
