/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiles the tables of the built-in profile.  The system call numbers of an
 * architecture make a row of ranges with one answer each, and a tree of
 * comparisons finds the range.  The kernel checks, converts and compiles the
 * filter again for each login, and runs it once for each number that the kernel
 * has: so fewer instructions are faster, and shorter ways to wide ranges.
 */
#include "seccomp/default_filter.h"

#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "seccomp/default_profile.h"

#define REACH 255		/* the furthest jump of a comparison */
#define CALLS 1500		/* more than two architectures need */
#define KNOWN 1024		/* above all numbers that have no offset */
#define KERNELS 480		/* numbers of the kernel, about */
#define OTHER_NUMBERS 0x10000	/* from here on: x32, private calls of arm */
#define X32 0x40000000
#define NO_NUMBER (-1000)	/* below it: the architecture lacks the call */
#define MULTIPLEXED 64
#define DENY (SECCOMP_RET_ERRNO | EPERM)
#define ABSENT (SECCOMP_RET_ERRNO | ENOSYS)

struct range {
	/* Replaces the action; NULL: no check. */
	const struct nsc_seccomp_check *check;
	uint32_t first, last;
	uint32_t action;
	unsigned int at;	/* the place of the check */
	bool wide;		/* 64-bit arguments */
};

struct writer {
	const struct nsc_seccomp_world *world;
	struct range calls[CALLS], ranges[CALLS];
	size_t n_calls, n_ranges;
	bool known[KNOWN];	/* by number */
	/* By libseccomp's pseudo numbers, which are below 0. */
	struct range multiplexed[MULTIPLEXED];
	size_t n_multiplexed;
	/* Written from end to beginning, because jumps only lead forward. */
	struct sock_filter code[BPF_MAXINSNS];
	unsigned int at;
	bool full;
};

/* --- ranges of numbers */

static bool has_one(const struct writer *w, uint64_t caps)
{
	return caps == UINT64_MAX || (caps & w->world->capabilities);
}

static void default_filter_add(struct writer *w, struct range range)
{
	if (w->n_calls == CALLS)
		w->full = true;
	else
		w->calls[w->n_calls++] = range;
	if (range.last < KNOWN)
		w->known[range.last] = true;
}

/* Returns the call's number on the architecture. */
static int default_filter_add_call(struct writer *w, uint32_t arch,
				   const char *name, const struct range *answer)
{
	int number = seccomp_syscall_resolve_name_arch(arch, name);
	struct range range = *answer;

	range.first = range.last = (uint32_t)number;
	if (number >= 0)
		default_filter_add(w, range);
	else if (number > NO_NUMBER && number != __NR_SCMP_ERROR)
		w->multiplexed[w->n_multiplexed++ % MULTIPLEXED] = range;
	return number;
}

/*
 * On some architectures the operations of socketcall(2) and ipc(2) also have
 * system calls of their own. libseccomp identifies such a call only by its
 * number; numbers of MIPS o32 it expects without their offset.
 */
static void add_direct(struct writer *w, uint32_t arch)
{
	uint32_t offset = arch == SCMP_ARCH_MIPS || arch == SCMP_ARCH_MIPSEL ?
			  4000 : 0;

	if (seccomp_syscall_resolve_name_arch(arch, "socketcall") < 0)
		return;
	for (uint32_t i = 0; i < KNOWN; i++) {
		char *name = w->known[i] ? NULL :
			     seccomp_syscall_resolve_num_arch(arch, (int)i);
		uint32_t number = name ? (uint32_t)
			seccomp_syscall_resolve_name_arch(arch, name) : 0;

		free(name);
		for (size_t k = 0; k < w->n_multiplexed; k++) {
			struct range range = w->multiplexed[k];

			if (range.first != number)
				continue;
			range.first = range.last = offset + i;
			default_filter_add(w, range);
		}
	}
}

static void add_checked(struct writer *w, uint32_t arch)
{
	struct range range = {
		.action = SECCOMP_RET_ALLOW,
		.wide = (arch & __AUDIT_ARCH_64BIT) &&
			!(arch & __AUDIT_ARCH_CONVENTION_MIPS64_N32),
	};

	for (size_t i = 0; i < nsc_seccomp_n_checks; i++) {
		const struct nsc_seccomp_check *check = &nsc_seccomp_checks[i];

		range.check = has_one(w, check->caps) ? NULL : check;
		default_filter_add_call(w, arch, check->name, &range);
	}
	range.check = NULL;
	if (!has_one(w, nsc_seccomp_absent.caps))
		range.action = ABSENT;
	default_filter_add_call(w, arch, nsc_seccomp_absent.name, &range);
}

/* Returns the greatest number of a known name. */
static int add_calls(struct writer *w, uint32_t arch)
{
	const struct range allowed = { .action = SECCOMP_RET_ALLOW };
	const struct range denied = { .action = DENY };
	int newest = -1;

	for (size_t i = 0; i < nsc_seccomp_n_groups; i++) {
		const struct nsc_seccomp_group *g = &nsc_seccomp_groups[i];
		bool has = has_one(w, g->caps);

		for (const char *const *name = g->names; *name; name++) {
			int number = default_filter_add_call(
				w, arch, *name, has ? &allowed : &denied);

			if (number > newest && number < OTHER_NUMBERS)
				newest = number;
		}
	}
	add_checked(w, arch);
	return newest;
}

static int by_number(const void *one, const void *other)
{
	const struct range *a = one, *b = other;

	return a->first < b->first ? -1 : a->first > b->first;
}

/* Merge neighbours that have the same answer. */
static void default_filter_append(struct writer *w, struct range range)
{
	struct range *last = w->n_ranges ? &w->ranges[w->n_ranges - 1] : NULL;

	if (last && !last->check && !range.check &&
	    last->action == range.action)
		last->last = range.last;
	else if (w->n_ranges == CALLS)
		w->full = true;
	else
		w->ranges[w->n_ranges++] = range;
}

/* Cover all numbers; a number without a system call is denied. */
static void make_ranges(struct writer *w)
{
	struct range gap = { .action = DENY };

	qsort(w->calls, w->n_calls, sizeof(*w->calls), by_number);
	for (size_t i = 0; i < w->n_calls; i++) {
		if (w->calls[i].last < gap.first)
			continue;
		if (w->calls[i].first > gap.first) {
			gap.last = w->calls[i].first - 1;
			default_filter_append(w, gap);
		}
		default_filter_append(w, w->calls[i]);
		gap.first = w->calls[i].last + 1;
	}
	gap.last = UINT32_MAX;
	default_filter_append(w, gap);
}

/* The kernel has one architecture value for x86_64 and x32. */
static void default_filter_collect(struct writer *w, uint32_t arch, bool x32)
{
	struct range newer = { .last = OTHER_NUMBERS - 1, .action = ABSENT };
	/* A tracer skips a call by setting its number to UINT32_MAX. */
	const struct range foreign = {
		.first = X32, .last = UINT32_MAX - 1,
		.action = SECCOMP_RET_KILL_THREAD,
	};

	w->n_calls = w->n_ranges = w->n_multiplexed = 0;
	memset(w->known, 0, sizeof(w->known));
	newer.first = (uint32_t)add_calls(w, arch) + 1;
	add_direct(w, arch);
	default_filter_add(w, newer);
	if (arch == SCMP_ARCH_X86_64 && x32)
		add_calls(w, SCMP_ARCH_X32);
	else if (arch == SCMP_ARCH_X86_64)
		default_filter_add(w, foreign);
	make_ranges(w);
}

/* --- instructions, from end to beginning */

/* Returns the instruction's place. */
static unsigned int default_filter_put(struct writer *w,
				       struct sock_filter instruction)
{
	if (w->at == 0) {
		w->full = true;
		return 0;
	}
	w->code[--w->at] = instruction;
	return w->at;
}

static unsigned int put_load(struct writer *w, size_t offset)
{
	return default_filter_put(
		w, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						(uint32_t)offset));
}

/* The length of a jump from the next instruction to target. */
static unsigned int distance(const struct writer *w, unsigned int target)
{
	return target - w->at;
}

/*
 * Return target, or a jump to it that is near enough for a comparison that
 * comes next, or after one more instruction.
 */
static unsigned int near(struct writer *w, unsigned int target)
{
	if (distance(w, target) < REACH)
		return target;
	return default_filter_put(
		w, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
						distance(w, target)));
}

static unsigned int put_comparison(struct writer *w, uint16_t op, uint32_t k,
				   unsigned int yes, unsigned int no)
{
	yes = near(w, yes);
	no = near(w, no);
	return default_filter_put(w, (struct sock_filter)BPF_JUMP(
					     (uint16_t)(BPF_JMP | op | BPF_K),
					     k, (uint8_t)distance(w, yes),
					     (uint8_t)distance(w, no)));
}

/* Use an existing return if one is near. */
static unsigned int put_return(struct writer *w, uint32_t action)
{
	for (unsigned int i = w->at;
	     i < BPF_MAXINSNS && distance(w, i) < REACH; i++)
		if (w->code[i].code == (BPF_RET | BPF_K) &&
		    w->code[i].k == action)
			return i;
	return default_filter_put(
		w, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/*
 * Jump to yes if the argument, whose halves are at the two offsets, has one of
 * the values.
 */
static void put_values(struct writer *w, const struct nsc_seccomp_values *v,
		       const size_t halves[2], unsigned int yes,
		       unsigned int no)
{
	if (v->first == v->last) {
		put_comparison(w, BPF_JEQ, v->first, yes, no);
	} else {
		put_comparison(w, BPF_JGT, v->last, no, yes);
		put_comparison(w, BPF_JGE, v->first, w->at, no);
	}
	if (v->mask != UINT32_MAX)
		default_filter_put(w,
				   (struct sock_filter)BPF_STMT(
					   BPF_ALU | BPF_AND | BPF_K, v->mask));
	put_load(w, halves[0]);
	if (!v->whole || !halves[1])
		return;
	put_comparison(w, BPF_JEQ, 0, w->at, no);
	put_load(w, halves[1]);
}

static unsigned int put_check(struct writer *w, uint32_t arch,
			      const struct range *range)
{
	const struct nsc_seccomp_check *check = range->check;
	unsigned int argument = w->world->arch == SCMP_ARCH_S390X ?
				check->argument_on_s390x : check->argument;
	size_t at = offsetof(struct seccomp_data, args) +
		    argument * sizeof(uint64_t);
	bool little = arch & __AUDIT_ARCH_LE;
	const size_t halves[2] = {
		little ? at : at + sizeof(uint32_t),
		!range->wide ? 0 : little ? at + sizeof(uint32_t) : at,
	};
	unsigned int allow, next;

	next = put_return(w, DENY);
	allow = put_return(w, SECCOMP_RET_ALLOW);
	for (size_t i = check->n_values; i-- > 0; next = w->at)
		put_values(w, &check->values[i], halves, allow, next);
	return next;
}

static unsigned int put_answer(struct writer *w, const struct range *range)
{
	return range->check ? range->at : put_return(w, range->action);
}

/*
 * Is the middle range one number between two ranges with the same answer?  Then
 * one comparison is enough.
 */
static bool is_exception(const struct range *r)
{
	return r[1].first == r[1].last && !r[0].check && !r[2].check &&
	       r[0].action == r[2].action;
}

/* How many of the kernel's numbers are in the ranges? */
static int numbers_in(const struct range *ranges, size_t n)
{
	uint32_t first = ranges[0].first, last = ranges[n - 1].last;

	return first >= KERNELS ? 0 :
	       (int)((last < KERNELS ? last + 1 : KERNELS) - first);
}

/* The place that halves the numbers or, without any, the ranges. */
static size_t middle(const struct range *ranges, size_t n)
{
	int all = numbers_in(ranges, n), best = INT_MAX;
	size_t half = n / 2;

	for (size_t i = 1; all && i < n; i++) {
		int more = abs(2 * numbers_in(ranges, i) - all);

		if (more < best) {
			best = more;
			half = i;
		}
	}
	return half;
}

static unsigned int put_tree(struct writer *w, const struct range *ranges,
			     size_t n)
{
	size_t half = middle(ranges, n);
	unsigned int above, below;

	if (n == 1)
		return put_answer(w, ranges);
	if (n == 3 && is_exception(ranges)) {
		above = put_answer(w, ranges + 1);
		below = put_answer(w, ranges);
		return put_comparison(w, BPF_JEQ, ranges[1].first, above,
				      below);
	}
	if (n == 4)
		half = is_exception(ranges) ? 3 :
		       is_exception(ranges + 1) ? 1 : 2;
	above = put_tree(w, ranges + half, n - half);
	below = put_tree(w, ranges, half);
	return put_comparison(w, BPF_JGE, ranges[half].first, above, below);
}

/* Returns the place of the architecture's first instruction. */
static unsigned int put_arch(struct writer *w, uint32_t arch, bool x32)
{
	unsigned int tree;

	default_filter_collect(w, arch, x32);
	for (size_t i = 0; i < w->n_ranges; i++)
		if (w->ranges[i].check)
			w->ranges[i].at = put_check(w, arch, &w->ranges[i]);
	tree = put_tree(w, w->ranges, w->n_ranges);
	/* The tree must follow next. */
	if (tree != w->at)
		default_filter_put(
			w, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
							distance(w, tree)));
	return put_load(w, offsetof(struct seccomp_data, nr));
}

static void default_filter_put_all(struct writer *w, bool native_only)
{
	static const uint32_t others[] = {
		SCMP_ARCH_X86, SCMP_ARCH_ARM, SCMP_ARCH_S390, SCMP_ARCH_MIPS,
		SCMP_ARCH_MIPS64N32, SCMP_ARCH_MIPSEL, SCMP_ARCH_MIPSEL64N32,
	};
	unsigned int begin[NSC_ARRAY_SIZE(others)], next;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(others); i++)
		begin[i] = native_only || !nsc_seccomp_arch_runs_on(
						others[i], w->world->arch) ?
			   0 : put_arch(w, others[i], false);
	next = put_return(w, SECCOMP_RET_KILL_THREAD);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(others); i++)
		if (begin[i])
			next = put_comparison(w, BPF_JEQ, others[i], begin[i],
					      next);
	begin[0] = put_arch(w, w->world->arch, !native_only);
	put_comparison(w, BPF_JEQ, w->world->arch, begin[0], next);
	put_load(w, offsetof(struct seccomp_data, arch));
}

int nsc_seccomp_default(const struct nsc_seccomp_world *world,
			bool native_only, struct nsc_seccomp *ret,
			struct nsc_error *err)
{
	_cleanup_free_ struct writer *w = malloc(sizeof(*w));
	_cleanup_free_ struct sock_filter *code = NULL;
	unsigned int len;

	if (!w)
		return nsc_error_sys(err, ENOMEM, "seccomp");
	w->world = world;
	w->at = BPF_MAXINSNS;
	w->full = false;
	default_filter_put_all(w, native_only);
	if (w->full)
		return nsc_error_set(err, E2BIG, "seccomp: the built-in "
				     "profile does not fit into a filter");
	len = BPF_MAXINSNS - w->at;
	code = malloc(len * sizeof(*code));
	if (!code)
		return nsc_error_sys(err, ENOMEM, "seccomp");
	memcpy(code, &w->code[w->at], len * sizeof(*code));
	*ret = (struct nsc_seccomp){ .code = NSC_TAKE_PTR(code), .len = len };
	return 0;
}

int nsc_seccomp_newest(uint32_t arch)
{
	int newest = -1;

	for (size_t i = 0; i < nsc_seccomp_n_groups; i++) {
		const char *const *name = nsc_seccomp_groups[i].names;

		for (; *name; name++) {
			int number = seccomp_syscall_resolve_name_arch(arch,
								       *name);

			if (number > newest && number < OTHER_NUMBERS)
				newest = number;
		}
	}
	return newest;
}
