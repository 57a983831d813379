/* SPDX-License-Identifier: Apache-2.0 */
/* The entry of libFuzzer and AFL++; NSC_FUZZ_TARGET names the target. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_target *target;

	if (!target)
		target = fuzz_target(getenv("NSC_FUZZ_TARGET"));
	if (!target) {
		fputs("NSC_FUZZ_TARGET names no target\n", stderr);
		abort();
	}
	fuzz_feed(target, data, size);
	return 0;
}
