/* SPDX-License-Identifier: Apache-2.0 */
/* container-init and container-monitor use this file too: plain libc. */
#include "util/memory.h"

#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAME 512		/* our own frame, callees and the red zone */
#define DEPTH 65536	/* the kernel keeps a larger gap below a stack */

void nsc_memory_trim(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
	uintptr_t end = (frame - FRAME) & ~(page - 1);

#ifdef __GLIBC__
	malloc_trim(0);
#endif
	/* No frame uses these pages: later calls get zeroed pages. */
	madvise((void *)(end - DEPTH), DEPTH, MADV_DONTNEED);
}
