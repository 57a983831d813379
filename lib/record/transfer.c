/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the writer of container-recorder, without rights.  Every byte is
 * chosen by the user.
 */
#include "record/transfer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/transfer_sftp.h"

enum { UNKNOWN, TEXT, SFTP, SCP, GIT, RSYNC };
enum { NO, MAYBE, YES };

#define PKT_MAX 65520		/* of git */
#define GIT_LINE_MAX 2048	/* of one that is looked at */
#define MUX_DATA_MAX (1024 * 1024)	/* of rsync */
#define MUX_TEXT_MAX 8192

static void put_text(struct nsc_transfer *t, int d, const char *data, size_t n)
{
	if (n && !t->error)
		t->error = t->sink.text(t->sink.arg, d, data, n);
}

void nsc_transfer_note(struct nsc_transfer *t, const char *fmt, ...)
{
	char text[NSC_TRANSFER_NOTE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!t->error)
		t->error = t->sink.note(t->sink.arg, text);
}

/* --- which protocol */

/* Does the beginning of what there is match? */
static int head_is(const struct nsc_transfer_way *w, const char *mask,
		   const char *want)
{
	size_t n = strlen(mask);

	for (size_t i = 0; i < n && i < w->n; i++)
		if (mask[i] == 'x' && w->head[i] != want[i])
			return NO;
	return w->n < n ? MAYBE : YES;
}

static bool is_hex(const char *p, size_t n)
{
	return strspn(p, "0123456789abcdef") >= n;
}

/* The client begins, with INIT. */
static int is_sftp(const struct nsc_transfer_way *in,
		   const struct nsc_transfer_way *out)
{
	int ret = head_is(in, "xxx.xxxx", "\0\0\0.\1\0\0\0");

	return in->n == 0 && out->n ? NO : ret;
}

/* Both begin with their version. */
static int is_rsync(const struct nsc_transfer_way *in,
		    const struct nsc_transfer_way *out)
{
	int a = head_is(in, ".xxx", ".\0\0"), b = head_is(out, ".xxx", ".\0\0");

	if ((in->n && (in->head[0] < 27 || in->head[0] > 40)) ||
	    (out->n && (out->head[0] < 27 || out->head[0] > 40)))
		return NO;
	return a < b ? a : b;
}

/* The command begins, with its version or a reference. */
static int is_git(const struct nsc_transfer_way *in,
		  const struct nsc_transfer_way *out)
{
	char text[TRANSFER_HEAD + 1] = "";

	if (in->n && !out->n)
		return NO;
	memcpy(text, out->head, out->n);
	if (!is_hex(text, out->n < 4 ? out->n : 4))
		return NO;
	if (out->n < 12)
		return MAYBE;
	return !memcmp(text + 4, "version ", 8) || is_hex(text + 4, 8) ? YES :
									 NO;
}

static int is_scp_line(const struct nsc_transfer_way *w)
{
	if (w->n && !strchr("CDT", w->head[0]))
		return NO;
	if (w->n > 1 && (w->head[1] < '0' || w->head[1] > '9'))
		return NO;
	return w->n > 1 && w->head[0] ? YES : MAYBE;
}

static int is_scp(const struct nsc_transfer_way *in,
		  const struct nsc_transfer_way *out)
{
	const struct nsc_transfer_way *ready =
		out->n && !out->head[0] ? out : in;
	int lines = is_scp_line(ready == out ? in : out);

	if (!in->n && !out->n)
		return MAYBE;
	if (!ready->n)
		return lines == NO ? NO : MAYBE;
	return ready->head[0] || ready->n > 1 ? NO : lines;
}

static void decide(struct nsc_transfer *t, bool last)
{
	static int (*const is[])(const struct nsc_transfer_way *in,
				 const struct nsc_transfer_way *out) = {
		[SFTP] = is_sftp, [SCP] = is_scp, [GIT] = is_git,
		[RSYNC] = is_rsync,
	};
	const struct nsc_transfer_way *in = &t->way[TRANSFER_IN];
	const struct nsc_transfer_way *out = &t->way[TRANSFER_OUT];
	bool maybe = false;

	for (unsigned int i = SFTP; i <= RSYNC && !t->protocol; i++) {
		int got = is[i](in, out);

		if (got == YES)
			t->protocol = i;
		maybe |= got == MAYBE;
	}
	if (!t->protocol && (!maybe || last))
		t->protocol = TEXT;
	/* The line of scp -f or -t comes from whom was not ready. */
	if (t->protocol == SCP)
		t->way[in->head[0] ? TRANSFER_IN : TRANSFER_OUT].step = 1;
}

/* --- packets */

/* What has been collected, and what follows, is no such protocol. */
static size_t become_text(struct nsc_transfer *t, int d)
{
	struct nsc_transfer_way *w = &t->way[d];

	if (t->protocol == SFTP)
		nsc_sftp_end(t);
	t->protocol = TEXT;
	for (int i = TRANSFER_IN; i < TRANSFER_BOTH; i++)
		t->way[i].skip = 0;
	put_text(t, d, w->part, w->have);
	w->have = 0;
	return 0;
}

/* Returns how many bytes were taken; part has want of them at most. */
static size_t collect(struct nsc_transfer_way *w, size_t want,
		      const char *data, size_t len)
{
	size_t n = want > w->have ? want - w->have : 0;

	if (n > len)
		n = len;
	memcpy(w->part + w->have, data, n);
	w->have += n;
	return n;
}

static size_t feed_sftp(struct nsc_transfer *t, int d, const char *data,
			size_t len)
{
	struct nsc_transfer_way *w = &t->way[d];
	size_t used = collect(w, 4, data, len), want;
	uint32_t size;

	if (w->have < 4)
		return used;
	size = nsc_sftp_number(w->part);
	/* The first packet says the version, by its type. */
	if (size == 0 || size > NSC_SFTP_PACKET_MAX ||
	    (w->have > 4 && w->step == 0 && w->part[4] != d + 1)) {
		become_text(t, d);
		return used;
	}
	want = size < sizeof(w->part) - 4 ? size + 4 : sizeof(w->part);
	used += collect(w, want, data + used, len - used);
	if (w->have < want)
		return used;
	if (w->step == 0 && w->part[4] != d + 1) {
		become_text(t, d);
		return used;
	}
	w->step = 1;
	nsc_sftp_packet(t, w->part + 4, want - 4);
	w->skip = size + 4 - want;
	w->have = 0;
	return used;
}

/* "C0644 12 name": content follows, and a byte that says how it went. */
static bool scp_line(struct nsc_transfer *t, struct nsc_transfer_way *w)
{
	unsigned int mode;
	uint64_t size;
	int at = 0;

	w->part[w->have - 1] = '\0';
	if (w->part[0] == 'T' || w->part[0] == 'E')
		return true;
	if (sscanf(w->part + 1, "%o %" SCNu64 " %n", &mode, &size, &at) != 2 ||
	    at == 0)
		return false;
	nsc_transfer_note(t, w->part[0] == 'D' ? "scp: directory %s" :
			  "scp: %s: %" PRIu64 " bytes", w->part + 1 + at, size);
	if (w->part[0] == 'C')
		w->skip = size;
	return true;
}

static size_t feed_scp(struct nsc_transfer *t, int d, const char *data,
		       size_t len)
{
	struct nsc_transfer_way *w = &t->way[d];
	const char *end = memchr(data, '\n', len);
	size_t n = end ? (size_t)(end - data) + 1 : len;

	/* Bytes that say how it went; errors are lines. */
	if (w->have == 0 && !w->message && data[0] == '\0')
		return 1;
	if (w->have == 0 && (w->message || data[0] == 1 || data[0] == 2)) {
		put_text(t, d, data, n);
		w->message = !end;
		return n;
	}
	if (!w->step || (w->have == 0 && !strchr("CDET", data[0])) ||
	    w->have + n > TRANSFER_NAME)
		return become_text(t, d);
	collect(w, w->have + n, data, n);
	if (!end)
		return n;
	if (!scp_line(t, w)) {
		w->part[w->have - 1] = '\n';
		become_text(t, d);
	}
	w->have = 0;
	return n;
}

/* Who pushes says what a reference was and is to be. */
static void git_note(struct nsc_transfer *t, const char *line, size_t n)
{
	char text[GIT_LINE_MAX];

	memcpy(text, line, n);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (n > 82 && is_hex(text, 40) && text[40] == ' ' &&
	    is_hex(text + 41, 40) && text[81] == ' ')
		nsc_transfer_note(t, "git: %s: from %.40s to %.40s", text + 82,
				  text, text + 41);
}

/* Lines of a length in four digits; with 1 in front, they are content. */
static size_t feed_git(struct nsc_transfer *t, int d, const char *data,
		       size_t len)
{
	struct nsc_transfer_way *w = &t->way[d];
	size_t used = collect(w, 5, data, len);
	char digits[5] = "";
	unsigned int size;

	memcpy(digits, w->part, w->have < 4 ? w->have : 4);
	/* An upload ends with it. */
	if (d == TRANSFER_IN && w->have >= 4 && !memcmp(digits, "PACK", 4)) {
		nsc_transfer_note(t, "git: receives a pack");
		w->skip = UINT64_MAX;
		w->have = 0;
		return used;
	}
	if (!is_hex(digits, w->have < 4 ? w->have : 4) &&
	    !(d == TRANSFER_IN && !strncmp("PACK", digits, w->have))) {
		become_text(t, d);
		return used;
	}
	if (w->have < 4)
		return used;
	size = (unsigned int)strtoul(digits, NULL, 16);
	if (size > PKT_MAX || size == 3) {
		become_text(t, d);
		return used;
	}
	if (size <= 4) {
		/* The fifth byte is the next line's. */
		used -= w->have - 4;
		w->have = 0;
		return used;
	}
	if (w->have < 5)
		return used;
	if (w->part[4] == 1) {
		w->skip = size - 5;
		w->have = 0;
		return used;
	}
	if (d == TRANSFER_IN && size <= GIT_LINE_MAX) {
		used += collect(w, size, data + used, len - used);
		if (w->have < size)
			return used;
		git_note(t, w->part + 4, size - 4);
	}
	w->plain = size - w->have;
	put_text(t, d, w->part + 4, w->have - 4);
	w->have = 0;
	return used;
}

/* Names of digests, as "xxh128 md5", behind their length. */
static bool is_list(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789 -", p[i]) ||
		    !p[i])
			return false;
	return n > 0;
}

/*
 * A server sends its version, flags of variable length, lists of digests if the
 * flags say so, a number of four bytes, and then frames.
 */
static size_t rsync_begin(struct nsc_transfer_way *w, const char *data,
			  size_t len)
{
	const unsigned char *p = (const unsigned char *)w->part;
	size_t want = w->step < 2 ? w->step == 0 ? 4 : 1 : 4, used;

	used = collect(w, want, data, len);
	if (w->have < want)
		return used;
	if (w->step == 0) {
		w->step = p[0] < 30 ? 2 : 1;
	} else if (w->step == 1) {
		want = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 2 : 3;
		used += collect(w, want, data + used, len - used);
		if (w->have < want)
			return used;
		w->step = (p[want > 1 ? 1 : 0] & 0x80) ? 3 : 2;
	} else if (w->step == 3 && is_list(w->part + 1, 3) && p[0] < 0x80) {
		w->skip = p[0] > 3 ? p[0] - 3U : 0;
	} else {
		w->step = 4;
	}
	w->have = 0;
	return used;
}

static size_t feed_rsync(struct nsc_transfer *t, int d, const char *data,
			 size_t len)
{
	struct nsc_transfer_way *w = &t->way[d];
	const unsigned char *p = (const unsigned char *)w->part;
	unsigned int tag, size;
	size_t used;

	if (d == TRANSFER_IN) {
		w->skip = UINT64_MAX;
		return 0;
	}
	if (w->step < 4)
		return rsync_begin(w, data, len);
	used = collect(w, 4, data, len);
	if (w->have < 4)
		return used;
	tag = p[3];
	size = p[0] | (unsigned int)p[1] << 8 | (unsigned int)p[2] << 16;
	if (tag < 7 || size > (tag == 7 ? MUX_DATA_MAX : MUX_TEXT_MAX)) {
		become_text(t, d);
		return used;
	}
	w->have = 0;
	/* Messages of the server are text, and what it deletes is named. */
	if ((tag >= 8 && tag <= 15) || tag == 7 + 101)
		w->plain = size;
	else
		w->skip = size;
	return used;
}

/* --- both directions */

static size_t feed_some(struct nsc_transfer *t, int d, const char *data,
			size_t len)
{
	static size_t (*const feed[])(struct nsc_transfer *t, int d,
				      const char *data, size_t len) = {
		[SFTP] = feed_sftp, [SCP] = feed_scp, [GIT] = feed_git,
		[RSYNC] = feed_rsync,
	};
	struct nsc_transfer_way *w = &t->way[d];
	size_t n = len;

	if (w->skip) {
		if (w->skip < n)
			n = (size_t)w->skip;
		if (w->skip != UINT64_MAX)
			w->skip -= n;
		return n;
	}
	if (t->protocol == TEXT) {
		/* The other direction may have begun a packet. */
		become_text(t, d);
		put_text(t, d, data, n);
		return n;
	}
	if (w->plain) {
		if (w->plain < n)
			n = w->plain;
		w->plain -= n;
		put_text(t, d, data, n);
		return n;
	}
	return feed[t->protocol](t, d, data, len);
}

static void feed_known(struct nsc_transfer *t, int d, const char *data,
		       size_t len)
{
	while (len && !t->error) {
		size_t n = feed_some(t, d, data, len);

		data += n;
		len -= n;
	}
}

static void feed_heads(struct nsc_transfer *t)
{
	for (int d = TRANSFER_IN; d < TRANSFER_BOTH; d++) {
		struct nsc_transfer_way *w = &t->way[d];

		feed_known(t, d, w->head, w->n);
		w->n = 0;
	}
}

int nsc_transfer_feed(struct nsc_transfer *t, int direction, const char *data,
		      size_t len)
{
	struct nsc_transfer_way *w = &t->way[direction];

	while (t->protocol == UNKNOWN && len) {
		w->head[w->n++] = *data++;
		len--;
		decide(t, w->n == TRANSFER_HEAD);
		if (t->protocol != UNKNOWN)
			feed_heads(t);
	}
	feed_known(t, direction, data, len);
	return t->error;
}

int nsc_transfer_end(struct nsc_transfer *t)
{
	if (t->protocol == UNKNOWN) {
		t->protocol = TEXT;
		feed_heads(t);
	}
	for (int d = TRANSFER_IN; d < TRANSFER_BOTH; d++) {
		put_text(t, d, t->way[d].part, t->way[d].have);
		t->way[d].have = 0;
	}
	if (t->protocol == SFTP)
		nsc_sftp_end(t);
	return t->error;
}
