/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, container-monitor, nsinit; root of the host. */
#include "rundir/session_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/kv.h"
#include "util/paths.h"
#include "util/text.h"
#include "linux/pidfd.h"

#define AT(member) offsetof(struct session, member)
#define TEXT(name) { #name, NSC_KV_TEXT, AT(name), \
		     sizeof(((struct session *)0)->name) }
static const struct nsc_kv_field fields[] = {
	{ "start", NSC_KV_U64, AT(start), 0 },
	{ "opened", NSC_KV_U64, AT(opened), 0 },
	{ "generation", NSC_KV_UINT, AT(generation), 0 },
	TEXT(user), TEXT(service), TEXT(rhost), TEXT(tty), TEXT(ruser),
	{ "loginuid", NSC_KV_UINT, AT(loginuid), 0 },
	{ "audit_session", NSC_KV_UINT, AT(audit_session), 0 },
	{ "began", NSC_KV_U64, AT(began), 0 },
};
#undef TEXT
#undef AT

static const struct nsc_kv kv = {
	.name = NSC_DIR_SESSION, .max = 4096, .size = sizeof(struct session),
	.fields = fields, .n = NSC_ARRAY_SIZE(fields),
};

/* Each byte of a text may be escaped, and every text of a login must fit. */
_Static_assert(2 * sizeof(struct session) + 256 < 4096, "it fits");

/* Read a number from proc(5); kernels without auditing lack the file. */
static uint32_t audit_number(pid_t pid, const char *file)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	if (nsc_file_read_text(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return SESSION_NO_ID;
	return (uint32_t)strtoul(text, NULL, 10);
}

/* Nothing else of it is known. */
static struct session session_of(pid_t pid)
{
	return (struct session){
		.pid = pid, .pidfd = -1, .anchor = -1, .recorded = -1,
		.commands = -1, .command = -1, .join_us = UINT64_MAX,
	};
}

int nsc_session_file_look(pid_t pid, struct session *ret)
{
	*ret = session_of(pid);
	ret->opened = (int64_t)time(NULL);
	ret->loginuid = audit_number(pid, "loginuid");
	ret->audit_session = audit_number(pid, "sessionid");
	return nsc_pidfd_start_time(pid, &ret->start);
}

static void session_file_name_of(pid_t pid, char name[16])
{
	snprintf(name, 16, "%d", (int)pid);
}

int nsc_session_file_write(int dir, const struct session *s,
			   struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	char name[16];
	int ret = nsc_kv_print(&kv, s, 1, &text, err);

	session_file_name_of(s->pid, name);
	if (ret == 0)
		ret = nsc_file_write_at(dir, name, text, strlen(text), 0644,
					err);
	return ret < 0 ? nsc_error_context(err, "note the session in '"
					   NSC_DIR_SESSION "'") : 0;
}

int nsc_session_file_read(int dir, pid_t pid, struct session *s,
			  struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	char name[16];
	int ret;

	session_file_name_of(pid, name);
	*s = session_of(pid);
	ret = nsc_kv_read(&kv, dir, name, &text, err);
	/* Another version may have written it: nsinit shows its sessions. */
	if (ret == 0)
		nsc_kv_scan(&kv, text, s);
	if (ret == 0 && !s->start)
		ret = nsc_error_set(err, EINVAL, "start: missing or wrong");
	if (ret < 0)
		nsc_error_context(err, "file of login process %d", (int)pid);
	s->by_user = !strcmp(s->service, SESSION_NSSHELL);
	return ret;
}

void nsc_session_file_remove(int dir, pid_t pid)
{
	char name[16];

	session_file_name_of(pid, name);
	unlinkat(dir, name, 0);
}

bool nsc_session_file_is_alive(const struct session *s)
{
	uint64_t start;

	return nsc_pidfd_start_time(s->pid, &start) == 0 && start == s->start;
}

struct sessions_of {
	int dir;
	int (*act)(int dir, pid_t pid, void *arg);
	void *arg;
};

static int act_on(const char *name, void *arg)
{
	const struct sessions_of *of = arg;
	long long pid;

	return nsc_text_number(name, 1, INT32_MAX, &pid) < 0 ? 0 :
	       of->act(of->dir, (pid_t)pid, of->arg);
}

int nsc_session_file_each(int dir, int (*act)(int dir, pid_t pid, void *arg),
			  void *arg)
{
	struct sessions_of of = { dir, act, arg };

	return nsc_file_each(dir, act_on, &of);
}
