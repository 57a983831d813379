/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of fields over JSON: a table describes each key of an object once,
 * with its type, its range and its place in a struct.
 */
#ifndef NSC_CONFIG_FIELD_H
#define NSC_CONFIG_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"
#include "config/json_text.h"
#include "policy/user.h"

struct nsc_reader {
	const char *file;
	const char *dir;		/* base of relative paths */
	const struct nsc_user *user;	/* for templates */
	char path[256];			/* JSON path of the current value */
	/* For messages: the files, of which the last one counts ... */
	const struct nsc_json_source *sources;
	size_t n_sources;
	struct nsc_json_source one;	/* ... one, if there is only one */
	const struct nsc_field *root;	/* the whole format, or NULL */
	struct nsc_error *err;
};

struct nsc_field;

/*
 * Check value and store it at to.  Returns 0 or a negative errno with
 * reader->err set.
 */
typedef int nsc_field_read(struct nsc_reader *reader, const json_t *value,
			   const struct nsc_field *field, void *to);

/* The same for an element of an array. */
typedef int nsc_element_read(struct nsc_reader *reader, const json_t *element,
			     void *to);

struct nsc_field {
	const char *name;			/* NULL ends a table */
	nsc_field_read *read;
	size_t at;			/* offset, see nsc_field_object */
	long long min, max;			/* of a number */
	const char *const *choices;		/* of a string */
	const struct nsc_field *members;	/* of objects, also in arrays */
	nsc_element_read *element;		/* of nsc_read_array */
};

/*
 * Read the members of an object by table into the struct at to.  A member that
 * is null is taken out, since null says the same as no member.
 */
int nsc_field_object(struct nsc_reader *reader, const json_t *object,
		     const struct nsc_field *table, void *to);

/* Call read for each element of an array, with its path. */
int nsc_field_array(struct nsc_reader *reader, const json_t *array,
		    nsc_element_read *read, void *to);

/* "FILE: PATH: expected EXPECTED, got VALUE"; returns -EINVAL. */
int nsc_field_wrong(struct nsc_reader *reader, const json_t *value,
		    const char *expected);

/* Append to the path; returns the length for nsc_field_pop(). */
size_t nsc_field_push(struct nsc_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void nsc_field_pop(struct nsc_reader *r, size_t len);

/*
 * "FILE: PATH: TEXT (line L, column C)"; returns -EINVAL.  Without a current
 * path, TEXT begins with that of a key and a colon.
 */
int nsc_field_refuse(struct nsc_reader *reader, const char *text);

/* The same for a member of the current object: "FILE: PATH.MEMBER: TEXT". */
int nsc_field_refuse_member(struct nsc_reader *reader, const char *member,
			    const char *text);

/* The same for a member of an element: "FILE: LIST[i].MEMBER: TEXT". */
int nsc_field_refuse_at(struct nsc_reader *reader, const char *list, size_t i,
			const char *member, const char *text);

/*
 * A number from 0, or a text such as "2G" for a number of bytes: see
 * nsc_text_bytes().  False: it is neither, or negative.
 */
bool nsc_field_bytes(const json_t *value, json_int_t *ret);

/* The last file that has a value at path, for messages. */
const char *nsc_field_file(const struct nsc_reader *reader, const char *path);

/*
 * Refuse a key that the table of the current object lacks, and say which one
 * may have been meant, or where it belongs.
 */
int nsc_field_unknown(struct nsc_reader *reader, const char *key,
		      const struct nsc_field *table);

/*
 * The text of a string without control characters; for any other value NULL,
 * with an error.
 */
const char *nsc_field_text(struct nsc_reader *reader, const json_t *value);

/*
 * Parse a file's text, which messages need for as long as the reader is used;
 * on failure NULL, with an error that has the line and column.
 */
json_t *nsc_field_parse(struct nsc_reader *reader, const char *text);

/* Does the object have the key? */
bool nsc_field_has(const json_t *object, const char *key);

/*
 * Add one element, filled with zeros, to a list of n elements of size bytes.
 * Returns the list's new place, or NULL with an error.
 */
void *nsc_field_grow(struct nsc_reader *reader, void *list, size_t n,
		     size_t size);

/*
 * Append a copy of *one to a list.  list is the address of the pointer to it,
 * whatever its type.
 */
int nsc_field_add(struct nsc_reader *reader, void *list, size_t *n,
		  const void *one, size_t size);

/* Append a copy of text to a NULL-terminated vector, which may be NULL. */
int nsc_field_append(struct nsc_reader *reader, char ***vector,
		     const char *text);

/* Readers, each with its type; if to is NULL, nothing is stored. */
nsc_field_read nsc_read_bool;		/* bool */
nsc_field_read nsc_read_number;		/* uint32_t: min to max */
nsc_field_read nsc_read_integer;	/* int64_t: min to max */
nsc_field_read nsc_read_choice;		/* unsigned int: index in choices */
nsc_field_read nsc_read_text;		/* char *: unchanged */
nsc_field_read nsc_read_template;	/* char *: expanded */
nsc_field_read nsc_read_path;		/* char *: absolute, expanded */
bool nsc_field_is_path(const char *text);	/* absolute, without ".." */
nsc_field_read nsc_read_texts;		/* char **: array of strings */
nsc_field_read nsc_read_mode;		/* mode_t: 0 to max; also octal */
nsc_field_read nsc_read_members;	/* the struct itself, by members */
nsc_field_read nsc_read_array;		/* what element stores in the struct */

#endif
