/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: a child of container-monitor, as root of the host. */
#include "monitor/session_log_places.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>

#include "util/fd.h"
#include "util/paths.h"

/* From libaudit.h: a user's session. */
#ifndef AUDIT_USER_START
#define AUDIT_USER_START 1105
#define AUDIT_USER_END 1106
#endif

static const struct timeval patience = { .tv_sec = 1 };

void session_log_syslog(pid_t pid, const char *text)
{
	const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = NSC_SYSLOG,
	};
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char head[64], when[32];
	time_t now = time(NULL);
	struct iovec parts[] = {
		{ head, 0 }, { (char *)(uintptr_t)text, strlen(text) },
	};
	struct msghdr message = {
		.msg_name = (void *)(uintptr_t)&address,
		.msg_namelen = sizeof(address),
		.msg_iov = parts, .msg_iovlen = 2,
	};
	struct tm tm;

	if (fd < 0 || !localtime_r(&now, &tm) ||
	    !strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm))
		return;
	parts[0].iov_len = (size_t)snprintf(head, sizeof(head),
					    "<%d>%s nscontainer[%d]: ",
					    LOG_AUTHPRIV | LOG_NOTICE, when,
					    (int)pid);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)!sendmsg(fd, &message, MSG_NOSIGNAL);
}

static int audit_answer(int fd)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (recv(fd, &answer, sizeof(answer), 0) < (ssize_t)sizeof(answer) ||
	    answer.header.nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	/* A host that is itself a container has none either. */
	return answer.error.error == -ECONNREFUSED ? 0 : answer.error.error;
}

int session_log_audit(bool close, const char *text)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
				     NETLINK_AUDIT);
	struct nlmsghdr header = {
		.nlmsg_len = NLMSG_LENGTH(strlen(text) + 1),
		.nlmsg_type = close ? AUDIT_USER_END : AUDIT_USER_START,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
		.nlmsg_seq = 1,
	};
	struct iovec parts[] = {
		{ &header, sizeof(header) },
		{ (char *)(uintptr_t)text, strlen(text) + 1 },
	};
	struct msghdr message = {
		.msg_name = (void *)(uintptr_t)&kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = parts, .msg_iovlen = 2,
	};

	/* These errors mean that the kernel has no audit system. */
	if (fd < 0)
		return errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT ?
			       0 : -errno;
	if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
		return errno == ECONNREFUSED ? 0 : -errno;
	return audit_answer(fd);
}
