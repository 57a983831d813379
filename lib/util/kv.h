/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text files of lines "key value", written and read by one table.  A record is
 * the lines of a table's fields, in its order; a vector has a line for each
 * string, and what is optional may have none.  Everything else is an error: a
 * key that is unknown, twice, missing or at another place.  In a string the
 * newline is \n, and the backslash \\.
 */
#ifndef NSC_UTIL_KV_H
#define NSC_UTIL_KV_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

/* What a field is in the struct, and its value in the file. */
enum nsc_kv_kind {
	NSC_KV_STRING,		/* char *, in the text that was read */
	NSC_KV_OPTIONAL,	/* the same; NULL: no line */
	NSC_KV_TEXT,		/* char[limit] */
	NSC_KV_UINT,		/* unsigned int, pid_t, uid_t */
	NSC_KV_INT,
	NSC_KV_BOOL,
	NSC_KV_U64,		/* uint64_t[limit], 0: one of them */
	NSC_KV_IDS,		/* struct nsc_gids */
	NSC_KV_VECTOR,		/* char **; empty may be NULL */
};

struct nsc_gids {
	gid_t *list;
	size_t n;
};

struct nsc_kv_field {
	const char *key;
	enum nsc_kv_kind kind;
	size_t at;		/* in the struct */
	size_t limit;
};

/* The same limit holds for writing and reading. */
struct nsc_kv {
	const char *name;	/* for messages */
	unsigned int version;	/* a line before all others; 0: none */
	size_t max;		/* bytes of the whole text */
	size_t size;		/* of the struct */
	const struct nsc_kv_field *fields;
	size_t n;
};

/*
 * Print n records to new memory.  What would not be read again is -EINVAL, or
 * -E2BIG, and err has the key.
 */
int nsc_kv_print(const struct nsc_kv *kv, const void *records, size_t n,
		 char **ret, struct nsc_error *err);

/*
 * Parse the record that *text begins with into record, which is all zero, and
 * go on behind it.  text is changed and has to stay as long as the record.
 * -EPROTO: it is of another version.  nsc_kv_free() also after an error.
 */
int nsc_kv_parse(const struct nsc_kv *kv, char **text, void *record,
		 struct nsc_error *err);

/* The same for a text that is one record and no more. */
int nsc_kv_parse_all(const struct nsc_kv *kv, char *text, void *record,
		     struct nsc_error *err);

/*
 * Read a file of root's below dirfd, see nsc_file_open_at(), to new memory.
 * -ENOENT where it does not exist.
 */
int nsc_kv_read(const struct nsc_kv *kv, int dirfd, const char *name,
		char **ret, struct nsc_error *err);

/* Free vectors and lists, not the struct. */
void nsc_kv_free(const struct nsc_kv *kv, void *record);

#endif
