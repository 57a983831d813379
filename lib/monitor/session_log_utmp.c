/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: a child of container-monitor, as root of the host: anybody may lock
 * utmp, and then each of these functions takes ten seconds.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <lastlog.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utmpx.h>

#include "util/fd.h"
#include "monitor/session_log_places.h"

#define LINE "nsc/"

/* The fields of utmp(5) need no NUL at their end. */
#define COPY(field, text) memcpy(field, text, strnlen(text, sizeof(field)))

/* Find the process's own entry, of one of the two types. */
static bool utmp_find(const struct session *s, short type, struct utmpx *ret)
{
	const struct utmpx *entry;
	bool found = false;

	setutxent();
	while (!found && (entry = getutxent())) {
		found = entry->ut_type == type && entry->ut_pid == s->pid &&
			(type == LOGIN_PROCESS ||
			 !strncmp(entry->ut_user, s->user,
				  sizeof(entry->ut_user)));
		if (found)
			*ret = *entry;
	}
	endutxent();
	return found;
}

/*
 * The id of an entry, of four bytes: an entry replaces the one with the same
 * id.  The ids of other programs begin with a letter, a digit, '/', ':' or '~';
 * a pid has 22 bits.
 */
static void make_id(pid_t pid, char id[4])
{
	static const char first[] = "!#$%&*+,-;<=>?@^";
	static const char rest[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz._";

	id[0] = first[pid >> 18 & 15];
	id[1] = rest[pid >> 12 & 63];
	id[2] = rest[pid >> 6 & 63];
	id[3] = rest[pid & 63];
}

/* Use the name of own (NULL: none); only a remote login gets a new one. */
static bool choose_name(const struct session *s, const struct utmpx *own,
			struct utmpx *entry)
{
	char line[sizeof(entry->ut_line)];

	if (own) {
		memcpy(entry->ut_line, own->ut_line, sizeof(entry->ut_line));
		memcpy(entry->ut_id, own->ut_id, sizeof(entry->ut_id));
		return true;
	}
	if (!*s->rhost)
		return false;
	snprintf(line, sizeof(line), LINE "%d", (int)s->pid);
	COPY(entry->ut_line, line);
	make_id(s->pid, entry->ut_id);
	return true;
}

static void utmp_put(const struct utmpx *entry, bool utmp)
{
	if (utmp) {
		setutxent();
		pututxline(entry);
		endutxent();
	}
	updwtmpx(_PATH_WTMP, entry);
}

void session_log_utmp_open(const struct session *s)
{
	struct utmpx entry = { .ut_type = EMPTY }, own;

	/* Such an entry remains from before a crash of the machine. */
	if (utmp_find(s, USER_PROCESS, &own) &&
	    strncmp(own.ut_line, LINE, strlen(LINE)) != 0)
		return;
	if (!choose_name(s, utmp_find(s, LOGIN_PROCESS, &own) ? &own : NULL,
			 &entry))
		return;
	entry.ut_type = USER_PROCESS;
	entry.ut_pid = s->pid;
	entry.ut_tv.tv_sec = (int32_t)s->opened;
	COPY(entry.ut_user, s->user);
	COPY(entry.ut_host, s->rhost);
	if (inet_pton(AF_INET, s->rhost, entry.ut_addr_v6) != 1)
		inet_pton(AF_INET6, s->rhost, entry.ut_addr_v6);
	utmp_put(&entry, true);
	/* While this function waited, the session may have been closed. */
	if (kill(s->pid, 0) < 0)
		session_log_utmp_close(s);
}

void session_log_utmp_close(const struct session *s)
{
	struct utmpx entry = { .ut_type = EMPTY }, own;
	bool found = utmp_find(s, USER_PROCESS, &own);

	/* A host without utmp may have wtmp. */
	if (!choose_name(s, found ? &own : NULL, &entry))
		return;
	entry.ut_type = DEAD_PROCESS;
	entry.ut_pid = s->pid;
	entry.ut_tv.tv_sec = (int32_t)time(NULL);
	utmp_put(&entry, found);
}

void session_log_lastlog(const struct session *s)
{
	const off_t at = (off_t)s->uid * (off_t)sizeof(struct lastlog);
	struct lastlog entry = { .ll_time = 0 };
	_cleanup_fd_ int fd = -1;
	struct stat st;

	fd = open(_PATH_LASTLOG, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    pread(fd, &entry, sizeof(entry), at) < 0 ||
	    entry.ll_time >= s->opened)
		return;
	entry = (struct lastlog){ .ll_time = (int32_t)s->opened };
	snprintf(entry.ll_line, sizeof(entry.ll_line), LINE "%d", (int)s->pid);
	COPY(entry.ll_host, s->rhost);
	(void)!pwrite(fd, &entry, sizeof(entry), at);
}
