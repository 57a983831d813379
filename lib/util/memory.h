/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that a process holds while it waits for long. */
#ifndef NSC_UTIL_MEMORY_H
#define NSC_UTIL_MEMORY_H

/*
 * Give back what was needed before, and is not now: freed memory, and the
 * pages of the stack below the caller's frame.  For the main thread.
 */
void nsc_memory_trim(void);

#endif
