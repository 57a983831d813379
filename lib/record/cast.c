/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the writer of container-recorder, without rights. */
#include "record/cast.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

/* Is it a control character, one of C1 included, or one of JSON's? */
static char *cast_put(char *to, const unsigned char *p, int len, uint32_t c)
{
	static const char hex[] = "0123456789abcdef";

	if (len == 0)
		return stpcpy(to, "\\ufffd");
	if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
		to = stpcpy(to, "\\u00");
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
		return to;
	}
	if (c == '"' || c == '\\')
		*to++ = '\\';
	memcpy(to, p, (size_t)len);
	return to + len;
}

#define BYTES(byte) (UINT64_MAX / 255 * (byte))

/*
 * Is one of eight bytes not as it is in JSON?  The sums have no carry into the
 * next byte, since bit 7 of each summand is clear.
 */
static bool cast_special(const unsigned char *p)
{
	const uint64_t low = BYTES(0x7f);
	uint64_t v, quote, slash;

	memcpy(&v, p, sizeof(v));
	quote = (v & low) ^ BYTES('"');
	slash = (v & low) ^ BYTES('\\');
	return (v | ~((v & low) + BYTES(0x60)) | ((v & low) + BYTES(1)) |
		~(quote + low) | ~(slash + low)) & ~low;
}

/* How many bytes are as they are in JSON? */
static size_t cast_plain(const unsigned char *p, size_t len)
{
	size_t n = 0;

	while (len - n >= sizeof(uint64_t) && !cast_special(p + n))
		n += sizeof(uint64_t);
	while (n < len && p[n] >= 0x20 && p[n] < 0x7f && p[n] != '"' &&
	       p[n] != '\\')
		n++;
	return n;
}

/* Returns the end of what was written; *ret_left bytes have not been used. */
static char *cast_text(char *to, const char *data, size_t len,
		       size_t *ret_left)
{
	const unsigned char *p = (const unsigned char *)data;

	while (len) {
		size_t plain = cast_plain(p, len);
		uint32_t c;
		int n;

		to = mempcpy(to, p, plain);
		p += plain;
		len -= plain;
		n = len ? nsc_text_decode(p, len, &c) : -1;
		if (n < 0)
			break;
		to = cast_put(to, p, n, c);
		p += n ? n : 1;
		len -= n ? (size_t)n : 1;
	}
	*ret_left = len;
	return to;
}

/* A whole text. */
static char *cast_string(char *to, const char *text)
{
	size_t left;

	*to++ = '"';
	to = cast_text(to, text, strlen(text), &left);
	if (left)
		to = cast_put(to, NULL, 0, 0);
	*to++ = '"';
	*to = '\0';
	return to;
}

static char *cast_pair(char *to, const char *key, const char *value)
{
	return *value ? cast_string(to + sprintf(to, ", \"%s\": ", key), value)
		      : to;
}

void nsc_cast_link(const char *previous, const char *sha256, int64_t ended,
		   unsigned int gaps, char to[NSC_CAST_LINK + 1])
{
	char text[NSC_CAST_LINK + 64];

	snprintf(text, sizeof(text), "%s\", \"previous_sha256\": \"%s\", "
		 "\"ended\": %10" PRId64 ", \"gaps\": %4u", previous, sha256,
		 ended % 10000000000, gaps < 9999 ? gaps : 9999);
	memcpy(to, text, NSC_CAST_LINK);
	to[NSC_CAST_LINK] = '\0';
}

size_t nsc_cast_header(const struct session *s, const struct winsize *size,
		       int64_t now, char to[NSC_CAST_HEADER_MAX])
{
	char *p = to;

	p = stpcpy(p, NSC_CAST_HEAD);
	nsc_cast_link(NSC_CAST_NO_ID, NSC_CAST_NO_SHA256, 0, 0, p);
	p += NSC_CAST_LINK;
	p += sprintf(p, ", \"width\": %d, \"height\": %d, \"timestamp\": "
		     "%" PRId64 ", \"nscontainer\": "
		     "{\"pid\": %d, \"opened\": %" PRId64
		     ", \"generation\": %u",
		     size->ws_col ? size->ws_col : 80,
		     size->ws_row ? size->ws_row : 24, now, (int)s->pid,
		     s->opened, s->generation);
	p = cast_pair(p, "user", s->user);
	p = cast_pair(p, "service", s->service);
	p = cast_pair(p, "rhost", s->rhost);
	p = cast_pair(p, "tty", s->tty);
	p = cast_pair(p, "ruser", s->ruser);
	if (s->loginuid != SESSION_NO_ID)
		p += sprintf(p, ", \"loginuid\": %" PRIu32, s->loginuid);
	if (s->audit_session != SESSION_NO_ID)
		p += sprintf(p, ", \"audit_session\": %" PRIu32,
			     s->audit_session);
	p += sprintf(p, "}}\n");
	return (size_t)(p - to);
}

size_t nsc_cast_event(int64_t us, const struct nsc_cast_text *text,
		      struct nsc_cast_rest *rest, char *to)
{
	const char *data = text->data;
	char *p = to + sprintf(to, "[%" PRId64 ".%06" PRId64 ", \"%c\", \"",
			       us / 1000000, us % 1000000, text->type);
	size_t used = 0, len = text->len, left;

	/* The character that the last event has begun. */
	while (rest->n && used < len) {
		rest->bytes[rest->n++] = data[used++];
		p = cast_text(p, rest->bytes, rest->n, &left);
		memmove(rest->bytes, rest->bytes + rest->n - left, left);
		rest->n = left;
	}
	p = cast_text(p, data + used, len - used, &left);
	if (left) {
		memcpy(rest->bytes, data + len - left, left);
		rest->n = left;
	}
	return (size_t)(p + sprintf(p, "\"]\n") - to);
}
