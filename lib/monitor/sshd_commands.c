/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: container-monitor, root of the host. */
#include "monitor/sshd_commands.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "util/fd.h"
#include "rundir/session_info.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif

static bool set_option(int fd, int option, int value)
{
	return setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)) == 0;
}

void sshd_commands_keep(struct session *s, int *client)
{
	if (strcmp(s->service, "sshd") != 0 || s->commands >= 0 ||
	    !set_option(*client, SO_PASSRIGHTS, 0) ||
	    !set_option(*client, SO_PASSPIDFD, 1))
		return;
	s->commands = NSC_TAKE_FD(*client);
}

static int pidfd_of(struct msghdr *message)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_PIDFD &&
	    c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int sshd_commands_take(struct session *s)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	char content;
	struct iovec data = { &content, sizeof(content) };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = s->commands < 0 ? -1 :
		    recvmsg(s->commands, &message, MSG_DONTWAIT);

	if (n > 0) {
		nsc_fd_close(&s->command);
		s->command = pidfd_of(&message);
	}
	return n < 0 ? -1 : n > 0;
}

void sshd_commands_close(struct session *s)
{
	nsc_fd_close(&s->commands);
	nsc_fd_close(&s->command);
}
