/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/session_log_text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789._:/@%+,-"

/* Text that is cut at the end of its buffer. */
struct out {
	char *text;
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
log_text_put(struct out *o, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(o->text + o->len, RECORD_MAX - o->len, fmt, args);
	va_end(args);
	if (n > 0)
		o->len += (size_t)n;
	if (o->len > RECORD_MAX - 1)
		o->len = RECORD_MAX - 1;
}

static bool plain(const char *value)
{
	return *value && !value[strspn(value, PLAIN)];
}

static void put_value(struct out *o, const char *key, const char *value)
{
	log_text_put(o, " %s=", key);
	if (plain(value)) {
		log_text_put(o, "%s", value);
		return;
	}
	log_text_put(o, "\"");
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		log_text_put(
			o, c >= 0x20 && c < 0x7f && c != '"' ? "%c" : "\\x%02x",
			c);
	}
	log_text_put(o, "\"");
}

static void put_id(struct out *o, const char *key, uint32_t id)
{
	if (id == SESSION_NO_ID)
		log_text_put(o, " %s=unset", key);
	else
		log_text_put(o, " %s=%" PRIu32, key, id);
}

static void put_number(struct out *o, const char *key, uint64_t number)
{
	if (number == NSC_STATS_NONE)
		log_text_put(o, " %s=unknown", key);
	else
		log_text_put(o, " %s=%" PRIu64, key, number);
}

static void put_end(struct out *o, const struct session_end *end)
{
	if (end->status == -1)
		log_text_put(o, " exit=unknown");
	else if (WIFSIGNALED(end->status))
		log_text_put(o, " exit=signal:%d", WTERMSIG(end->status));
	else
		log_text_put(o, " exit=%d", WEXITSTATUS(end->status));
	log_text_put(o, " duration=%" PRId64, end->duration);
	put_number(o, "peak_memory", end->usage.peak_memory);
	put_number(o, "cpu_us", end->usage.cpu_us);
	put_number(o, "oom_kills", end->usage.oom_kills);
}

/* The terminal's name without "/dev/". */
static const char *log_text_tty(const struct session *s)
{
	return s->tty + (strncmp(s->tty, "/dev/", 5) ? 0 : 5);
}

size_t session_log_text_begin(const char *event, const char *user,
			      char text[RECORD_MAX])
{
	struct out o = { text, 0 };

	log_text_put(&o, "event=%s", event);
	put_value(&o, "user", user);
	return o.len;
}

size_t session_log_text_line(const struct session *s,
			     const struct session_end *end,
			     char text[RECORD_MAX])
{
	struct out o = { text, 0 };

	o.len = session_log_text_begin(end ? "close" : "open", s->user, text);
	put_value(&o, "service", s->service);
	log_text_put(&o, " pid=%d start=%" PRIu64 " opened=%" PRId64,
		     (int)s->pid, s->start, s->opened);
	put_value(&o, "rhost", s->rhost);
	put_value(&o, "tty", log_text_tty(s));
	put_value(&o, "ruser", s->ruser);
	log_text_put(&o, " generation=%u", s->generation);
	put_id(&o, "loginuid", s->loginuid);
	put_id(&o, "audit_session", s->audit_session);
	if (end)
		put_end(&o, end);
	else
		put_number(&o, "join_us", s->join_us);
	return o.len;
}

/*
 * For keys that the readers of the audit log decode: the user may choose the
 * value.
 */
static void put_encoded(struct out *o, const char *key, const char *value)
{
	if (plain(value)) {
		log_text_put(o, " %s=\"%s\"", key, value);
		return;
	}
	log_text_put(o, " %s=", key);
	for (; *value; value++)
		log_text_put(o, "%02X", (unsigned char)*value);
}

/* For other keys: no part of the value may look like another key. */
static void put_name(struct out *o, const char *key, const char *value)
{
	log_text_put(o, " %s=%s", key, *value ? "" : "?");
	for (; *value; value++)
		log_text_put(o, "%c", strchr(PLAIN, *value) ? *value : '?');
}

void session_log_text_audit(const struct session *s,
			    const struct session_end *end, const char *exe,
			    char text[RECORD_MAX])
{
	struct out o = { text, 0 };
	unsigned char address[sizeof(struct in6_addr)];
	bool numeric = inet_pton(AF_INET, s->rhost, address) == 1 ||
		       inet_pton(AF_INET6, s->rhost, address) == 1;

	log_text_put(&o,
		     "op=nscontainer:session_%s opid=%d oauid=%" PRIu32
		     " oses=%" PRIu32,
		     end ? "close" : "open", (int)s->pid, s->loginuid,
		     s->audit_session);
	put_encoded(&o, "acct", s->user);
	put_encoded(&o, "exe", exe);
	put_name(&o, "hostname", s->rhost);
	put_name(&o, "addr", numeric ? s->rhost : "");
	put_name(&o, "terminal",
		 *s->tty ? log_text_tty(s) : s->service);
	log_text_put(&o, " res=success");
}
