/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: a negative errno is the return value, and a struct that the caller
 * owns holds one sentence.  The struct needs no further memory, and is smaller
 * than PIPE_BUF, so that one write sends it through a pipe.
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
 * For callers that need only the return value.  No function accepts NULL as an
 * error, because it may return the error that a callee stored there.
 * tests/lint/errors looks for NULL.
 */
#define NSC_IGNORE (&(struct nsc_error)NSC_ERROR_INIT)

/*
 * Fill err and return -code; nsc_error_sys appends ": " and the errno's text.
 */
int nsc_error_set(struct nsc_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull(1)));
int nsc_error_sys(struct nsc_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), nonnull(1)));

/* Describe the errno code in English; never NULL, in static memory. */
const char *nsc_error_text(int code);

/*
 * Put context in front of the text: "create container 'alice': " + text.
 * Returns -err->code, so that a caller can return it.
 */
int nsc_error_context(struct nsc_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), nonnull(1)));

/* Drop the error: err becomes empty again.  Returns 0. */
int nsc_error_clear(struct nsc_error *err) __attribute__((nonnull));

/*
 * Send the error to another process of nscontainer that waits at the other end
 * of a pipe or socket; code 0 means success.  It is no error if that process
 * has ended.
 */
void nsc_error_send(int fd, const struct nsc_error *err)
	__attribute__((nonnull));

/*
 * Receive such an error.  Returns 0, -code with err filled, or 1 if the other
 * end was closed before it sent anything: the caller knows the meaning of
 * that.  A nonblocking descriptor without data also gives 1.  The sender may be
 * a compromised process: anything but a whole error with a valid errno is
 * -EPROTO.
 */
int nsc_error_receive(int fd, struct nsc_error *err) __attribute__((nonnull));

/* The same for an error that was received as a part of an answer; never 1. */
int nsc_error_take(const struct nsc_error *from, struct nsc_error *err)
	__attribute__((nonnull));

#ifdef __clang_analyzer__
/* The code is never 0: otherwise the analyzer assumes that callers go on. */
#define nsc_error_set(...) (nsc_error_set(__VA_ARGS__), -1)
#define nsc_error_sys(...) (nsc_error_sys(__VA_ARGS__), -1)
#define nsc_error_context(...) (nsc_error_context(__VA_ARGS__), -1)
#endif

#endif
