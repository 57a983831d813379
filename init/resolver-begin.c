/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: name-resolver.  Starts as root of the host, ends as the user. */
#include "resolver-begin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/nsfs.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
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
#include "util/fd.h"
#include "util/names.h"

static int open_sockets(struct resolver_sockets *ret, struct nsc_error *err)
{
	_cleanup_fd_ int host = nsc_namespace_open(0, CLONE_NEWNET);
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_port = htons(53) };

	inet_pton(AF_INET, NSC_NAMES_ADDRESS, &here.sin_addr);
	if (host < 0 || setns(NSC_NAMES_NET, CLONE_NEWNET) < 0)
		return nsc_error_sys(err, errno, "enter the network");
	ret->netlink = nsc_nft_element_open();
	ret->question = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ret->netlink < 0 || ret->question < 0 ||
	    bind(ret->question, (const struct sockaddr *)&here,
		 sizeof(here)) < 0)
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

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#endif

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
			      offsetof(struct seccomp_data, member))
#define IF_NOT(value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0)
#define END(action) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_##action)
#define ALLOW(call) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1), END(ALLOW)

/* Messages, time and randomness; no file, process or other kind of socket. */
int resolver_confine(void)
{
#ifdef ARCH
	static struct sock_filter code[] = {
		LOAD(arch), IF_NOT(ARCH), END(KILL_PROCESS),
		LOAD(nr),
		ALLOW(recvfrom), ALLOW(sendto), ALLOW(pread64), ALLOW(connect),
		ALLOW(pwrite64), ALLOW(write),
		ALLOW(close), ALLOW(clock_gettime), ALLOW(getrandom),
#ifdef SYS_poll
		ALLOW(poll),
#endif
		ALLOW(ppoll), ALLOW(exit_group), ALLOW(rt_sigreturn),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0),
		END(KILL_PROCESS),
		LOAD(args),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
		END(ALLOW),
		END(KILL_PROCESS),
	};
	struct sock_fprog filter = { NSC_ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		return -errno;
	return 0;
#else
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
#endif
}
