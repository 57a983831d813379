/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles profiles of files with libseccomp.  Runs in: nsinit and login-start.
 */
#include "seccomp/profile.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "util/fd.h"

/* From here on, numbers are x32's, or private calls of arm. */
#define OTHER_NUMBERS 0x10000
#define STUB 5			/* instructions for one architecture */
#define TOLD_APART (NSC_SECCOMP_ARCHES + 1)

static void compile_release(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static int refuse_rule(const struct nsc_seccomp_profile *profile,
		       const struct nsc_seccomp_rule *rule, const char *name,
		       const char *why, struct nsc_error *err)
{
	return nsc_error_set(err, EINVAL, "%s: syscalls[%zu]: '%.64s': %s",
			     profile->file, rule->at, name, why);
}

/* Does a system call with this action take place? */
static bool lets_through(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG;
}

/*
 * A name that libseccomp does not know gets the default action.  That does no
 * harm if the rule allows the call, or if the default denies it.
 */
static int add_unknown(const struct nsc_seccomp_profile *profile,
		       const struct nsc_seccomp_rule *rule, const char *name,
		       struct nsc_error *err)
{
	if (lets_through(profile->default_action) &&
	    !lets_through(rule->action))
		return refuse_rule(profile, rule, name, "no system call has "
				   "this name, so the default would allow it: "
				   "correct the name, or update "
				   "libseccomp", err);
	return 0;
}

static int compile_add_call(scmp_filter_ctx ctx,
			    const struct nsc_seccomp_profile *profile,
			    const struct nsc_seccomp_rule *rule,
			    const char *name, struct nsc_error *err)
{
	struct scmp_arg_cmp args[NSC_SECCOMP_ARGS];
	int number = seccomp_syscall_resolve_name(name);
	int ret;

	if (number == __NR_SCMP_ERROR)
		return add_unknown(profile, rule, name, err);
	if (rule->action == profile->default_action)
		return 0;
	for (size_t i = 0; i < rule->n_args; i++)
		args[i] = (struct scmp_arg_cmp){
			.arg = rule->args[i].index,
			.op = (enum scmp_compare)rule->args[i].op,
			.datum_a = rule->args[i].value,
			.datum_b = rule->args[i].value_two,
		};
	ret = seccomp_rule_add_array(ctx, rule->action, number,
				     (unsigned int)rule->n_args, args);
	if (ret == -EEXIST)
		return refuse_rule(profile, rule, name, "contradicts an "
				   "earlier entry", err);
	if (ret < 0)
		return refuse_rule(profile, rule, name, strerror(-ret), err);
	return 0;
}

static int add_arches(scmp_filter_ctx ctx,
		      const struct nsc_seccomp_profile *profile)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < profile->n_arches; i++)
		ret = seccomp_arch_add(ctx, profile->arches[i]);
	return ret;
}

static int compile_fill(scmp_filter_ctx ctx,
			const struct nsc_seccomp_profile *profile,
			struct nsc_error *err)
{
	int ret = add_arches(ctx, profile);

	/* A tree, because a list would slow down each system call. */
	if (ret == 0)
		ret = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "%s: prepare the filter",
				     profile->file);
	for (size_t i = 0; i < profile->n_rules; i++) {
		const struct nsc_seccomp_rule *rule = &profile->rules[i];

		for (char **name = rule->names; name && *name; name++) {
			ret = compile_add_call(ctx, profile, rule, *name, err);
			if (ret < 0)
				return ret;
		}
	}
	return 0;
}

static int newest(const struct nsc_seccomp_profile *profile, uint32_t arch)
{
	int greatest = nsc_seccomp_newest(arch);

	for (size_t i = 0; i < profile->n_rules; i++) {
		char **name = profile->rules[i].names;

		for (; name && *name; name++) {
			int number = seccomp_syscall_resolve_name_arch(arch,
								       *name);

			if (number > greatest && number < OTHER_NUMBERS)
				greatest = number;
		}
	}
	return greatest;
}

/*
 * List the architectures that the stub tells apart: the kernel has one value
 * for x86_64 and x32.  Returns their number.
 */
static unsigned int tell_apart(const struct nsc_seccomp_profile *profile,
			       uint32_t arches[TOLD_APART])
{
	unsigned int n = 0;

	arches[n++] = seccomp_arch_native();
	for (size_t i = 0; i < profile->n_arches; i++)
		if (profile->arches[i] != SCMP_ARCH_X32)
			arches[n++] = profile->arches[i];
	return n;
}

/*
 * Put a stub before the filter: system calls newer than all that are known by
 * name are ENOSYS, as on an older kernel.  Returns the number of instructions.
 */
static unsigned int put_stub(const struct nsc_seccomp_profile *profile,
			     struct sock_filter *to)
{
	uint32_t arches[TOLD_APART];
	unsigned int n_arches = tell_apart(profile, arches), n = 0;

	if (profile->default_action != SCMP_ACT_ERRNO(EPERM))
		return 0;
	to[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		offsetof(struct seccomp_data, arch));
	for (unsigned int i = 0; i < n_arches; i++) {
		/*
		 * From the third instruction to the end; one less from the
		 * fourth.
		 */
		unsigned char end = (unsigned char)((n_arches - i) * STUB - 3);
		struct sock_filter block[STUB] = {
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arches[i], 0,
				 STUB - 1),
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
				 offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_NUMBERS,
				 end, 0),
			BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K,
				 (uint32_t)newest(profile, arches[i]), 0,
				 (unsigned char)(end - 1)),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		};

		memcpy(&to[n], block, sizeof(block));
		n += STUB;
	}
	return n;
}

static int read_back(int fd, const struct nsc_seccomp_profile *profile,
		     struct nsc_seccomp *ret, struct nsc_error *err)
{
	struct sock_filter stub[1 + TOLD_APART * STUB];
	unsigned int n = put_stub(profile, stub);
	_cleanup_free_ struct sock_filter *code = NULL;
	struct stat st;
	size_t len;

	if (fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "%s", profile->file);
	len = n + (size_t)st.st_size / sizeof(*code);
	if (len > BPF_MAXINSNS)
		return nsc_error_set(err, E2BIG, "%s: makes %zu instructions, "
				     "but the kernel accepts only %d: write "
				     "fewer rules with args", profile->file,
				     len, BPF_MAXINSNS);
	code = malloc(len * sizeof(*code));
	if (!code)
		return nsc_error_sys(err, ENOMEM, "%s", profile->file);
	memcpy(code, stub, n * sizeof(*code));
	if (pread(fd, &code[n], (size_t)st.st_size, 0) != st.st_size)
		return nsc_error_sys(err, EIO, "%s", profile->file);
	ret->code = NSC_TAKE_PTR(code);
	ret->len = (unsigned int)len;
	ret->flags = profile->flags;
	return 0;
}

int nsc_seccomp_compile(const struct nsc_seccomp_profile *profile,
			struct nsc_seccomp *ret, struct nsc_error *err)
{
	__attribute__((cleanup(compile_release))) scmp_filter_ctx ctx =
		seccomp_init(profile->default_action);
	_cleanup_fd_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	int error;

	if (!ctx || fd < 0)
		return nsc_error_sys(err, ctx ? errno : ENOMEM, "%s",
				     profile->file);
	error = compile_fill(ctx, profile, err);
	if (error < 0)
		return error;
	error = seccomp_export_bpf(ctx, fd);
	if (error < 0)
		return nsc_error_sys(err, -error, "%s: make the filter",
				     profile->file);
	return read_back(fd, profile, ret, err);
}
