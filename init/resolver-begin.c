/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: name-resolver.  Starts as root of the host, ends as the user. */
#include "resolver-begin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "linux/capability.h"
#include "linux/credential.h"
#include "linux/namespace.h"
#include "linux/nft_element.h"
#include "linux/seccomp_only.h"
#include "util/fd.h"
#include "util/names.h"

static int open_socket(int type)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_port = htons(53) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, NSC_NAMES_ADDRESS, &here.sin_addr);
	/* Connections that have ended keep the port for a minute. */
	if (fd >= 0 && type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 },
			   sizeof(int));
	if (fd >= 0 &&
	    (bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0 ||
	     (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0)))
		nsc_fd_close(&fd);
	return fd;
}

static int open_sockets(struct resolver_sockets *ret, struct nsc_error *err)
{
	_cleanup_fd_ int host = nsc_namespace_open(0, CLONE_NEWNET);

	if (host < 0 || setns(NSC_NAMES_NET, CLONE_NEWNET) < 0)
		return nsc_error_sys(err, errno, "enter the network");
	ret->netlink = nsc_nft_element_open();
	ret->question = open_socket(SOCK_DGRAM);
	ret->listener = open_socket(SOCK_STREAM);
	if (ret->netlink < 0 || ret->question < 0 || ret->listener < 0)
		return nsc_error_sys(err, errno, "listen at "
				     NSC_NAMES_ADDRESS);
	if (setns(host, CLONE_NEWNET) < 0)
		return nsc_error_sys(err, errno, "leave the network");
	return 0;
}

/* The rights of the user over the namespace, and of these one. */
static int become_owner(struct nsc_error *err)
{
	const uint64_t admin = UINT64_C(1) << CAP_NET_ADMIN;
	_cleanup_fd_ int owner = ioctl(NSC_NAMES_NET, NS_GET_USERNS);
	struct stat st;
	uid_t uid;
	int ret;

	if (owner < 0 || ioctl(owner, NS_GET_OWNER_UID, &uid) < 0 ||
	    fstat(NSC_NAMES_FILE, &st) < 0)
		return nsc_error_sys(err, errno, "find the network's owner");
	ret = nsc_credential_become(uid, st.st_gid, NULL, 0, err);
	if (ret < 0)
		return ret;
	if (setns(owner, CLONE_NEWUSER) < 0)
		return nsc_error_sys(err, errno, "enter the user namespace");
	ret = nsc_capability_bound(admin, err);
	return ret < 0 ? ret : nsc_capability_keep(admin, err);
}

int resolver_begin(struct resolver_sockets *ret, struct nsc_error *err)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	int error = open_sockets(ret, err);

	if (error == 0 && fcntl(NSC_NAMES_FILE, F_SETLK, &lock) < 0)
		error = nsc_error_sys(err, errno, "lock the names");
	if (error == 0)
		error = become_owner(err);
	if (error == 0 && prctl(PR_SET_DUMPABLE, 0) < 0)
		error = nsc_error_sys(err, errno, "hide the process");
	close(NSC_NAMES_NET);
	return error;
}

/* Messages, time and randomness; no file, process or other kind of socket. */
int resolver_confine(void)
{
	static const int calls[] = {
		SYS_recvfrom, SYS_sendto, SYS_pread64, SYS_connect, SYS_accept4,
		SYS_pwrite64, SYS_write, SYS_close, SYS_clock_gettime,
		SYS_getrandom, SYS_ppoll, SYS_exit_group, SYS_rt_sigreturn,
		SYS_socket,
#ifdef SYS_poll
		SYS_poll,
#endif
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return nsc_seccomp_only(calls, NSC_ARRAY_SIZE(calls), NSC_IGNORE);
}
