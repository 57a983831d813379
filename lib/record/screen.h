/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands on the screen of a terminal.  The model has lines of characters,
 * a cursor, a scrolling region, and the other screen of full-screen programs;
 * it follows what moves the cursor, and what inserts, deletes and erases
 * characters and lines.  Colours and combining characters are left out.  A line
 * that the terminal wrapped is one line.
 */
#ifndef NSC_RECORD_SCREEN_H
#define NSC_RECORD_SCREEN_H

#include <stddef.h>
#include <stdint.h>

#define NSC_SCREEN_MAX 500	/* lines, and columns */

struct nsc_screen;

/*
 * A line that has the text: as it stood when the cursor left it, or before it
 * was changed so that it has the text no more.  at is when it first had it.
 */
struct nsc_screen_search {
	const char *text;	/* "": each line that is not empty */
	void (*found)(void *arg, int64_t at, const char *line);
	void *arg;
};

/* NULL: no memory. */
struct nsc_screen *nsc_screen_new(int64_t width, int64_t height,
				  const struct nsc_screen_search *search);
/* Something was shown; at is when. */
void nsc_screen_show(struct nsc_screen *s, int64_t at, const char *text,
		     size_t len);
/* The terminal has another size, from now on.  Returns 0 or -ENOMEM. */
int nsc_screen_resize(struct nsc_screen *s, int64_t width, int64_t height);
/* Nothing more is shown: tell what is there. */
void nsc_screen_end(struct nsc_screen *s);
void nsc_screen_free(struct nsc_screen *s);

#endif
