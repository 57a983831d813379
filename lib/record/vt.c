/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: a child of nsinit, without rights. */
#include "record/vt.h"

#include <stdbool.h>
#include <string.h>

#include "util/text.h"

#define UNKNOWN 0xfffd
#define ESC 0x1b

enum { GROUND, ESCAPE, CSI, CSI_WRONG, STRING, STRING_ESCAPE };

/* The character at p, of n bytes; *ret_len is at least 1. */
static uint32_t vt_character(const unsigned char *p, size_t n, size_t *ret_len)
{
	uint32_t c;
	int len = nsc_text_decode(p, n, &c);

	*ret_len = len > 0 ? (size_t)len : 1;
	return len > 0 ? c : UNKNOWN;
}

size_t nsc_vt_utf8(uint32_t c, char to[4])
{
	size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (len == 1) {
		to[0] = (char)c;
		return 1;
	}
	for (size_t i = len - 1; i; i--, c >>= 6)
		to[i] = (char)(0x80 | (c & 0x3f));
	to[0] = (char)((0xf00 >> len) | c);
	return len;
}

unsigned int nsc_vt_number(const struct nsc_vt *vt, unsigned int place,
			   unsigned int instead)
{
	const char *p = vt->parameters;
	unsigned int n = 0;

	p += *p >= '<' && *p <= '?';
	for (; place && *p; p++)
		place -= *p == ';';
	if (place || *p < '0' || *p > '9')
		return instead;
	for (; *p >= '0' && *p <= '9' && n < 1000; p++)
		n = 10 * n + (unsigned int)(*p - '0');
	return n;
}

static void vt_csi(struct nsc_vt *vt, const struct nsc_vt_calls *calls,
		   void *arg, unsigned char c)
{
	if (c >= 0x40) {
		vt->parameters[vt->n] = '\0';
		if (vt->state == CSI)
			calls->csi(arg, vt, (char)c);
		vt->state = GROUND;
	} else if (c < 0x30) {
		if (vt->intermediate)
			vt->state = CSI_WRONG;
		vt->intermediate = c;
	} else if (vt->intermediate || vt->n == NSC_VT_PARAMETERS ||
		   (c >= '<' && vt->n)) {
		vt->state = CSI_WRONG;
	} else {
		vt->parameters[vt->n++] = (char)c;
	}
}

static void vt_escape(struct nsc_vt *vt, const struct nsc_vt_calls *calls,
		      void *arg, unsigned char c)
{
	if (c < 0x30) {
		vt->intermediate = c;
		return;
	}
	vt->state = GROUND;
	if (vt->intermediate)
		calls->escape(arg, vt->intermediate, (char)c);
	else if (c == '[')
		vt->state = CSI;
	else if (strchr("]PX^_", c))
		vt->state = STRING;
	else
		calls->escape(arg, 0, (char)c);
}

static void vt_begin(struct nsc_vt *vt, int state)
{
	*vt = (struct nsc_vt){ .state = state };
}

/* Returns false if c goes on with a string. */
static bool vt_ends_string(struct nsc_vt *vt, uint32_t c)
{
	if (vt->state == STRING_ESCAPE && c != '\\') {
		/* The ESC has ended it, and begins something else. */
		vt_begin(vt, ESCAPE);
		return true;
	}
	if (vt->state == STRING_ESCAPE || c == 0x07 || c == 0x18 ||
	    c == 0x1a || c == 0x9c)
		vt_begin(vt, GROUND);
	else if (c == ESC)
		vt->state = STRING_ESCAPE;
	return false;
}

static void vt_take(struct nsc_vt *vt, const struct nsc_vt_calls *calls,
		    void *arg, uint32_t c)
{
	if ((vt->state == STRING || vt->state == STRING_ESCAPE) &&
	    !vt_ends_string(vt, c))
		return;
	if (c >= 0x7f && c < 0xa0)
		return;
	if (c == ESC)
		vt_begin(vt, ESCAPE);
	else if (c == 0x18 || c == 0x1a ||
		 (c >= 0xa0 && vt->state != GROUND))
		vt_begin(vt, GROUND);
	else if (c < 0x20)
		calls->control(arg, (unsigned char)c);
	else if (vt->state == GROUND)
		calls->print(arg, c);
	else if (vt->state == ESCAPE)
		vt_escape(vt, calls, arg, (unsigned char)c);
	else
		vt_csi(vt, calls, arg, (unsigned char)c);
}

void nsc_vt_feed(struct nsc_vt *vt, const struct nsc_vt_calls *calls,
		 void *arg, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	while (len) {
		size_t n;
		uint32_t c = vt_character(p, len, &n);

		vt_take(vt, calls, arg, c);
		p += n;
		len -= n;
	}
}
