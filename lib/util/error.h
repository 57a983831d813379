/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: a negative errno as the return value, and one sentence in a
 * caller-owned struct that needs no memory of its own and crosses a pipe in
 * one write (it is smaller than PIPE_BUF).
 */
#ifndef NSC_UTIL_ERROR_H
#define NSC_UTIL_ERROR_H

#include <stdarg.h>

struct nsc_error {
	int code;		/* positive errno, 0: nothing went wrong */
	char text[508];		/* always terminated */
};

#define NSC_ERROR_INIT { 0, "" }

/*
 * The error of a caller to whom the return value is enough.  No function takes
 * NULL for an error: each may return what a function that it called has put
 * there.  tests/lint/errors looks for NULL.
 */
#define NSC_IGNORE (&(struct nsc_error)NSC_ERROR_INIT)

/*
 * Fill err and return -code; nsc_error_sys appends ": " and the errno's text.
 */
int nsc_error_set(struct nsc_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull(1)));
int nsc_error_sys(struct nsc_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull(1)));

/* What errno code means, in English; never NULL, and of static memory. */
const char *nsc_error_text(int code);

/*
 * Put context in front of the text: "create container 'alice': " + text.
 * Returns -err->code, so that a caller can return it.
 */
int nsc_error_context(struct nsc_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), nonnull(1)));

/* What went wrong does not matter: err is as before.  Returns 0. */
int nsc_error_clear(struct nsc_error *err) __attribute__((nonnull));

/*
 * Tell a process of ours that waits at the other end of a pipe or socket what
 * went wrong; code 0: nothing.  One that has gone is not told.
 */
void nsc_error_send(int fd, const struct nsc_error *err)
	__attribute__((nonnull));

/*
 * Receive that.  Returns 0, -code with err filled, or 1 where nothing was sent
 * before the other end was closed: the caller knows what that means.  So it is
 * for a descriptor that does not block and has nothing.  The sender may be a
 * process that was taken over: what is not a whole error with an errno is
 * -EPROTO.
 */
int nsc_error_receive(int fd, struct nsc_error *err) __attribute__((nonnull));

/* The same for an error that came as a part of an answer; never 1. */
int nsc_error_take(const struct nsc_error *from, struct nsc_error *err)
	__attribute__((nonnull));

#ifdef __clang_analyzer__
/* The code is never 0: without this, each caller seems to go on. */
#define nsc_error_set(...) (nsc_error_set(__VA_ARGS__), -1)
#define nsc_error_sys(...) (nsc_error_sys(__VA_ARGS__), -1)
#define nsc_error_context(...) (nsc_error_context(__VA_ARGS__), -1)
#endif

#endif
