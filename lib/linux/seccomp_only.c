/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/seccomp_only.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

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

#ifdef ARCH
/* The half of an argument that is an int. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW sizeof(int)
#else
#define LOW 0
#endif
#define LOAD(at) ((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at))
#define AT(member) offsetof(struct seccomp_data, member)
#define IF(value, then, otherwise) ((struct sock_filter)BPF_JUMP( \
	BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)(value), then, otherwise))
#define END(action) ((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, \
						   SECCOMP_RET_##action))

int nsc_seccomp_only(const int *calls, size_t n, struct nsc_error *err)
{
	struct sock_filter code[2 * NSC_SECCOMP_ONLY_MAX + 9];
	struct sock_fprog filter = { 0, code };

	if (n > NSC_SECCOMP_ONLY_MAX)
		return nsc_error_sys(err, E2BIG, "a filter");
	code[filter.len++] = LOAD(AT(arch));
	code[filter.len++] = IF(ARCH, 1, 0);
	code[filter.len++] = END(KILL_PROCESS);
	code[filter.len++] = LOAD(AT(nr));
	for (size_t i = 0; i < n; i++) {
		bool socket = calls[i] == SYS_socket;

		code[filter.len++] = IF(calls[i], 0, socket ? 5 : 1);
		if (socket) {
			code[filter.len++] = LOAD(AT(args) + LOW);
			code[filter.len++] = IF(AF_INET, 1, 0);
			code[filter.len++] = IF(AF_INET6, 0, 1);
		}
		code[filter.len++] = END(ALLOW);
		if (socket)
			code[filter.len++] = END(KILL_PROCESS);
	}
	code[filter.len++] = END(KILL_PROCESS);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		return nsc_error_sys(err, errno, "load a filter");
	return 0;
}
#else
int nsc_seccomp_only(const int *calls, size_t n, struct nsc_error *err)
{
	(void)calls;
	(void)n;
	(void)err;
	return 0;
}
#endif
