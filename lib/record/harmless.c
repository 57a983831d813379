/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: a child of nsinit, without rights. */
#include "record/harmless.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util/text.h"

struct harmless {
	char *to;
	size_t n;
};

static void harmless_put(struct harmless *h, const char *text, size_t len)
{
	memcpy(h->to + h->n, text, len);
	h->n += len;
}

static void harmless_print(void *arg, uint32_t c)
{
	struct harmless *h = arg;

	h->n += nsc_vt_utf8(c, h->to + h->n);
}

/* BEL, BS, HT, LF, VT, FF, CR, SO, SI: not ENQ, which is answered. */
static void harmless_control(void *arg, unsigned char c)
{
	if (c >= 0x07 && c <= 0x0f)
		harmless_put(arg, (const char *)&c, 1);
}

/* Modes of the screen: origin, autowrap, cursor, and the other screen. */
static bool harmless_private_mode(unsigned int mode)
{
	return mode == 6 || mode == 7 || mode == 25 || mode == 47 ||
	       mode == 1047 || mode == 1048 || mode == 1049;
}

/* Each one by itself: the others in the list may be harmful. */
static void harmless_modes(struct harmless *h, const struct nsc_vt *vt,
			   bool private, char final)
{
	unsigned int n = 1;

	for (const char *p = vt->parameters; *p; p++)
		n += *p == ';';
	for (unsigned int i = 0; i < n; i++) {
		unsigned int mode = nsc_vt_number(vt, i, 0);

		if (private ? harmless_private_mode(mode) : mode == 4)
			h->n += (size_t)sprintf(h->to + h->n, "\033[%s%u%c",
						private ? "?" : "", mode,
						final);
	}
}

static bool harmless_csi_passes(const char *parameters, char final)
{
	/* With more numbers, these are other sequences. */
	if (strchr("STsu", final))
		return !parameters[strcspn(parameters, ";:")] &&
		       (strchr("ST", final) || !*parameters);
	return strchr("@ABCDEFGHIJKLMPXZ`abdefgmr", final);
}

static void harmless_csi(void *arg, const struct nsc_vt *vt, char final)
{
	bool private = vt->parameters[0] >= '<';

	if (vt->intermediate || (private && vt->parameters[0] != '?'))
		return;
	if (final == 'h' || final == 'l') {
		harmless_modes(arg, vt, private, final);
	} else if (!private && harmless_csi_passes(vt->parameters, final)) {
		harmless_put(arg, "\033[", 2);
		harmless_put(arg, vt->parameters, strlen(vt->parameters));
		harmless_put(arg, &final, 1);
	}
}

/* Cursor, lines, tabs and character sets. */
static void harmless_escape(void *arg, unsigned char intermediate, char final)
{
	const char text[] = { '\033', (char)intermediate, final };

	if (!intermediate && strchr("78DEMHc", final)) {
		harmless_put(arg, text, 1);
		harmless_put(arg, text + 2, 1);
	} else if ((intermediate == '(' || intermediate == ')') &&
		   strchr("0AB", final)) {
		harmless_put(arg, text, 3);
	}
}

size_t nsc_harmless(struct nsc_vt *vt, const char *text, size_t len, char *to)
{
	static const struct nsc_vt_calls calls = {
		harmless_print, harmless_control, harmless_csi,
		harmless_escape,
	};
	struct harmless h = { to, 0 };

	nsc_vt_feed(vt, &calls, &h, text, len);
	return h.n;
}

size_t nsc_harmless_line(const char *text, size_t len, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		const char *p = text + i;
		uint32_t c;
		int used = nsc_text_decode((const unsigned char *)p, len - i,
					   &c);
		bool shown = used > 0 && c >= 0x20 && (c < 0x7f || c > 0x9f);
		size_t bytes = used > 0 ? (size_t)used : 1;

		if (shown)
			memcpy(to + n, p, bytes);
		for (size_t k = 0; !shown && k < bytes; k++)
			sprintf(to + n + 4 * k, "\\x%02x",
				(unsigned char)p[k]);
		n += shown ? bytes : 4 * bytes;
		i += bytes;
	}
	return n;
}
