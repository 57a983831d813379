/* SPDX-License-Identifier: Apache-2.0 */
#include "util/error.h"
#undef nsc_error_set
#undef nsc_error_sys
#undef nsc_error_context

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CODE_MAX 4095		/* the kernel's largest errno */

static void __attribute__((format(printf, 3, 0)))
error_fill(struct nsc_error *err, int code, const char *fmt, va_list ap)
{
	err->code = code;
	if (vsnprintf(err->text, sizeof(err->text), fmt, ap) < 0)
		err->text[0] = '\0';
}

int nsc_error_set(struct nsc_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_fill(err, code, fmt, ap);
	va_end(ap);
	return -code;
}

const char *nsc_error_text(int code)
{
	/* The limit of the container, or of whoever called. */
	if (code == EMFILE)
		return "Too many open files: see RLIMIT_NOFILE";
#ifdef __GLIBC__
	const char *text = strerrordesc_np(code);

	return text ? text : "unknown error";
#else
	return strerror(code);
#endif
}

int nsc_error_sys(struct nsc_error *err, int code, const char *fmt, ...)
{
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	error_fill(err, code, fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s",
		 nsc_error_text(code));
	return -code;
}

int nsc_error_context(struct nsc_error *err, const char *fmt, ...)
{
	struct nsc_error old;
	va_list ap;
	size_t len;

	old = *err;
	va_start(ap, fmt);
	error_fill(err, old.code, fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s", old.text);
	return -old.code;
}

int nsc_error_clear(struct nsc_error *err)
{
	*err = (struct nsc_error)NSC_ERROR_INIT;
	return 0;
}

void nsc_error_send(int fd, const struct nsc_error *err)
{
	(void)!write(fd, err, sizeof(*err));
}

int nsc_error_take(const struct nsc_error *from, struct nsc_error *err)
{
	if (!from->code)
		return 0;
	if (from->code < 0 || from->code > CODE_MAX)
		return nsc_error_set(err, EPROTO, "another process of "
				     "nscontainer sent a damaged error");
	*err = *from;
	err->text[sizeof(err->text) - 1] = '\0';
	return -err->code;
}

int nsc_error_receive(int fd, struct nsc_error *err)
{
	struct nsc_error report;
	ssize_t n;

	do
		n = read(fd, &report, sizeof(report));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return 1;
	if (n != sizeof(report))
		return nsc_error_set(err, EPROTO, "another process of "
				     "nscontainer sent a part of an error");
	return nsc_error_take(&report, err);
}
