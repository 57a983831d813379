/* SPDX-License-Identifier: Apache-2.0 */
/* Messages with descriptors, unix(7): SCM_RIGHTS. */
#ifndef NSC_LINUX_DESCRIPTORS_H
#define NSC_LINUX_DESCRIPTORS_H

#include <stddef.h>
#include <sys/uio.h>

#define NSC_DESCRIPTORS_MAX 24		/* in one message */

/*
 * Make a pair of connected sockets that keep messages apart, close-on-exec.  -1
 * with errno, and nothing changed, on failure.
 */
int nsc_descriptors_pair(int *ret_a, int *ret_b);

/* Sends at least one byte; flags as in sendmsg(2).  0 or a negative errno. */
int nsc_descriptors_send(int socket, const struct iovec *data, const int *fds,
			 size_t n, int flags);

/*
 * Receive a message of exactly size bytes with at most NSC_DESCRIPTORS_MAX
 * descriptors, close-on-exec, which the caller must close.  Returns their
 * number or a negative errno: -ECONNRESET: the message is shorter, or there is
 * none; -EMFILE: the data was received, but not all descriptors, and none is
 * open.
 */
int nsc_descriptors_receive(int socket, void *data, size_t size,
			    int fds[NSC_DESCRIPTORS_MAX], int flags);

#endif
