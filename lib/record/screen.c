/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: a child of nsinit, without rights. */
#include "record/screen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "util/fd.h"
#include "util/hash.h"
#include "record/vt.h"

#define WIDE UINT32_MAX		/* the second cell of a wide character */
#define BEFORE_MAX 16384	/* a longer line is told in parts */

struct row {
	uint32_t *cells;	/* 0: nothing */
	bool wrapped;		/* the next row goes on with the line */
	bool changed;		/* since it was looked at */
	char *held;		/* the line, which has the text; or NULL */
	int64_t since;
	uint64_t told;		/* the digest of what was told last */
	char *before;		/* the part of its line that has scrolled off */
	size_t n_before;
};

struct nsc_screen {
	struct nsc_screen_search search;
	struct nsc_vt vt;
	int width, height;
	struct row *rows, *other;	/* the two screens */
	bool on_other;
	int x, y, saved_x, saved_y;
	int top, bottom;	/* the rows that scroll */
	bool moved;		/* the cursor did not come by itself */
	int64_t now;
	char *line;		/* room for any */
};

/* --- lines */

/* The first row of the line to which y belongs. */
static int line_head(const struct nsc_screen *s, int y)
{
	while (y > 0 && s->rows[y - 1].wrapped)
		y--;
	return y;
}

static int line_end(const struct nsc_screen *s, int y)
{
	while (y < s->height - 1 && s->rows[y].wrapped)
		y++;
	return y + 1;
}

/* Add the text of rows y to end to s->line; returns its length. */
static size_t line_put(struct nsc_screen *s, int y, int end)
{
	size_t n = s->rows[y].n_before;

	if (n)
		memcpy(s->line, s->rows[y].before, n);
	for (; y < end; y++)
		for (int x = 0; x < s->width; x++) {
			uint32_t c = s->rows[y].cells[x];

			if (c != WIDE)
				n += nsc_vt_utf8(c ? c : ' ', s->line + n);
		}
	return n;
}

/* The text of the line that begins in row y, without blanks at its end. */
static const char *line_text(struct nsc_screen *s, int y)
{
	size_t n = line_put(s, y, line_end(s, y));

	while (n && s->line[n - 1] == ' ')
		n--;
	s->line[n] = '\0';
	return s->line;
}

static void line_tell(const struct nsc_screen *s, struct row *row)
{
	uint64_t hash;

	if (!row->held)
		return;
	hash = nsc_hash_add(NSC_HASH_INIT, row->held, strlen(row->held));
	if (hash != row->told)
		s->search.found(s->search.arg, row->since, row->held);
	row->told = hash;
	nsc_free(&row->held);
}

/* Does the line have the text now?  Tell, if it had. */
static void line_look(struct nsc_screen *s, int y)
{
	int head = line_head(s, y), end = line_end(s, y);
	struct row *row = &s->rows[head];
	const char *text;
	bool changed = false;

	for (int i = head; i < end; i++) {
		changed |= s->rows[i].changed;
		s->rows[i].changed = false;
	}
	if (!changed)
		return;
	text = line_text(s, head);
	if (!*text || !strstr(text, s->search.text)) {
		line_tell(s, row);
		if (!*text)
			row->told = 0;
		return;
	}
	if (!row->held)
		row->since = s->now;
	free(row->held);
	row->held = strdup(text);
}

/* The line has gone. */
static void line_forget(struct row *row)
{
	nsc_free(&row->held);
	nsc_free(&row->before);
	row->n_before = 0;
}

/* Before something happens to rows from to to. */
static void lines_tell(struct nsc_screen *s, int from, int to)
{
	for (int y = from; y < to; y++)
		line_look(s, y);
	for (int y = from; y < to; y++)
		line_tell(s, &s->rows[line_head(s, y)]);
}

/*
 * The line that begins in row y goes on in the next, and this row scrolls off.
 */
static bool line_carry(struct nsc_screen *s, int y)
{
	struct row *row = &s->rows[y], *next = row + 1;
	size_t n;
	char *text;

	if (!row->wrapped || row->n_before > BEFORE_MAX)
		return false;
	n = line_put(s, y, y + 1);
	text = malloc(n);
	if (!text)
		return false;
	memcpy(text, s->line, n);
	line_forget(next);
	next->before = text;
	next->n_before = n;
	next->held = NSC_TAKE_PTR(row->held);
	next->since = row->since;
	next->told = row->told;
	next->changed |= row->changed;
	line_forget(row);
	row->changed = false;
	row->wrapped = false;
	return true;
}

/* --- cells */

static void row_clear(struct nsc_screen *s, int y, int from, int to)
{
	struct row *row = &s->rows[y];

	if (from >= to)
		return;
	line_look(s, y);
	memset(row->cells + from, 0, (size_t)(to - from) * sizeof(uint32_t));
	if (to == s->width)
		row->wrapped = false;
	row->changed = true;
}

static void rows_clear(struct nsc_screen *s, int from, int to)
{
	lines_tell(s, from, to);
	for (int y = from; y < to; y++) {
		line_forget(&s->rows[y]);
		row_clear(s, y, 0, s->width);
	}
}

/* Take the first of the rows from from to to away, n times; up: the last. */
static void rows_scroll(struct nsc_screen *s, int from, int to, int n, bool up)
{
	if (n > to - from)
		n = to - from;
	if (n <= 0)
		return;
	if (up)
		rows_clear(s, to - n, to);
	else if (n > 1 || to - from < 2 || !line_carry(s, from))
		rows_clear(s, from, from + n);
	/* What is continued above or below is not any more. */
	if (from > 0 && s->rows[from - 1].wrapped)
		lines_tell(s, from - 1, from);
	if (from > 0)
		s->rows[from - 1].wrapped = false;
	for (; n; n--) {
		struct row row = s->rows[up ? to - 1 : from];

		row.told = 0;
		row.changed = false;
		memset(row.cells, 0, (size_t)s->width * sizeof(uint32_t));
		memmove(s->rows + from + up, s->rows + from + !up,
			(size_t)(to - from - 1) * sizeof(row));
		s->rows[up ? from : to - 1] = row;
	}
}

static void cursor_down(struct nsc_screen *s)
{
	if (s->y == s->bottom - 1)
		rows_scroll(s, s->top, s->bottom, 1, false);
	else if (s->y < s->height - 1)
		s->y++;
}

static void cursor_set(struct nsc_screen *s, int x, int y)
{
	s->x = x < 0 ? 0 : x >= s->width ? s->width - 1 : x;
	s->y = y < 0 ? 0 : y >= s->height ? s->height - 1 : y;
	s->moved = true;
}

static void cell_put(struct nsc_screen *s, uint32_t c)
{
	struct row *row = &s->rows[s->y];
	uint32_t before = row->cells[s->x];

	/* What is written over was there for a moment. */
	if (s->moved && before && before != c) {
		line_look(s, s->y);
		s->moved = false;
	}
	if (before != c) {
		row->cells[s->x] = c;
		row->changed = true;
	}
	if (s->x == s->width - 1)
		row->wrapped = false;
	s->x++;
}

static void screen_print(void *arg, uint32_t c)
{
	struct nsc_screen *s = arg;
	int width = wcwidth((wchar_t)c);

	/* Neither combining nor what turns the direction around. */
	if (width <= 0 || width > s->width)
		return;
	if (s->x + width > s->width) {
		s->rows[s->y].wrapped = true;
		cursor_down(s);
		s->x = 0;
	}
	cell_put(s, c);
	if (width == 2)
		cell_put(s, WIDE);
}

static void screen_control(void *arg, unsigned char c)
{
	struct nsc_screen *s = arg;

	if (c == '\r')
		cursor_set(s, 0, s->y);
	else if (c == '\b')
		cursor_set(s, s->x - 1, s->y);
	else if (c == '\t')
		cursor_set(s, (s->x / 8 + 1) * 8, s->y);
	else if (c == '\n' || c == '\v' || c == '\f')
		cursor_down(s);
}

/* --- sequences */

static void cells_shift(struct nsc_screen *s, int n, bool insert)
{
	uint32_t *cells = s->rows[s->y].cells;
	int x = s->x < s->width ? s->x : s->width - 1, left = s->width - x;
	size_t size;

	if (n > left)
		n = left;
	size = (size_t)(left - n) * sizeof(*cells);
	line_look(s, s->y);
	memmove(cells + x + (insert ? n : 0), cells + x + (insert ? 0 : n),
		size);
	row_clear(s, s->y, insert ? x : s->width - n,
		  insert ? x + n : s->width);
}

static void screen_erase(struct nsc_screen *s, unsigned int what, bool rows)
{
	int x = s->x < s->width ? s->x : s->width - 1;

	if (what > 2)
		return;
	row_clear(s, s->y, what == 0 ? x : 0, what == 1 ? x + 1 : s->width);
	if (rows && what != 1)
		rows_clear(s, s->y + 1, s->height);
	if (rows && what != 0)
		rows_clear(s, 0, s->y);
}

static void screen_other(struct nsc_screen *s, bool on, bool clear)
{
	struct row *rows = s->rows;

	if (on == s->on_other)
		return;
	lines_tell(s, 0, s->height);
	s->rows = s->other;
	s->other = rows;
	s->on_other = on;
	if (on && clear)
		rows_clear(s, 0, s->height);
}

static void screen_save(struct nsc_screen *s, bool save)
{
	if (save) {
		s->saved_x = s->x;
		s->saved_y = s->y;
	} else {
		cursor_set(s, s->saved_x, s->saved_y);
	}
}

static void screen_mode(struct nsc_screen *s, unsigned int mode, bool on)
{
	if ((mode == 1048 || mode == 1049) && on)
		screen_save(s, true);
	if (mode == 47 || mode == 1047 || mode == 1049)
		screen_other(s, on, mode == 1049);
	if ((mode == 1048 || mode == 1049) && !on)
		screen_save(s, false);
}

static void screen_region(struct nsc_screen *s, const struct nsc_vt *vt)
{
	int top = (int)nsc_vt_number(vt, 0, 1) - 1;
	int bottom = (int)nsc_vt_number(vt, 1, 9999);

	if (bottom > s->height || bottom == 0)
		bottom = s->height;
	if (top < 0)
		top = 0;
	if (top >= bottom - 1)
		return;
	s->top = top;
	s->bottom = bottom;
	cursor_set(s, 0, 0);
}

static bool screen_csi_move(struct nsc_screen *s, const struct nsc_vt *vt,
			    char final)
{
	unsigned int first = nsc_vt_number(vt, 0, 1);
	int n = first ? (int)first : 1;
	int column = (int)nsc_vt_number(vt, 1, 1) - 1;

	switch (final) {
	case 'A': cursor_set(s, s->x, s->y - n); break;
	case 'B': case 'e': cursor_set(s, s->x, s->y + n); break;
	case 'C': case 'a': cursor_set(s, s->x + n, s->y); break;
	case 'D': cursor_set(s, s->x - n, s->y); break;
	case 'E': cursor_set(s, 0, s->y + n); break;
	case 'F': cursor_set(s, 0, s->y - n); break;
	case 'G': case '`': cursor_set(s, n - 1, s->y); break;
	case 'd': cursor_set(s, s->x, n - 1); break;
	case 'H': case 'f': cursor_set(s, column, n - 1); break;
	case 'I': cursor_set(s, (s->x / 8 + n) * 8, s->y); break;
	case 'Z': cursor_set(s, ((s->x + 7) / 8 - n) * 8, s->y); break;
	case 's': screen_save(s, true); break;
	case 'u': screen_save(s, false); break;
	default: return false;
	}
	return true;
}

static void screen_csi_change(struct nsc_screen *s, const struct nsc_vt *vt,
			      char final)
{
	unsigned int first = nsc_vt_number(vt, 0, 1);
	int n = first ? (int)first : 1;
	bool inside = s->y >= s->top && s->y < s->bottom;
	int from = s->y;

	if (final == 'J' || final == 'K')
		screen_erase(s, nsc_vt_number(vt, 0, 0), final == 'J');
	else if (final == 'X')
		row_clear(s, s->y, s->x, s->x + n < s->width ? s->x + n :
							       s->width);
	else if (final == '@' || final == 'P')
		cells_shift(s, n, final == '@');
	else if (final == 'S' || final == 'T')
		rows_scroll(s, s->top, s->bottom, n, final == 'T');
	else if ((final == 'L' || final == 'M') && inside)
		rows_scroll(s, from, s->bottom, n, final == 'L');
	else if (final == 'r')
		screen_region(s, vt);
}

static void screen_csi(void *arg, const struct nsc_vt *vt, char final)
{
	struct nsc_screen *s = arg;

	if (vt->intermediate)
		return;
	if (vt->parameters[0] == '?' && (final == 'h' || final == 'l'))
		screen_mode(s, nsc_vt_number(vt, 0, 0), final == 'h');
	else if (vt->parameters[0] < '<' && !screen_csi_move(s, vt, final))
		screen_csi_change(s, vt, final);
}

static void screen_escape(void *arg, unsigned char intermediate, char final)
{
	struct nsc_screen *s = arg;

	if (intermediate)
		return;
	if (final == '7' || final == '8')
		screen_save(s, final == '7');
	else if (final == 'D')
		cursor_down(s);
	else if (final == 'E')
		screen_control(s, '\r');
	if (final == 'E')
		cursor_down(s);
	if (final == 'M' && s->y == s->top)
		rows_scroll(s, s->top, s->bottom, 1, true);
	else if (final == 'M')
		cursor_set(s, s->x, s->y - 1);
	if (final != 'c')
		return;
	screen_other(s, false, false);
	rows_clear(s, 0, s->height);
	s->top = 0;
	s->bottom = s->height;
	cursor_set(s, 0, 0);
}

/* --- the screen */

void nsc_screen_show(struct nsc_screen *s, int64_t at, const char *text,
		     size_t len)
{
	static const struct nsc_vt_calls calls = {
		screen_print, screen_control, screen_csi, screen_escape,
	};
	int here;

	s->now = at;
	nsc_vt_feed(&s->vt, &calls, s, text, len);
	for (int y = 0; y < s->height; y++)
		if (s->rows[y].changed)
			line_look(s, y);
	here = line_head(s, s->y);
	for (int y = 0; y < s->height; y++)
		if (y != here)
			line_tell(s, &s->rows[y]);
}

static void rows_free(struct row *rows, int n)
{
	for (int y = 0; rows && y < n; y++) {
		free(rows[y].cells);
		line_forget(&rows[y]);
	}
	free(rows);
}

static struct row *rows_new(int width, int height)
{
	struct row *rows = calloc((size_t)height, sizeof(*rows));

	for (int y = 0; rows && y < height; y++) {
		rows[y].cells = calloc((size_t)width, sizeof(uint32_t));
		if (!rows[y].cells) {
			rows_free(rows, height);
			rows = NULL;
		}
	}
	return rows;
}

static int size_within(int64_t n)
{
	return n < 2 ? 2 : n > NSC_SCREEN_MAX ? NSC_SCREEN_MAX : (int)n;
}

/* Keep what has room. */
static void rows_keep(const struct nsc_screen *s, const struct row *from,
		      int width, int height, struct row *to)
{
	for (int y = 0; y < s->height && y < height; y++) {
		memcpy(to[y].cells, from[y].cells, sizeof(uint32_t) *
		       (size_t)(width < s->width ? width : s->width));
		to[y].wrapped = y < height - 1 && from[y].wrapped;
	}
}

int nsc_screen_resize(struct nsc_screen *s, int64_t width, int64_t height)
{
	int w = size_within(width), h = size_within(height);
	struct row *rows = rows_new(w, h), *other = rows_new(w, h);
	char *line = malloc((size_t)w * (size_t)h * 4 + BEFORE_MAX +
			    (size_t)4 * NSC_SCREEN_MAX + 1);

	if (!rows || !other || !line) {
		rows_free(rows, h);
		rows_free(other, h);
		free(line);
		return -ENOMEM;
	}
	if (s->rows) {
		lines_tell(s, 0, s->height);
		/* The lowest lines stay, and the cursor's is among them. */
		if (s->y >= h) {
			rows_scroll(s, 0, s->height, s->y - h + 1, false);
			s->y = h - 1;
		}
		rows_keep(s, s->rows, w, h, rows);
		rows_keep(s, s->other, w, h, other);
		rows_free(s->rows, s->height);
		rows_free(s->other, s->height);
	}
	free(s->line);
	s->line = line;
	s->rows = rows;
	s->other = other;
	s->width = w;
	s->height = h;
	s->top = 0;
	s->bottom = h;
	cursor_set(s, s->x, s->y);
	return 0;
}

struct nsc_screen *nsc_screen_new(int64_t width, int64_t height,
				  const struct nsc_screen_search *search)
{
	struct nsc_screen *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->search = *search;
	if (nsc_screen_resize(s, width, height) == 0)
		return s;
	free(s);
	return NULL;
}

void nsc_screen_end(struct nsc_screen *s)
{
	lines_tell(s, 0, s->height);
}

void nsc_screen_free(struct nsc_screen *s)
{
	if (!s)
		return;
	rows_free(s->rows, s->height);
	rows_free(s->other, s->height);
	free(s->line);
	free(s);
}
