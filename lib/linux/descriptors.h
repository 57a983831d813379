/* SPDX-License-Identifier: Apache-2.0 */
/* A message with descriptors, unix(7): SCM_RIGHTS. */
#ifndef NSC_LINUX_DESCRIPTORS_H
#define NSC_LINUX_DESCRIPTORS_H

#include <stddef.h>
#include <sys/uio.h>

#define NSC_DESCRIPTORS_MAX 24		/* in one message */

/* At least one byte goes along; flags of sendmsg(2).  0 or a negative errno. */
int nsc_descriptors_send(int socket, const struct iovec *data, const int *fds,
			 size_t n, int flags);

/*
 * A message of exactly size bytes with at most NSC_DESCRIPTORS_MAX descriptors,
 * close-on-exec, which are the caller's then.  How many, or a negative errno:
 * -ECONNRESET: the message is shorter, or there is none; -EMFILE: data is
 * there, but not all descriptors could be had, and none is open.
 */
int nsc_descriptors_receive(int socket, void *data, size_t size,
			    int fds[NSC_DESCRIPTORS_MAX], int flags);

#endif
