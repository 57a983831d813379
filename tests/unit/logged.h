/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program writes to syslog.  A test that includes this is linked with
 * -Wl,--wrap=syslog,--wrap=__syslog_chk, and empties 'logged' itself.
 */
#ifndef NSC_TESTS_UNIT_LOGGED_H
#define NSC_TESTS_UNIT_LOGGED_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char logged[1024];

static inline void __attribute__((format(printf, 1, 0)))
logged_add(const char *format, va_list args)
{
	size_t len = strlen(logged);

	vsnprintf(logged + len, sizeof(logged) - len, format, args);
}

void __wrap_syslog(int priority, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void __wrap_syslog(int priority, const char *format, ...)
{
	va_list args;

	(void)priority;
	va_start(args, format);
	logged_add(format, args);
	va_end(args);
}

void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list args;

	(void)priority;
	(void)flag;
	va_start(args, format);
	logged_add(format, args);
	va_end(args);
}

#endif
