/* SPDX-License-Identifier: Apache-2.0 */
/* Check, convert and escape text from untrusted sources. */
#ifndef NSC_UTIL_TEXT_H
#define NSC_UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NSC_NAME_MAX 192	/* bytes; 64 letters of any alphabet but few */
#define NSC_NAME_RULE \
	"expected up to 192 bytes of UTF-8, without control characters, " \
	"'/', ':', ',' and '\"', and not with '-', '.' or a blank at the " \
	"beginning or a blank at the end"
#define NSC_WORD_MAX 64

/*
 * May this be the name of a user who has a container?  It is the name of a file
 * and a part of logs: NSC_NAME_RULE.  A name of digits is valid: names are
 * never interpreted as ids.
 */
bool nsc_text_name_valid(const char *name);

/*
 * The same for names that are chosen for programs: 1 to NSC_WORD_MAX letters
 * and digits of ASCII, '.', '_', '-', '@', '+', '$' and the backslash, and no
 * '-' or '.' at the beginning.
 */
bool nsc_text_word_valid(const char *word);

/*
 * Parse a decimal number from min to max without other characters.  Returns 0
 * or a negative errno.
 */
int nsc_text_number(const char *text, long long min, long long max,
		    long long *ret);

/*
 * Parse a number of bytes with K, M, G or T at its end, in either case, for the
 * powers of 1024; without one, it is a plain number.  Returns 0 or a negative
 * errno.
 */
int nsc_text_bytes(const char *text, long long *ret);

/*
 * Copy text into buf (size bytes, always terminated), and write each byte that
 * is not printable ASCII as \xHH.  Text that is already escaped stays
 * unchanged.  Returns buf.
 */
const char *nsc_text_escape(const char *text, char *buf, size_t size);

/*
 * Undo this in place for characters that are not ASCII, where the result is
 * UTF-8.
 */
void nsc_text_unescape(char *text);

/*
 * Decode the character of UTF-8 at p, where n bytes are.  Returns its length, 0
 * if there is none in its shortest form, or -1 if it does not end there.
 */
int nsc_text_decode(const unsigned char *p, size_t n, uint32_t *ret);

/* *to = a copy of text.  Returns 0 or -ENOMEM, with *to NULL. */
int nsc_text_copy(char **to, const char *text);

/* Free a NULL-terminated vector and its strings; NULL is fine. */
void nsc_text_free_vector(char **vector);

/*
 * Append a copy of text to a NULL-terminated vector of n strings.
 * Returns 0 or -ENOMEM, in which case nothing changed.
 */
int nsc_text_append(char ***vector, size_t *n, const char *text);

/* *ret = "NAME=VALUE".  Returns 0 or -ENOMEM, with *ret NULL. */
int nsc_text_pair(const char *name, const char *value, char **ret);

bool nsc_text_ends_with(const char *text, const char *end);

/* Is path the directory dir, or below it?  Both are absolute and resolved. */
bool nsc_text_is_below(const char *path, const char *dir);

#endif
