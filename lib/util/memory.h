/* SPDX-License-Identifier: Apache-2.0 */
/* Reduce the memory of a process that waits for a long time. */
#ifndef NSC_UTIL_MEMORY_H
#define NSC_UTIL_MEMORY_H

/*
 * Return memory that is no longer needed to the kernel: freed memory, and the
 * stack pages below the caller's frame.  Only for the main thread.
 */
void nsc_memory_trim(void);

#endif
