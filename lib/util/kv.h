/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text files with lines "key value"; one table describes how they are written
 * and read.  A record has one line for each field of the table, in the order of
 * the table.  A vector has a line for each string, and optional fields may have
 * none.  Everything else is an error: a key that is unknown, repeated, missing
 * or out of order.  In a string, a newline is written as \n and a backslash as
 * \\.
 */
#ifndef NSC_UTIL_KV_H
#define NSC_UTIL_KV_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

/* The type of a field in the struct, and its form in the file. */
enum nsc_kv_kind {
	NSC_KV_STRING,		/* char *, points into the text */
	NSC_KV_OPTIONAL,	/* the same; NULL: no line */
	NSC_KV_TEXT,		/* char[limit] */
	NSC_KV_UINT,		/* unsigned int, pid_t, uid_t */
	NSC_KV_INT,
	NSC_KV_BOOL,
	NSC_KV_U64,		/* uint64_t[limit]; limit 0: one number */
	NSC_KV_IDS,		/* struct nsc_gids */
	NSC_KV_VECTOR,		/* char **; empty may be NULL */
};

struct nsc_gids {
	gid_t *list;
	size_t n;
};

/*
 * The key is no pointer, so that a table is never written, not even to relocate
 * it: each container-monitor would have its own copy.
 */
struct nsc_kv_field {
	char key[20];
	enum nsc_kv_kind kind;
	size_t at;		/* in the struct */
	size_t limit;
};

/* The same limits apply to writing and reading. */
struct nsc_kv {
	const char *name;	/* for messages */
	unsigned int version;	/* a line before all others; 0: none */
	size_t max;		/* bytes of the whole text */
	size_t size;		/* of the struct */
	const struct nsc_kv_field *fields;
	size_t n;
};

/*
 * Print n records to new memory.  Returns 0 or a negative errno: -EINVAL for a
 * value that could not be read again, or -E2BIG; err names the key.
 */
int nsc_kv_print(const struct nsc_kv *kv, const void *records, size_t n,
		 char **ret, struct nsc_error *err);

/*
 * Parse the record at the start of *text into record, which must be all zero,
 * and move *text past the record.  The text is modified and must outlive the
 * record.  -EPROTO: the text has another version.  Call nsc_kv_free() even
 * after an error.
 */
int nsc_kv_parse(const struct nsc_kv *kv, char **text, void *record,
		 struct nsc_error *err);

/*
 * Read a text that another version may have written: take each line whose key
 * is in the table, wherever the line is, and skip all others.  A field that is
 * missing or wrong is 0, or as it was.  The table has no NSC_KV_IDS.
 */
void nsc_kv_scan(const struct nsc_kv *kv, char *text, void *record);

/*
 * Read a file of root below dirfd, see nsc_file_open_at(), to new memory.
 * -ENOENT if it does not exist.
 */
int nsc_kv_read(const struct nsc_kv *kv, int dirfd, const char *name,
		char **ret, struct nsc_error *err);

/* Free vectors and lists, but not the struct. */
void nsc_kv_free(const struct nsc_kv *kv, void *record);

#endif
