/* SPDX-License-Identifier: Apache-2.0 */
#include "util/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"

#define FACTOR UINT64_C(0x9e3779b97f4a7c15)	/* odd, so no bit is lost */

static uint64_t hash_step(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * FACTOR;
	/* Multiplication carries differences only to higher bits. */
	return hash ^ hash >> 32;
}

uint64_t nsc_hash_add(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t word = 0;

	hash = hash_step(hash, size);
	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		hash = hash_step(hash, word);
		p += sizeof(word);
	}
	word = 0;
	if (size)
		memcpy(&word, p, size);
	return size ? hash_step(hash, word) : hash;
}

uint64_t nsc_hash_add_text(uint64_t hash, const char *text)
{
	return text ? nsc_hash_add(hash, text, strlen(text)) :
		      hash_step(hash, SIZE_MAX);
}

int nsc_hash_file(int fd, uint64_t *ret)
{
	_cleanup_free_ char *buf = NULL;
	size_t size = 0, len = 0;
	ssize_t n = 1;

	while (n != 0 && len <= NSC_FILE_MAX) {
		if (len == size) {
			char *grown = realloc(buf, size += 4096);

			if (!grown)
				return -ENOMEM;
			buf = grown;
		}
		n = read(fd, buf + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	*ret = nsc_hash_add(NSC_HASH_INIT, buf, len);
	return 0;
}
