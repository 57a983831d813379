/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsinit top: a table of what containers use, live on a terminal.  The texts of
 * records are printable ASCII, so nothing from inside moves the cursor.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "nsinit.h"

#define PAUSE_S 2		/* between two tables */
#define BEGIN "\033[?1049h\033[?25l"	/* the other screen, no cursor */
#define END "\033[?25h\033[?1049l"

struct row {
	const struct nscontainer_record *record;
	const char *name;
	double values[8];	/* in the order of columns; -1: unknown */
};

/* A column, the key that sorts by it, and what it is the sum of. */
static const struct column {
	const char *title;
	const char *key;
	enum { NUMBER, PERCENT, SIZE, COUNT } kind;
	char letter;
} columns[] = {
	{ "GENERATION", "generation", NUMBER, 'g' },
	{ "SESSIONS", "sessions[%d].pid", COUNT, 's' },
	{ "CPU%", "cpu.percent", PERCENT, 'c' },
	{ "MEMORY", "memory.usage", SIZE, 'm' },
	{ "PIDS", "pids.current", NUMBER, 'p' },
	{ "OOM", "memory.oom_kills", NUMBER, 'o' },
	{ "RECEIVED", "networks[%d].rx_bytes", SIZE, 'r' },
	{ "SENT", "networks[%d].tx_bytes", SIZE, 't' },
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

/* --- the table */

/* The value of a key, or the sum or number of those of an array. */
static double value_of(const struct nscontainer_record *r,
		       const struct column *c)
{
	double sum = 0, value;
	char key[64];

	if (!strchr(c->key, '%'))
		return nscontainer_record_double(r, c->key, &value) < 0 ? -1 :
									  value;
	for (int i = 0; i < 100000; i++) {
		const char *array = strchr(c->key, '%');

		snprintf(key, sizeof(key), "%.*s%d%s", (int)(array - c->key),
			 c->key, i, array + 2);
		if (nscontainer_record_double(r, key, &value) < 0)
			break;
		sum += c->kind == COUNT ? 1 : value;
	}
	return sum;
}

/* In the order of columns; the letter of none sorts by name. */
static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct row *one = a, *other = b;
	const char *letter = arg;

	for (size_t i = 0; i < COLUMNS; i++)
		if (columns[i].letter == *letter &&
		    one->values[i] != other->values[i])
			return one->values[i] < other->values[i] ? 1 : -1;
	return strcmp(one->name, other->name);
}

static struct row *make_rows(const struct nscontainer_record *list, size_t *n,
			     char letter)
{
	struct row *rows;

	*n = 0;
	for (const struct nscontainer_record *r = list; r;
	     r = nscontainer_record_next(r))
		++*n;
	rows = calloc(*n + 1, sizeof(*rows));
	if (!rows)
		return NULL;
	for (size_t i = 0; i < *n; i++, list = nscontainer_record_next(list)) {
		const char *dir = nscontainer_record_text(list, "directory");

		rows[i].record = list;
		rows[i].name = strcmp(dir, "-") ? dir :
			nscontainer_record_text(list, "user");
		for (size_t j = 0; j < COLUMNS; j++)
			rows[i].values[j] = value_of(list, &columns[j]);
	}
	qsort_r(rows, *n, sizeof(*rows), compare_rows, &letter);
	return rows;
}

static void put_value(FILE *out, const struct column *c, double value)
{
	static const char units[] = "BKMGT";
	char text[32];
	int i = 0;

	if (value < 0) {
		fprintf(out, " %10s", "-");
		return;
	}
	for (; c->kind == SIZE && value >= 1024 && units[i + 1]; i++)
		value /= 1024;
	snprintf(text, sizeof(text), c->kind == PERCENT || i ? "%.1f" : "%.0f",
		 value);
	if (c->kind == SIZE)
		snprintf(text + strlen(text), 2, "%c", units[i]);
	fprintf(out, " %10s", text);
}

static void put_row(FILE *out, const struct row *row)
{
	fprintf(out, "%-20.20s", row->name);
	for (size_t i = 0; i < COLUMNS; i++)
		put_value(out, &columns[i], row->values[i]);
}

static void put_title(FILE *out)
{
	fprintf(out, "%-20s", "USER");
	for (size_t i = 0; i < COLUMNS; i++)
		fprintf(out, " %10s", columns[i].title);
}

static int print_once(char letter, struct nscontainer_error *err)
{
	struct nscontainer_record *list = NULL;
	int ret = nscontainer_stats(NULL, &list, err);
	size_t n = 0;
	struct row *rows = make_rows(list, &n, letter);

	put_title(stdout);
	putchar('\n');
	for (size_t i = 0; rows && i < n; i++) {
		put_row(stdout, &rows[i]);
		putchar('\n');
	}
	free(rows);
	nscontainer_record_free(list);
	return ret;
}

/* --- the terminal */

/* Signals are blocked except while the command waits for a key. */
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP,
			       SIGCONT, SIGWINCH, SIGPIPE };

static void put(const char *text)
{
	(void)!write(STDOUT_FILENO, text, strlen(text));
}

static void enter_screen(const struct termios *before)
{
	struct termios raw = *before;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	put(BEGIN);
}

static void leave_screen(const struct termios *before)
{
	put(END);
	tcsetattr(STDIN_FILENO, TCSANOW, before);
}

/* Draw what fits; a line that is too long is cut. */
static void draw(const struct row *rows, size_t n, char letter)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	/* Do not wrap at the right edge. */
	fputs("\033[?7l\033[H\033[7m", out);
	put_title(out);
	fputs("\033[m\033[K\r\n", out);
	for (size_t i = 0; i < n && i + 3 < size.ws_row; i++) {
		put_row(out, &rows[i]);
		fputs("\033[K\r\n", out);
	}
	fprintf(out, "\033[J%zu containers, by %c. q: quit; u: user", n,
		letter);
	for (size_t i = 0; i < COLUMNS; i++)
		fprintf(out, "; %c: %s", columns[i].letter, columns[i].title);
	fputs("\033[K\033[?7h", out);
	if (fclose(out) == 0)
		(void)!write(STDOUT_FILENO, text, len);
	free(text);
}

/* Stop like any program, and take the screen again after it. */
static void stop_here(const struct termios *before)
{
	leave_screen(before);
	raise(SIGSTOP);
	enter_screen(before);
}

/* Returns a key, 0 for a new table, or -1 for the end. */
static int wait_for_key(const sigset_t *open, const struct termios *before)
{
	const struct timespec pause = { PAUSE_S, 0 };
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int n = ppoll(&p, 1, &pause, open);
	unsigned char key;

	if (caught == SIGTSTP)
		stop_here(before);
	if (caught && caught != SIGTSTP && caught != SIGCONT &&
	    caught != SIGWINCH)
		return -1;
	caught = 0;
	if (n <= 0)
		return 0;
	return read(STDIN_FILENO, &key, 1) == 1 ? key : -1;
}

static bool sorts(int key)
{
	for (size_t i = 0; i < COLUMNS; i++)
		if (columns[i].letter == key)
			return true;
	return key == 'u';
}

/* A key, or the beginning of a column's title; 0: neither. */
static char letter_of(const char *word)
{
	size_t len = strlen(word);

	if (len == 1 && sorts(*word))
		return *word;
	for (size_t i = 0; len > 1 && i < COLUMNS; i++)
		if (!strncasecmp(columns[i].title, word, len))
			return columns[i].letter;
	return strcasecmp(word, "user") ? 0 : 'u';
}

static int show_live(char letter, const sigset_t *open,
		     const struct termios *before,
		     struct nscontainer_error *err)
{
	struct nscontainer_record *list = NULL;
	int key = 0, ret = 0;

	while (key >= 0 && key != 'q') {
		struct row *rows;
		size_t n;

		if (key == 0) {
			nscontainer_record_free(list);
			list = NULL;
			ret = nscontainer_stats(NULL, &list, err);
		}
		/* Containers without control groups have no row. */
		if (ret < 0 && ret != -ENOENT)
			break;
		rows = make_rows(list, &n, letter);
		if (rows)
			draw(rows, n, letter);
		free(rows);
		key = wait_for_key(open, before);
		if (sorts(key))
			letter = (char)key;
	}
	nscontainer_record_free(list);
	return ret == -ENOENT ? 0 : ret;
}

static int run_live(char letter, struct nscontainer_error *err)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct termios before;
	sigset_t set, open;
	int ret, number;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return print_once(letter, err);
	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigaddset(&set, signals[i]);
		sigaction(signals[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &set, &open);
	enter_screen(&before);
	ret = show_live(letter, &open, &before, err);
	leave_screen(&before);
	number = caught;
	sigprocmask(SIG_SETMASK, &open, NULL);
	if (number) {
		signal(number, SIG_DFL);
		raise(number);
	}
	return ret;
}

int nsinit_top(const struct nsinit_options *options)
{
	bool live = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	char letter = options->sort ? letter_of(options->sort) : 'c';
	int ret;

	if (!letter) {
		fputs("nsinit top: --sort: expected a column, such as memory, "
		      "or its key, such as m\n", stderr);
		return NSINIT_USAGE;
	}
	ret = live ? run_live(letter, &err) : print_once(letter, &err);
	return ret < 0 ? nsinit_fail(&err, NSINIT_FAILED) : NSINIT_OK;
}
