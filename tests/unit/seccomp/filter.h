/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of seccomp: filters and their results. */
#ifndef NSC_TESTS_FILTER_H
#define NSC_TESTS_FILTER_H

#include "unit.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "util/fd.h"
#include "seccomp/profile.h"

#define BIT(cap) (UINT64_C(1) << (cap))
#define BAD 1			/* an unmapped address */
#define KILLED 1000		/* killed by the filter */
#define NO_ANSWER 0xdeadbeef	/* a jump too far, or a bad instruction */

/* A profile that allows all calls except those of its entry. */
#define ONE(entry) "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" \
		   entry "]}"
static struct nsc_error err;

static inline struct nsc_seccomp_world world(uint64_t capabilities)
{
	struct nsc_seccomp_world here;

	nsc_seccomp_world_here(capabilities, &here);
	ck_assert_uint_ge(here.major, 5);
	return here;
}

static inline struct nsc_seccomp compile(struct nsc_seccomp_profile *profile)
{
	struct nsc_seccomp filter = { .len = 0 };

	ck_assert_msg(profile, "%s", err.text);
	ck_assert_msg(nsc_seccomp_compile(profile, &filter, &err) == 0, "%s",
		      err.text);
	nsc_seccomp_profile_free(profile);
	return filter;
}

/* Load the profile from a file of tests/unit/samples. */
static inline struct nsc_seccomp_profile *sample(const char *name,
						 uint64_t caps)
{
	struct nsc_seccomp_world here = world(caps);
	struct nsc_seccomp_profile *profile = NULL;
	static char text[65536];
	char path[512];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), SRCDIR "/tests/unit/samples/%s", name);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	nsc_seccomp_profile_parse(text, path, &here, &profile, &err);
	return profile;
}

/* Run the filter as the kernel does. */
static inline uint32_t interpret(const struct nsc_seccomp *filter,
				 const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (unsigned int pc = 0; pc < filter->len; pc++) {
		const struct sock_filter *i = &filter->code[pc];
		bool holds;

		switch (i->code) {
		case BPF_RET | BPF_K:
			return i->k;
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)data + i->k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			continue;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K: holds = a == i->k; break;
		case BPF_JMP | BPF_JGT | BPF_K: holds = a > i->k; break;
		case BPF_JMP | BPF_JGE | BPF_K: holds = a >= i->k; break;
		default: return NO_ANSWER;
		}
		pc += holds ? i->jt : i->jf;
	}
	return NO_ANSWER;
}

/* The errno of a system call under the filter, 0 or KILLED. */
static inline int outcome(const struct nsc_seccomp *filter, long number, long a,
		   long b, long c)
{
	int *answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, result;
	pid_t pid;

	ck_assert_ptr_ne(answer, MAP_FAILED);
	*answer = -1;
	pid = fork();
	if (pid == 0) {
		long ret;

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (nsc_seccomp_load(filter, &err) < 0)
			_exit(1);
		*answer = KILLED;
		ret = syscall(number, a, b, c, 0, 0, 0);
		if (number == SYS_clone && ret == 0)
			_exit(0);
		*answer = ret < 0 ? errno : 0;
		/* Directly, because a sanitizer changes _exit(). */
		syscall(SYS_exit_group, 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	result = *answer;
	munmap(answer, sizeof(*answer));
	if (WIFSIGNALED(status))
		ck_assert_int_eq(WTERMSIG(status), SIGSYS);
	return result;
}

static inline int outcome1(const struct nsc_seccomp *filter, long number,
			   long a)
{
	return outcome(filter, number, a, 0, 0);
}

#endif
