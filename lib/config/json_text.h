/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a JSON file: where a value stands in it, and which mistake keeps
 * it from being JSON.  Runs in: nsinit and login-start, after an error.
 */
#ifndef NSC_CONFIG_JSON_TEXT_H
#define NSC_CONFIG_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* An array at path that begins with the elements of earlier files. */
struct nsc_json_shift {
	char *path;
	size_t by;
};

/* One of the files that a configuration is merged from. */
struct nsc_json_source {
	const char *file;
	const char *text;
	struct nsc_json_shift *shifts;
	size_t n_shifts;
};

/* Counted from 1; the column is that of a character. */
struct nsc_json_place {
	unsigned int line, column;
};

/*
 * Find the value at a path such as "networks[1].mtu" in a text that has been
 * parsed without an error.  The place is that of the member's name, or of the
 * element.
 */
bool nsc_json_find(const struct nsc_json_source *source, const char *path,
		   struct nsc_json_place *ret);

/*
 * Look for what people write that is not JSON: comments, a comma too many,
 * other quotes.  Returns what to write instead and its place, or NULL if
 * nothing is found.  The sentence quotes nothing of the text.
 */
const char *nsc_json_mistake(const char *text, struct nsc_json_place *ret);

#endif
