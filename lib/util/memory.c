/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled into container-init and container-monitor: plain libc. */
#include "util/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAME 512		/* of ours, what it calls and the red zone */
#define DEPTH 65536		/* the kernel keeps more free below a stack */

void nsc_memory_trim(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	uintptr_t end = (frame - FRAME) & ~(page - 1);

#ifdef __GLIBC__
	malloc_trim(0);
#endif
	/* Nobody's: what is called next gets pages of zeros. */
	madvise((void *)(end - DEPTH), DEPTH, MADV_DONTNEED);
}
