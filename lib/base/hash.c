#include "base/hash.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define PRIME UINT64_C(0x100000001b3)

uint64_t nsc_hash_add(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ p[i]) * PRIME;
	return hash;
}

uint64_t nsc_hash_add_text(uint64_t hash, const char *text)
{
	return text ? nsc_hash_add(hash, text, strlen(text) + 1) :
		      nsc_hash_add(hash, "\1", 2);
}

int nsc_hash_file(int fd, uint64_t *ret)
{
	uint64_t hash = NSC_HASH_INIT;
	char buf[4096];
	size_t size = 0;
	ssize_t n = 1;

	while (n != 0 && size <= NSC_FILE_MAX) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		hash = nsc_hash_add(hash, buf, (size_t)n);
		size += (size_t)n;
	}
	*ret = hash;
	return 0;
}
