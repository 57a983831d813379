/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Split what was written to a terminal into characters, control characters and
 * control sequences (ECMA-48).  Strings for the terminal (OSC, DCS, APC, PM,
 * SOS) are left out: none of them puts text on the screen.
 */
#ifndef NSC_RECORD_VT_H
#define NSC_RECORD_VT_H

#include <stddef.h>
#include <stdint.h>

#define NSC_VT_PARAMETERS 63	/* characters */

struct nsc_vt {
	int state;
	char parameters[NSC_VT_PARAMETERS + 1];	/* "?25", "1;31" */
	size_t n;
	unsigned char intermediate;	/* or 0; ' ' to '/' */
};

struct nsc_vt_calls {
	void (*print)(void *arg, uint32_t c);
	/* Of C0, but no ESC. */
	void (*control)(void *arg, unsigned char c);
	/* ESC [ parameters intermediate final */
	void (*csi)(void *arg, const struct nsc_vt *vt, char final);
	/* ESC intermediate final */
	void (*escape)(void *arg, unsigned char intermediate, char final);
};

/* More text: sequences may go on in the next one, characters may not. */
void nsc_vt_feed(struct nsc_vt *vt, const struct nsc_vt_calls *calls,
		 void *arg, const char *text, size_t len);

/*
 * The number at place (from 0) of a sequence's parameters, from 0 to 9999;
 * without one, instead.
 */
unsigned int nsc_vt_number(const struct nsc_vt *vt, unsigned int place,
			   unsigned int instead);

/* Write a character as UTF-8; returns its length. */
size_t nsc_vt_utf8(uint32_t c, char to[4]);

#endif
