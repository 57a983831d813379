/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: the tables of commands and options in nsinit/nsinit.c, and
 * what help, completion and main() do with them.
 */
#ifndef NSC_NSINIT_LINE_H
#define NSC_NSINIT_LINE_H

#include <stdio.h>

#include "nsinit.h"

enum { OPT_CONF = 1, OPT_ROOT = 2, OPT_TIMEOUT = 4, OPT_JSON = 8,
       OPT_TTY = 16, OPT_NO_TTY = 32, OPT_FOLLOW = 64, OPT_REPLACE = 128,
       OPT_SERVICE = 256, OPT_ALL = 1 << 16, OPT_OCI = 1 << 18,
       OPT_USER = 1 << 9, OPT_ENV = 1 << 10, OPT_CWD = 1 << 11,
       OPT_DETACH = 1 << 12, OPT_START = 1 << 13,
       OPT_FROM_FILE = 1 << 14, OPT_WHY = 1 << 15,
       OPT_LIMIT = 1 << 17,	/* each of cgroups that is a number */
       OPT_AUDIT = 1 << 20, OPT_DRY_RUN = 1 << 21, OPT_WITHIN = 1 << 22,
       OPT_EXPIRED = 1 << 23,
       OPT_BOOT = 1 << 24, OPT_HTTP = 1 << 25,
       OPT_OUTPUT = 1 << 26, OPT_SORT = 1 << 27,
       OPT_HELP = 1 << 28, OPT_VERSION = 1 << 29,	/* of all commands */
       /* No option: all after the program belongs to that program. */
       TAKES_COMMAND = 1 << 30,
       /* No option: it needs no rights of root. */
       FOR_EVERYBODY = 1 << 19 };

/* An enum has no room for more. */
#define OPT_VERIFY (1LL << 32)
#define OPT_EXPIRE (1LL << 33)
#define OPT_TEXT (1LL << 34)
#define OPT_SPEED (1LL << 35)
#define OPT_IDLE (1LL << 36)

struct nsinit_command {
	const char *name;	/* NULL: end of the table */
	int (*run)(const struct nsinit_options *options);
	long long takes;	/* OPT_* that it accepts */
	int min, max;		/* number of operands */
	const char *usage;
	const char *text;	/* what it does */
	const char *operands;	/* a word for each; more are as the last */
};

struct nsinit_option {
	const char *name;	/* NULL: end of the table */
	long long bit;		/* OPT_* */
	char letter;		/* of the short option, or 0 */
	const char *value;	/* what its value is, or NULL */
	const char *text;	/* what it does */
};

extern const struct nsinit_command nsinit_commands[];
extern const struct nsinit_option nsinit_option_table[];

/* Not in any help: nsinit --complete WORD... prints what WORD may become. */
#define NSINIT_COMPLETE "--complete"

struct nsinit_line {
	const struct nsinit_command *command;	/* NULL: none yet */
	struct nsinit_options options;
	long long given;	/* OPT_* */
	const struct nsinit_option *lacks;	/* its value is not there */
	bool ended;		/* no more options */
	char wrong[160];	/* the first error, or empty */
};

/* Read a command line; line->wrong says what is wrong with it. */
void nsinit_line_read(struct nsinit_line *line, int argc, char **argv);

const struct nsinit_command *nsinit_command_find(const char *name);

/* Print what a command does, or a list if it is NULL. */
void nsinit_print_help(FILE *out, const struct nsinit_command *command);

/* nsinit --complete WORD...: the last word is the one to complete. */
int nsinit_complete(int argc, char **argv);

#endif
