/* SPDX-License-Identifier: Apache-2.0 */
/* Merge the files of one configuration.  Runs in: nsinit and login-start. */
#ifndef NSC_CONFIG_MERGE_H
#define NSC_CONFIG_MERGE_H

#include "config/field.h"

/*
 * Parse n sources into one object, in their order:
 * - objects are merged member by member;
 * - an array of objects is appended to an earlier one, and an empty array
 *   empties it;
 * - any other value takes the place of the earlier one, and null removes it.
 * NULL with reader->err set on failure.  The reader's messages then name the
 * file that has the value; the sources must stay, and are freed by the caller
 * with nsc_merge_free().
 */
json_t *nsc_merge(struct nsc_reader *reader, struct nsc_json_source *sources,
		  size_t n);

void nsc_merge_free(struct nsc_json_source *sources, size_t n);

#endif
