/* SPDX-License-Identifier: Apache-2.0 */
#include "fakepam.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

void fakepam_set(pam_handle_t *pamh, int item, const char *text)
{
	free(pamh->items[item]);
	pamh->items[item] = text ? strdup(text) : NULL;
}

int pam_get_item(const pam_handle_t *pamh, int type, const void **item)
{
	*item = pamh->items[type];
	return PAM_SUCCESS;
}

int pam_get_user(pam_handle_t *pamh, const char **user, const char *prompt)
{
	(void)prompt;
	*user = pamh->items[PAM_USER];
	return *user ? PAM_SUCCESS : PAM_CONV_ERR;
}

/* --- data */

int pam_get_data(const pam_handle_t *pamh, const char *name, const void **data)
{
	for (size_t i = 0; i < FAKEPAM_MOST && pamh->data[i].name; i++)
		if (!strcmp(pamh->data[i].name, name)) {
			*data = pamh->data[i].data;
			return PAM_SUCCESS;
		}
	return PAM_NO_MODULE_DATA;
}

int pam_set_data(pam_handle_t *pamh, const char *name, void *data,
		 fakepam_cleanup *cleanup)
{
	size_t i = 0;

	if (pamh->set_data_fails)
		return PAM_BUF_ERR;
	while (pamh->data[i].name && strcmp(pamh->data[i].name, name) != 0)
		i++;
	if (!pamh->data[i].name)
		pamh->data[i].name = strdup(name);
	else if (pamh->data[i].cleanup)
		pamh->data[i].cleanup(pamh, pamh->data[i].data,
				      PAM_DATA_REPLACE | PAM_SUCCESS);
	pamh->data[i].data = data;
	pamh->data[i].cleanup = cleanup;
	return PAM_SUCCESS;
}

/* --- environment */

static char **find(pam_handle_t *pamh, const char *name, size_t len)
{
	char **entry = pamh->environment;

	while (*entry && (strncmp(*entry, name, len) || (*entry)[len] != '='))
		entry++;
	return entry;
}

const char *pam_getenv(pam_handle_t *pamh, const char *name)
{
	const char *entry = *find(pamh, name, strlen(name));

	return entry ? entry + strlen(name) + 1 : NULL;
}

int pam_putenv(pam_handle_t *pamh, const char *text)
{
	char **place = find(pamh, text, strcspn(text, "="));

	if (pamh->putenv_fails)
		return PAM_BUF_ERR;
	fprintf(pamh->log, "putenv %s\n", text);
	free(*place);
	*place = NULL;
	if (strchr(text, '='))
		*place = strdup(text);
	else
		memmove(place, place + 1,
			(size_t)(pamh->environment + FAKEPAM_MOST - place - 1) *
				sizeof(*place));
	return PAM_SUCCESS;
}

/* --- messages */

static void __attribute__((format(printf, 3, 0)))
say(const pam_handle_t *pamh, const char *to, const char *fmt, va_list ap)
{
	fprintf(pamh->log, "%s: ", to);
	vfprintf(pamh->log, fmt, ap);
	fputc('\n', pamh->log);
}

void pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
{
	static const char *const names[] = {
		[LOG_ERR] = "log err", [LOG_WARNING] = "log warning",
		[LOG_NOTICE] = "log notice", [LOG_DEBUG] = "log debug",
	};
	va_list ap;

	va_start(ap, fmt);
	say(pamh, names[priority], fmt, ap);
	va_end(ap);
}

int pam_prompt(pam_handle_t *pamh, int style, char **response, const char *fmt,
	       ...)
{
	va_list ap;

	(void)response;
	va_start(ap, fmt);
	say(pamh, style == PAM_ERROR_MSG ? "error" : "info", fmt, ap);
	va_end(ap);
	return PAM_SUCCESS;
}

void fakepam_end(pam_handle_t *pamh)
{
	for (size_t i = 0; i < FAKEPAM_MOST && pamh->data[i].name; i++) {
		if (pamh->data[i].cleanup)
			pamh->data[i].cleanup(pamh, pamh->data[i].data,
					      PAM_SUCCESS);
		free(pamh->data[i].name);
	}
	for (size_t i = 0; i < FAKEPAM_MOST; i++)
		free(pamh->environment[i]);
	for (int i = 0; i < FAKEPAM_ITEMS; i++)
		free(pamh->items[i]);
	memset(pamh, 0, sizeof(*pamh));
}
