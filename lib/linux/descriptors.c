/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* An aligned buffer, cmsg(3). */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(NSC_DESCRIPTORS_MAX * sizeof(int))];
};

int nsc_descriptors_pair(int *ret_a, int *ret_b)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	*ret_a = pair[0];
	*ret_b = pair[1];
	return 0;
}

int nsc_descriptors_send(int socket, const struct iovec *data, const int *fds,
			 size_t n, int flags)
{
	union control control = { .room = { 0 } };
	struct iovec iov = *data;
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n > NSC_DESCRIPTORS_MAX)
		return -EMSGSIZE;
	if (n) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.header = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(n * sizeof(int)),
		};
		memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
	}
	return sendmsg(socket, &message, flags) < 0 ? -errno : 0;
}

int nsc_descriptors_receive(int socket, void *data, size_t size,
			    int fds[NSC_DESCRIPTORS_MAX], int flags)
{
	union control control = { .room = { 0 } };
	struct iovec iov = { data, size };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
	int error = got < 0 ? errno : got != (ssize_t)size ? ECONNRESET : 0;
	size_t n = 0;

	if (got >= 0 && message.msg_controllen >= sizeof(control.header) &&
	    control.header.cmsg_level == SOL_SOCKET &&
	    control.header.cmsg_type == SCM_RIGHTS)
		n = (control.header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(&control.header), n * sizeof(int));
	if (!error && message.msg_flags & MSG_CTRUNC)
		error = EMFILE;
	for (size_t i = 0; error && i < n; i++)
		close(fds[i]);
	return error ? -error : (int)n;
}
