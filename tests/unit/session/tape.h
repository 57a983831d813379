/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps that are faked write themselves on a tape, and one of them may fail.
 * So a test sees their order, and that nothing follows a failure but what
 * undoes.
 */
#ifndef NSC_TESTS_UNIT_SESSION_TAPE_H
#define NSC_TESTS_UNIT_SESSION_TAPE_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "unit.h"

/* A faked step whose last argument is an error. */
#define STEP(name, ...)						\
	int __wrap_##name(__VA_ARGS__, struct nsc_error *error);	\
	int __wrap_##name(__VA_ARGS__, struct nsc_error *error)

static char tape[1024];
static int tape_steps;		/* that can fail */
static int tape_fails;		/* the number of the one that does, from 1 */
static struct nsc_error err;

static inline void tape_begin(int fails)
{
	tape[0] = '\0';
	tape_steps = 0;
	tape_fails = fails;
	nsc_error_clear(&err);
}

static inline void __attribute__((format(printf, 1, 2)))
tape_write(const char *format, ...)
{
	size_t len = strlen(tape);
	va_list args;

	va_start(args, format);
	vsnprintf(tape + len, sizeof(tape) - len, format, args);
	va_end(args);
	strncat(tape, "\n", sizeof(tape) - strlen(tape) - 1);
}

/* The next step may fail: returns whether it does, with errno. */
static inline bool tape_fail(void)
{
	errno = EIO;
	return ++tape_steps == tape_fails;
}

/* The same for a step with an error. */
static inline int tape_result(struct nsc_error *error)
{
	return tape_fail() ? nsc_error_sys(error, EIO, "step %d", tape_fails)
			   : 0;
}

/*
 * Do all steps, and then each time one of them less.  Each step that fails is
 * the last one on the tape, and its error is the result.
 */
static inline void tape_expect(int (*act)(void), const char *expected)
{
	char whole[sizeof(tape)];
	int steps;

	tape_begin(0);
	ck_assert_msg(act() == 0, "%s", err.text);
	ck_assert_str_eq(tape, expected);
	strcpy(whole, tape);
	steps = tape_steps;
	for (int i = 1; i <= steps; i++) {
		tape_begin(i);
		ck_assert_int_eq(act(), -EIO);
		ck_assert_int_eq(err.code, EIO);
		ck_assert_int_eq(tape_steps, i);
		ck_assert_int_eq(strncmp(tape, whole, strlen(tape)), 0);
	}
}

#endif
