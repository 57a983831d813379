/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, as root of the host, and a grandchild of it. */
#include "session/refusal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"
#include "linux/credential.h"
#include "rundir/session_history.h"
#include "session/session.h"
#include "session/stdio.h"

#define MOST_S 2		/* for the write, unless the disk hangs */

const char *const nsc_refusal_names[NSC_REFUSAL_CAUSES] = {
	"other", "limit", "resources", "timeout", "paused", "descriptors",
	"configuration", "permission", "account", "ended", "version",
	"monitor",
};

static const struct {
	int code;
	unsigned int cause;
} causes[] = {
	{ EUSERS, 1 },
	{ ENOMEM, 2 }, { ENOSPC, 2 }, { EMFILE, 2 }, { ENFILE, 2 },
	{ EAGAIN, 2 }, { EDQUOT, 2 },
	{ ETIMEDOUT, 3 }, { ETIME, 3 },
	{ EBUSY, 4 },
	{ NSC_STDIO_REFUSED, 5 },
	{ EINVAL, 6 }, { ENOENT, 6 }, { ENOTDIR, 6 }, { ELOOP, 6 },
	{ EPERM, 7 }, { EACCES, 7 },
	{ EOWNERDEAD, 8 },
	{ ESRCH, 9 }, { ECHILD, 9 }, { ECANCELED, 9 }, { ENOTRECOVERABLE, 9 },
	{ EPROTO, 10 },
	{ ECONNREFUSED, 11 }, { ECONNRESET, 11 },
};

static unsigned int refusal_cause(int code)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(causes); i++)
		if (causes[i].code == code)
			return causes[i].cause;
	return 0;
}

unsigned int nsc_refusal_number(const char *name)
{
	for (unsigned int i = 0; i < NSC_REFUSAL_CAUSES; i++)
		if (!strcmp(nsc_refusal_names[i], name))
			return i;
	return 0;
}

bool nsc_refusal_is_callers(const struct nsc_error *err)
{
	return err->code == EUSERS || err->code == NSC_STDIO_REFUSED;
}

/* No text may look like another key. */
static void refusal_put(const char *text, char *buf, size_t size)
{
	nsc_text_escape(text, buf, size);
	for (; *buf; buf++)
		if (*buf == '"')
			*buf = '\'';
}

/*
 * The caller of su must not be able to stop or kill the writer, and the writer
 * must not keep anything of the login open.
 */
static void __attribute__((noreturn))
refusal_write(const char *line, size_t len)
{
	int pidfd;

	setsid();
	if (nsc_process_clean(NULL, 0) < 0 ||
	    nsc_credential_become(0, 0, NULL, 0, NSC_IGNORE) < 0 ||
	    nsc_process_fork(&pidfd) != 0)
		_exit(0);
	alarm(MOST_S);
	(void)nsc_session_history_add(line, len);
	_exit(0);
}

void nsc_refusal_record(const char *user, const char *service,
			const struct nsc_error *err)
{
	char line[1536], name[256], from[128], text[1024];
	_cleanup_fd_ int pidfd = -1;
	int len;
	pid_t pid;

	/* Its log is none of the host's; syslog has been told. */
	if (nsc_session_inside())
		return;
	refusal_put(user, name, sizeof(name));
	refusal_put(service, from, sizeof(from));
	refusal_put(err->text, text, sizeof(text));
	len = snprintf(line, sizeof(line), "event=refused user=\"%s\" "
		       "service=\"%s\" cause=%s error=\"%s\"", name, from,
		       nsc_refusal_names[refusal_cause(err->code)], text);
	/* What does not fit is the end of the last value. */
	if (len >= (int)sizeof(line))
		len = (int)sizeof(line) - 1;
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		refusal_write(line, (size_t)len);
	if (pid > 0)
		nsc_process_wait(pidfd, nsc_process_now() + MOST_S * 1000LL,
				 NULL);
}
