/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, as root of the host, and a grandchild of it. */
#include "session/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"
#include "util/text.h"
#include "linux/credential.h"
#include "rundir/session_history.h"
#include "session/session.h"
#include "session/stdio.h"

#define MOST_S 2		/* for the write, unless the disk hangs */
#define BEGIN "event=refused at="
#define TAIL 65536		/* bytes at the end of the log */
#define MOST_AN_HOUR 40		/* of one user: long ones fill the tail */
#define HOUR_S 3600

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
 * Has the log enough of this user's refusals?  A user makes them at any rate,
 * and the tools read only the end of the log.
 */
static bool refusal_is_one_too_many(const char *user)
{
	_cleanup_fd_ int fd = open(NSC_HISTORY, O_RDONLY | O_NOFOLLOW |
				   O_NONBLOCK | O_CLOEXEC);
	off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	char tail[TAIL + 1], needle[320];
	unsigned int n = 0;
	ssize_t len;

	if (end < 0)
		return false;
	len = pread(fd, tail, TAIL, end > TAIL ? end - TAIL : 0);
	tail[len < 0 ? 0 : len] = '\0';
	snprintf(needle, sizeof(needle), " user=\"%s\" ", user);
	for (const char *p = tail; (p = strstr(p, BEGIN)); p++) {
		const char *rest = p + strlen(BEGIN);

		if (strtoll(rest, NULL, 10) + HOUR_S < time(NULL))
			continue;
		rest += strspn(rest, "0123456789");
		n += !strncmp(rest, needle, strlen(needle));
	}
	return n >= MOST_AN_HOUR;
}

/*
 * The caller of su must not be able to stop or kill the writer, and the writer
 * must not keep anything of the login open.
 */
static void __attribute__((noreturn))
refusal_write(const char *user, const char *line, size_t len)
{
	int pidfd;

	setsid();
	if (nsc_process_clean(NULL, 0) < 0 ||
	    nsc_credential_become(0, 0, NULL, 0, NSC_IGNORE) < 0 ||
	    nsc_process_fork(&pidfd) != 0)
		_exit(0);
	alarm(MOST_S);
	if (!refusal_is_one_too_many(user))
		(void)nsc_session_history_add(line, len);
	_exit(0);
}

void nsc_refusal_record(const char *user, const char *service,
			const struct nsc_error *err)
{
	char name[256], from[128], text[1024];
	char line[sizeof(name) + sizeof(from) + sizeof(text) + 128];
	_cleanup_fd_ int pidfd = -1;
	int len;
	pid_t pid;

	/* Its log is none of the host's; syslog has been told. */
	if (nsc_session_inside())
		return;
	refusal_put(user, name, sizeof(name));
	refusal_put(service, from, sizeof(from));
	refusal_put(err->text, text, sizeof(text));
	len = snprintf(line, sizeof(line), BEGIN "%lld user=\"%s\" "
		       "service=\"%s\" cause=%s error=\"%s\"",
		       (long long)time(NULL), name, from,
		       nsc_refusal_names[refusal_cause(err->code)], text);
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		refusal_write(name, line, (size_t)len);
	if (pid > 0)
		nsc_process_wait(pidfd, nsc_process_now() + MOST_S * 1000LL,
				 NULL);
}
