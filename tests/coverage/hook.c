/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked into each program and module of an instrumented build, instead of the
 * start of clang's profile runtime.  The counters become a shared mapping of a
 * file in NSC_COVERAGE_DIR, from the first instruction on: so they outlive
 * SIGKILL and _exit(), setuid() and setns(), and a child counts in the file of
 * its parent.  Where the directory is not, a program counts for nobody.
 *
 * The runtime leaves the file open and notes in the environment that it has
 * begun, which whoever is executed would inherit: here both go.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void __llvm_profile_set_filename(const char *pattern);

/* The runtime's own start is linked only where this symbol is missing. */
extern int __llvm_profile_runtime;
int __llvm_profile_runtime;

__attribute__((constructor)) static void count(void)
{
	char pattern[128];
	struct timespec now;
	struct stat st;
	int fd;

	if (access(NSC_COVERAGE_DIR "/.here", F_OK) < 0)
		return;
	fd = open("/", O_RDONLY | O_CLOEXEC);
	close(fd);
	/*
	 * A process may load the module, and then become a program: each has a
	 * file of its own.  "%c" makes it a mapping.
	 */
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(pattern, sizeof(pattern), NSC_COVERAGE_DIR
		 "/%d-%ld%09ld%%c.profraw", (int)getpid(), (long)now.tv_sec,
		 now.tv_nsec);
	__llvm_profile_set_filename(pattern);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		close(fd);
	unsetenv("__LLVM_PROFILE_RT_INIT_ONCE");
}
