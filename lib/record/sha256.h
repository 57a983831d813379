/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, FIPS 180-4. */
#ifndef NSC_RECORD_SHA256_H
#define NSC_RECORD_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define NSC_SHA256_TEXT 64	/* hexadecimal digits */

struct nsc_sha256 {
	uint32_t state[8];
	uint64_t total;		/* bytes */
	unsigned char block[64];
};

void nsc_sha256_begin(struct nsc_sha256 *s);
void nsc_sha256_add(struct nsc_sha256 *s, const void *data, size_t len);
void nsc_sha256_end(struct nsc_sha256 *s, char text[NSC_SHA256_TEXT + 1]);

#endif
