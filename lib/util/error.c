#include "util/error.h"
#undef nsc_error_set
#undef nsc_error_sys
#undef nsc_error_context

#include <stdio.h>
#include <string.h>

static void __attribute__((format(printf, 3, 0)))
fill(struct nsc_error *err, int code, const char *fmt, va_list ap)
{
	err->code = code;
	if (vsnprintf(err->text, sizeof(err->text), fmt, ap) < 0)
		err->text[0] = '\0';
}

int nsc_error_set(struct nsc_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -code;
	va_start(ap, fmt);
	fill(err, code, fmt, ap);
	va_end(ap);
	return -code;
}

const char *nsc_error_text(int code)
{
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

	if (!err)
		return -code;
	va_start(ap, fmt);
	fill(err, code, fmt, ap);
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

	if (!err)
		return -1;
	old = *err;
	va_start(ap, fmt);
	fill(err, old.code, fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	snprintf(err->text + len, sizeof(err->text) - len, ": %s", old.text);
	return -old.code;
}

int nsc_error_clear(struct nsc_error *err)
{
	if (err)
		*err = (struct nsc_error)NSC_ERROR_INIT;
	return 0;
}
