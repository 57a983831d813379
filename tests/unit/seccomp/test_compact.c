/*
 * lib/seccomp/compact.c: shorter filters decide alike.  Both are
 * interpreted, for the numbers around each constant in them and more, with
 * arguments around each constant.
 */
#include "filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "seccomp/compact.h"

#define X32 0x40000000
#define NUMBERS 1100		/* there are fewer on every architecture */
#define ROUNDS 20		/* arguments for one number */
#define PROGRAMS 400
#define NO_ANSWER 0xdeadbeef	/* out of the program, or a bad instruction */

static const uint32_t arches[] = {
	AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM,
	AUDIT_ARCH_S390X, 0, 1, UINT32_MAX,
};

/* As the kernel does. */
static uint32_t interpret(const struct nsc_seccomp *filter,
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
		case BPF_JMP | BPF_JSET | BPF_K: holds = a & i->k; break;
		default: return NO_ANSWER;
		}
		pc += holds ? i->jt : i->jf;
	}
	return NO_ANSWER;
}

/* The same each time. */
static uint32_t pick(uint32_t below)
{
	static uint32_t state = 1;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return below ? state % below : state;
}

static uint32_t near_constant(const struct nsc_seccomp *filter)
{
	return filter->code[pick(filter->len)].k + pick(3) - 1;
}

static void compare(const struct nsc_seccomp *plain,
		    const struct nsc_seccomp *compact, uint32_t number)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(arches); i++) {
		struct seccomp_data data = {
			.nr = (int)number, .arch = arches[i],
		};

		for (int round = 0; round < ROUNDS; round++) {
			ck_assert_msg(interpret(plain, &data) ==
				      interpret(compact, &data),
				      "arch %x number %u: %x, not %x",
				      data.arch, number,
				      interpret(compact, &data),
				      interpret(plain, &data));
			for (int k = 0; k < NSC_SECCOMP_ARGS; k++)
				data.args[k] = near_constant(plain) |
					       (uint64_t)(pick(4) ? 0 :
						near_constant(plain)) << 32;
		}
	}
}

static void compare_all(const struct nsc_seccomp *plain,
			const struct nsc_seccomp *compact)
{
	for (uint32_t i = 0; i < NUMBERS; i++) {
		compare(plain, compact, i);
		compare(plain, compact, X32 + i);
		compare(plain, compact, pick(0));
	}
	for (unsigned int i = 0; i < plain->len; i++)
		for (uint32_t k = 0; k < 3; k++)
			compare(plain, compact, plain->code[i].k + k - 1);
}

/* Returns how many instructions there are. */
static unsigned int check_profile(struct nsc_seccomp_profile *profile)
{
	_cleanup_seccomp_ struct nsc_seccomp plain = { .len = 0 };
	_cleanup_seccomp_ struct nsc_seccomp compact = { .len = 0 };

	ck_assert_msg(profile, "%s", err.text);
	ck_assert_int_eq(nsc_seccomp_compile_plain(profile, &plain, &err), 0);
	ck_assert_int_eq(nsc_seccomp_compile(profile, &compact, &err), 0);
	nsc_seccomp_profile_free(profile);
	compare_all(&plain, &compact);
	return compact.len;
}

START_TEST(builtin)
{
	static const uint64_t caps[] = { 0, BIT(CAP_SYS_ADMIN), UINT64_MAX };

	for (size_t i = 0; i < NSC_ARRAY_SIZE(caps); i++) {
		struct nsc_seccomp_world here = world(caps[i]);
		struct nsc_seccomp_profile *profile = NULL;

		ck_assert_int_eq(nsc_seccomp_profile_default(&here, &profile,
							     &err), 0);
		/* libseccomp's has three to four times as many. */
		ck_assert_uint_lt(check_profile(profile), 400);
	}
}
END_TEST

START_TEST(samples)
{
	check_profile(sample("seccomp-docker.json", BIT(CAP_SYS_ADMIN)));
	check_profile(sample("seccomp-oci.json", BIT(CAP_SYS_ADMIN)));
}
END_TEST

/* --- programs that libseccomp never makes */

static struct sock_filter random_jump(unsigned int left)
{
	static const uint16_t ops[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JEQ };
	unsigned int most = left < 255 ? left : 255;

	if (pick(20) == 0)
		return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
						    pick(left));
	return (struct sock_filter)
	       BPF_JUMP((uint16_t)(BPF_JMP | BPF_K |
				   (pick(60) ? ops[pick(4)] : BPF_JSET)),
			pick(3) ? pick(60) : pick(0), (uint8_t)pick(most),
			(uint8_t)pick(pick(2) ? most : 1));
}

static struct sock_filter random_instruction(unsigned int left)
{
	uint32_t what = pick(40);

	if (left == 0 || what < 4)
		return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, pick(9));
	if (what < 8)
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr));
	if (what == 8)
		return (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, args) + 4 * pick(12));
	if (what == 9 && pick(40) == 0)
		return (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
						    pick(0));
	return random_jump(left);
}

/* One architecture is told apart at the beginning, as libseccomp does. */
static void random_program(struct nsc_seccomp *filter, unsigned int len)
{
	filter->len = len;
	for (unsigned int i = 0; i < len; i++)
		filter->code[i] = random_instruction(len - 1 - i);
	filter->code[0] = (struct sock_filter)
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, arch));
	filter->code[1] = (struct sock_filter)
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arches[0], 1, 0);
	filter->code[2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 5);
	filter->code[3] = (struct sock_filter)
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr));
}

/* Many ranges, each with an answer of its own: they are far apart. */
static void many_answers(struct nsc_seccomp *filter, unsigned int len)
{
	random_program(filter, len);
	for (unsigned int i = 4; i + 3 < len; i += 3) {
		filter->code[i] = (struct sock_filter)
			BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, i, 1, 0);
		filter->code[i + 1] = (struct sock_filter)
			BPF_STMT(BPF_RET | BPF_K, i);
		filter->code[i + 2] = (struct sock_filter)
			BPF_STMT(BPF_JMP | BPF_JA, 0);
	}
}

/* Returns whether it became shorter. */
static bool check_program(const struct nsc_seccomp *plain)
{
	struct nsc_seccomp compact = { .len = plain->len };
	uint32_t numbers[64];
	bool shorter;

	compact.code = calloc(plain->len, sizeof(*compact.code));
	ck_assert_ptr_nonnull(compact.code);
	memcpy(compact.code, plain->code, plain->len * sizeof(*compact.code));
	ck_assert_int_eq(nsc_seccomp_compact(&compact, arches, 1), 0);
	ck_assert_uint_le(compact.len, plain->len);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(numbers); i++) {
		compare(plain, &compact, (uint32_t)i);
		compare(plain, &compact, near_constant(plain));
	}
	shorter = compact.len < plain->len;
	nsc_seccomp_free(&compact);
	return shorter;
}

START_TEST(any_program)
{
	static struct sock_filter code[BPF_MAXINSNS];
	struct nsc_seccomp filter = { .code = code };
	int shorter = 0;

	for (int i = 0; i < PROGRAMS; i++) {
		random_program(&filter, 8 + pick(i % 4 ? 100 : 3000));
		shorter += check_program(&filter);
	}
	/* Else this test tests nothing. */
	ck_assert_int_gt(shorter, PROGRAMS / 4);
	for (int i = 0; i < 20; i++) {
		many_answers(&filter, 100 + pick(3000));
		ck_assert(check_program(&filter));
	}
}
END_TEST

/* Of what leads out of the program nothing is done. */
START_TEST(unsound)
{
	struct sock_filter code[][3] = {
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
		  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 1, 0),
		  BPF_STMT(BPF_RET | BPF_K, 1) },
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
		  BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX),
		  BPF_STMT(BPF_RET | BPF_K, 1) },
		{ BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
		  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
		  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4) },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(code); i++) {
		struct nsc_seccomp filter = { .code = code[i], .len = 3 };

		ck_assert_int_eq(nsc_seccomp_compact(&filter, arches, 1), 0);
		ck_assert_uint_eq(filter.len, 3);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		builtin, samples, any_program, unsound, NULL,
	};
	Suite *suite = suite_create("compact");
	TCase *tcase = tcase_create("all");

	unit_add(tcase, tests);
	tcase_set_timeout(tcase, 120);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
