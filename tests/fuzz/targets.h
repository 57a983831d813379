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

#endif
