/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside: checked, converted and escaped without surprises. */
#ifndef NSC_UTIL_TEXT_H
#define NSC_UTIL_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define NSC_NAME_MAX 64

/*
 * May name stand in a path and a log?  1 to NSC_NAME_MAX bytes of letters,
 * digits, '.', '_', '-', '@', '+', '$' and the backslash, not beginning with
 * '-' or '.'.  True as well for what only looks like a uid: names are never
 * turned into ids.
 */
bool nsc_text_name_valid(const char *name);

/* A whole decimal number from min to max, nothing before or after it. */
int nsc_text_number(const char *text, long long min, long long max,
		    long long *ret);

/*
 * Copy text into buf (size bytes, always terminated) with every byte that is
 * not printable ASCII written as \xHH.  What is escaped already stays as it
 * is.  Returns buf.
 */
const char *nsc_text_escape(const char *text, char *buf, size_t size);

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

#endif
