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
 * Fill err and return -code.  With strerror_of != 0 use nsc_error_sys, which
 * appends ": " and the errno's text.  err may be NULL.
 */
int nsc_error_set(struct nsc_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int nsc_error_sys(struct nsc_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What errno code means, in English; never NULL, and of static memory. */
const char *nsc_error_text(int code);

/*
 * Put context in front of the text: "create container 'alice': " + text.
 * Returns -err->code, so that a caller can return it.
 */
int nsc_error_context(struct nsc_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What went wrong does not matter: err is as before.  Returns 0. */
int nsc_error_clear(struct nsc_error *err);

#ifdef __clang_analyzer__
/* The code is never 0: without this, each caller seems to go on. */
#define nsc_error_set(...) (nsc_error_set(__VA_ARGS__), -1)
#define nsc_error_sys(...) (nsc_error_sys(__VA_ARGS__), -1)
#define nsc_error_context(...) (nsc_error_context(__VA_ARGS__), -1)
#endif

#endif
