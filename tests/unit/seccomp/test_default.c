/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/seccomp/default_filter.c, default_profile.c: the built-in filter must
 * decide like the filter that libseccomp makes from the same tables.  Both are
 * interpreted for each system call number, with arguments on both sides of each
 * condition, and for several kinds of machines.
 */
#include "filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include "seccomp/default_filter.h"
#include "seccomp/default_profile.h"

#define X32 0x40000000u
#define NUMBERS 1100u		/* more than any architecture has */
#define ABSENT (SECCOMP_RET_ERRNO | ENOSYS)
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
		    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const uint32_t arches[] = {
	AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM,
	AUDIT_ARCH_S390X, AUDIT_ARCH_PPC64LE,
	AUDIT_ARCH_MIPSEL64, AUDIT_ARCH_MIPSEL, AUDIT_ARCH_MIPSEL64N32,
	AUDIT_ARCH_RISCV64, 0, 1, UINT32_MAX,
};

static struct nsc_seccomp builtin(uint32_t arch, uint64_t caps,
				  bool native_only)
{
	struct nsc_seccomp_world here = { .capabilities = caps, .arch = arch };
	struct nsc_seccomp filter = { .len = 0 };

	ck_assert_msg(nsc_seccomp_default(&here, native_only, &filter, &err) ==
		      0, "%s", err.text);
	return filter;
}

/* --- the filter that libseccomp makes from the tables */

static void allow(scmp_filter_ctx ctx, const char *name,
		  const struct scmp_arg_cmp *arg)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number != __NR_SCMP_ERROR)
		ck_assert_int_eq(seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW,
							number, !!arg, arg),
				 0);
}

/* The same rules as the tables, in another form. */
static void allow_by_argument(scmp_filter_ctx ctx, uint64_t caps)
{
	static const uint64_t personalities[] = {
		0, 8, 0x20000, 0x20008, 0x40000, 0x40008,
		0xffffffff,
	};
	struct scmp_arg_cmp arg = SCMP_A0(SCMP_CMP_MASKED_EQ, NAMESPACES, 0);

	allow(ctx, "clone", caps & BIT(CAP_SYS_ADMIN) ? NULL : &arg);
	arg = SCMP_A0(SCMP_CMP_LT, AF_DECnet, 0);
	allow(ctx, "socket", &arg);
	for (uint64_t i = AF_DECnet + 1; i < AF_MAX; i++) {
		arg = SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, i);
		if (i != AF_ECONET && i != AF_ATMSVC && i != AF_IRDA &&
		    i != AF_ISDN && i != AF_CAIF && i != AF_ALG &&
		    i != AF_VSOCK)
			allow(ctx, "socket", &arg);
	}
	for (size_t i = 0; i < NSC_ARRAY_SIZE(personalities); i++) {
		arg = SCMP_A0(SCMP_CMP_EQ, personalities[i], 0);
		allow(ctx, "personality", &arg);
	}
}

static void fill(scmp_filter_ctx ctx, uint64_t caps)
{
	for (size_t i = 0; i < nsc_seccomp_n_groups; i++) {
		const struct nsc_seccomp_group *g = &nsc_seccomp_groups[i];

		if (g->caps != UINT64_MAX && !(g->caps & caps))
			continue;
		for (const char *const *name = g->names; *name; name++)
			allow(ctx, *name, NULL);
	}
	if (caps & BIT(CAP_SYS_ADMIN))
		allow(ctx, "clone3", NULL);
	else
		ck_assert_int_eq(seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
						  SCMP_SYS(clone3), 0), 0);
	allow_by_argument(ctx, caps);
}

/* arches_of ends with 0. */
static struct nsc_seccomp reference(const uint32_t *arches_of, uint64_t caps)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct nsc_seccomp filter = { .len = 0 };
	off_t size;

	ck_assert_ptr_nonnull(ctx);
	if (arches_of[0] != seccomp_arch_native())
		ck_assert_int_eq(seccomp_arch_remove(ctx,
						     seccomp_arch_native()),
				 0);
	for (; *arches_of; arches_of++)
		if (*arches_of != seccomp_arch_native())
			ck_assert_int_eq(seccomp_arch_add(ctx, *arches_of), 0);
	fill(ctx, caps);
	ck_assert_int_eq(seccomp_export_bpf(ctx, fd), 0);
	seccomp_release(ctx);
	size = lseek(fd, 0, SEEK_END);
	ck_assert_int_gt(size, 0);
	filter.len = (unsigned int)((size_t)size / sizeof(*filter.code));
	ck_assert_int_eq(nsc_seccomp_read(fd, &filter, &err), 0);
	close(fd);
	return filter;
}

/* --- comparing */

struct pair {
	struct nsc_seccomp ours, theirs;
	uint32_t machine;
	bool native_only;
	/* Greater numbers below 0x10000 give ENOSYS; theirs lacks this rule. */
	uint32_t newest;
};

/*
 * libseccomp has one pseudo number for two calls of PowerPC; on another machine
 * 2.6 takes the one for the other.
 */
static bool confused(const struct seccomp_data *data)
{
	static const char *const names[] = {
		"switch_endian", "sys_debug_setcontext",
	};

	if (data->arch != AUDIT_ARCH_PPC64LE ||
	    seccomp_syscall_resolve_name(names[0]) !=
	    seccomp_syscall_resolve_name(names[1]))
		return false;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++)
		if (seccomp_syscall_resolve_name_arch(data->arch, names[i]) ==
		    data->nr)
			return true;
	return false;
}

static void compare_one(const struct pair *p, const struct seccomp_data *data)
{
	uint32_t number = (uint32_t)data->nr;
	uint32_t expected = number > p->newest && number < 0x10000 ?
			    ABSENT : interpret(&p->theirs, data);

	ck_assert_msg(interpret(&p->ours, data) == expected || confused(data),
		      "machine %x arch %x number %x arguments %llx %llx: %x, "
		      "not %x", p->machine, data->arch, number,
		      (unsigned long long)data->args[0],
		      (unsigned long long)data->args[1],
		      interpret(&p->ours, data), expected);
}

/* Compare small arguments, each bit, and some of the upper 32 bits. */
static void compare_arguments(const struct pair *p, struct seccomp_data data)
{
	static const uint64_t above[] = { 0, 1, UINT64_C(0x80000000),
					  UINT32_MAX };

	for (unsigned int i = 0; i < NSC_ARRAY_SIZE(above) * 50; i++) {
		uint64_t high = above[i / 50] << 32;
		uint64_t bit = BIT(i % 50 & 31);
		const uint64_t values[] = {
			i % 50, bit, bit | PER_LINUX32, UINT32_MAX & ~bit,
			UINT32_MAX,
		};

		for (size_t k = 0; k < NSC_ARRAY_SIZE(values); k++) {
			data.args[0] = high | values[k];
			data.args[1] = 0;
			compare_one(p, &data);
			data.args[1] = data.args[0];
			data.args[0] = 0;
			compare_one(p, &data);
		}
	}
}

/* Compare one call, with many arguments if they matter to either filter. */
static void compare(const struct pair *p, uint32_t arch, uint32_t number)
{
	static const uint64_t values[] = {
		CLONE_NEWUSER, AF_VSOCK, UINT64_C(1) << 32, UINT64_MAX,
	};
	struct seccomp_data data = { .arch = arch, .nr = (int)number };
	uint32_t ours = interpret(&p->ours, &data);
	uint32_t theirs = interpret(&p->theirs, &data);
	bool matters = false;

	compare_one(p, &data);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(values); i++) {
		for (int k = 0; k < NSC_SECCOMP_ARGS; k++)
			data.args[k] = values[i];
		compare_one(p, &data);
		matters = matters || interpret(&p->ours, &data) != ours ||
			  interpret(&p->theirs, &data) != theirs;
	}
	if (matters)
		compare_arguments(p, data);
}

/* Compare numbers around all limits between ranges. */
static void compare_numbers(const struct pair *p, uint32_t arch)
{
	static const uint32_t middles[] = {
		0, X32, 0x10000, 0xf0000, X32 + 0x10000, 2 * X32,
	};
	struct seccomp_data data = { .arch = arch };

	for (size_t i = 0; i < NSC_ARRAY_SIZE(middles); i++) {
		for (uint32_t n = 0; n < 2 * NUMBERS; n++) {
			data.nr = (int)(middles[i] - NUMBERS + n);
			compare_one(p, &data);
		}
	}
}

static void compare_all(struct pair *p)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(arches); i++) {
		bool runs = arches[i] == p->machine ||
			    (!p->native_only &&
			     nsc_seccomp_arch_runs_on(arches[i], p->machine));

		p->newest = runs ? (uint32_t)nsc_seccomp_newest(arches[i]) :
				   UINT32_MAX;
		compare_numbers(p, arches[i]);
		for (uint32_t n = 0; runs && n < NUMBERS; n++) {
			compare(p, arches[i], n);
			compare(p, arches[i], X32 + n);
		}
	}
}

static const uint64_t all_caps[] = {
	0, BIT(CAP_SYS_ADMIN), BIT(CAP_KILL), BIT(CAP_BPF) | BIT(CAP_SYS_NICE),
	UINT64_MAX,
};

static void compare_machine(const uint32_t *arches_of, bool native_only,
			    uint64_t caps)
{
	struct pair pair = {
		.ours = builtin(arches_of[0], caps, native_only),
		.theirs = reference(arches_of, caps),
		.machine = arches_of[0], .native_only = native_only,
	};

	compare_all(&pair);
	/* libseccomp's filter has three to four times as many instructions. */
	ck_assert_uint_lt(pair.ours.len, native_only ? 200 : 400);
	ck_assert_uint_lt(pair.ours.len, pair.theirs.len / 2);
	nsc_seccomp_free(&pair.ours);
	nsc_seccomp_free(&pair.theirs);
}

/* Machines with other numbers, multiplexed calls, or 32-bit arguments. */
static const struct machine {
	uint32_t all[4], native[2];
} machines[] = {
	{ { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, 0 },
	  { SCMP_ARCH_X86_64, 0 } },
	{ { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, 0 }, { SCMP_ARCH_AARCH64, 0 } },
	{ { SCMP_ARCH_PPC64LE, 0 }, { SCMP_ARCH_PPC64LE, 0 } },
	{ { SCMP_ARCH_MIPSEL64, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32, 0 },
	  { SCMP_ARCH_MIPSEL64, 0 } },
	{ { SCMP_ARCH_RISCV64, 0 }, { SCMP_ARCH_RISCV64, 0 } },
};

START_TEST(same_answers)
{
	const struct machine *m = &machines[_i];

	for (size_t i = 0; i < NSC_ARRAY_SIZE(all_caps); i++) {
		compare_machine(m->all, false, all_caps[i]);
		compare_machine(m->native, true, all_caps[i]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("default");
	TCase *tcase = unit_case("all");

	tcase_add_loop_test(tcase, same_answers, 0, NSC_ARRAY_SIZE(machines));
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
