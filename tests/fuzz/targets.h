/* SPDX-License-Identifier: Apache-2.0 */
/* What can be fed with text, by name. */
#ifndef NSC_TESTS_FUZZ_TARGETS_H
#define NSC_TESTS_FUZZ_TARGETS_H

#include <stddef.h>

struct fuzz_target {
	const char *name;
	void (*feed)(char *text);	/* may change it */
};

extern const struct fuzz_target fuzz_targets[];	/* ends with name NULL */

const struct fuzz_target *fuzz_target(const char *name);

/* Feed it with a copy that ends with a NUL. */
void fuzz_feed(const struct fuzz_target *target, const void *data,
	       size_t size);

/*
 * How often a target got past the parser.  A corpus without such a text tests
 * little, as one does that is older than a key which must be there.
 */
extern unsigned long fuzz_accepted;

/* Cut at the first line of it that is "%"; what follows, or "". */
char *fuzz_cut(char *text);

/* records.c */
void fuzz_rundir(char *text);
void fuzz_pool(char *text);
void fuzz_ranges(char *text);
void fuzz_hooks(char *text);
void fuzz_log(char *text);
void fuzz_resolv(char *text);

#endif
