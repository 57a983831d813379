/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables that release their content at the end of their scope.  NSC_TAKE_FD
 * and NSC_TAKE_PTR mark each place where ownership is passed on.
 */
#ifndef NSC_UTIL_FD_H
#define NSC_UTIL_FD_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void nsc_fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

/* pipe2(2), close-on-exec; -1 with errno, and nothing changed, on failure. */
static inline int nsc_fd_pipe(int *ret_in, int *ret_out)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	*ret_in = fds[0];
	*ret_out = fds[1];
	return 0;
}

static inline void nsc_free(void *pointer)
{
	void **p = pointer;

	free(*p);
	*p = NULL;
}

static inline void nsc_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
	*file = NULL;
}

#define _cleanup_fd_ __attribute__((cleanup(nsc_fd_close)))
#define _cleanup_free_ __attribute__((cleanup(nsc_free)))
#define _cleanup_file_ __attribute__((cleanup(nsc_fclose)))

#define NSC_TAKE_FD(fd) \
	({ int taken_fd = (fd); (fd) = -1; taken_fd; })
#define NSC_TAKE_PTR(ptr) \
	({ __typeof__(ptr) taken_ptr = (ptr); (ptr) = NULL; taken_ptr; })

#define NSC_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
