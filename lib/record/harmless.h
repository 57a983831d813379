/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was shown on one terminal, made fit for another: what only puts text on
 * the screen passes.  What makes a terminal answer (and so type for its user),
 * sets its title or its clipboard, prints, or changes what its keys and its
 * mouse send, does not.
 */
#ifndef NSC_RECORD_HARMLESS_H
#define NSC_RECORD_HARMLESS_H

#include <stddef.h>

#include "record/vt.h"

/* A byte may become \xHH; a list of modes, one sequence for each. */
#define NSC_HARMLESS_MAX(len) (4 * (len) + (size_t)10 * NSC_VT_PARAMETERS)

/* To be written when a recording ends: what it may have changed. */
#define NSC_HARMLESS_END                                                      \
	"\033[?47l\033[?6l\0337\033[r\0338\033[?7h\033[?25h\033[4l\033(B"     \
	"\017\033[0m\r\n"

/* Write what may pass to to, of NSC_HARMLESS_MAX(len); returns its length. */
size_t nsc_harmless(struct nsc_vt *vt, const char *text, size_t len, char *to);

/*
 * The same for what was not shown, such as a name: one line, without any
 * sequence.  Each byte that is not of a printable character becomes \xHH.
 */
size_t nsc_harmless_line(const char *text, size_t len, char *to);

#endif
