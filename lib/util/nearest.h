/* SPDX-License-Identifier: Apache-2.0 */
/* The known name that somebody may have meant by an unknown one. */
#ifndef NSC_UTIL_NEAREST_H
#define NSC_UTIL_NEAREST_H

#include <stddef.h>

struct nsc_nearest {
	const char *wrong;	/* the unknown name */
	char name[64];		/* the nearest so far, or "" */
	unsigned int distance;	/* of it */
};

#define NSC_NEAREST_INIT(name) { (name), "", 0 }

/*
 * The number of letters to insert, delete, replace or swap with the next one;
 * upper and lower case are the same.  Names of 64 letters or more have no
 * neighbours.
 */
unsigned int nsc_nearest_distance(const char *a, const char *b);

/*
 * Keep the known name if it is nearer than the one before, and near enough: one
 * letter of three may differ, and three letters in all.
 */
void nsc_nearest_offer(struct nsc_nearest *nearest, const char *known);

/* ": did you mean 'NAME'?" in buf, or "" if no name is near.  Returns buf. */
const char *nsc_nearest_text(const struct nsc_nearest *nearest, char *buf,
			     size_t size);

#endif
