/* SPDX-License-Identifier: Apache-2.0 */
/* The targets of the fuzzers, by name. */
#ifndef NSC_TESTS_FUZZ_TARGETS_H
#define NSC_TESTS_FUZZ_TARGETS_H

#include <stddef.h>

struct fuzz_target {
	const char *name;
	void (*feed)(char *text);	/* may change it */
};

extern const struct fuzz_target fuzz_targets[];	/* ends with name NULL */

const struct fuzz_target *fuzz_target(const char *name);

/* Feed a target with a copy of data that ends with a NUL. */
void fuzz_feed(const struct fuzz_target *target, const void *data,
	       size_t size);

/*
 * The number of inputs that a target's parser accepted.  A corpus without such
 * an input tests little; a corpus from before a new required key is an example.
 */
extern unsigned long fuzz_accepted;

/* Cut text at its first line "%"; returns the text after the line, or "". */
char *fuzz_cut(char *text);

/* records.c */
void fuzz_rundir(char *text);
void fuzz_pool(char *text);
void fuzz_ranges(char *text);
void fuzz_hooks(char *text);
void fuzz_log(char *text);
void fuzz_resolv(char *text);
void fuzz_dns(char *text);
void fuzz_recording(char *text);
void fuzz_transfer(char *text);

/* foreign.c */
void fuzz_proc(char *text);
void fuzz_cast(char *text);
void fuzz_cdi(char *text);

#endif
