/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read a command line.  Options may be anywhere, "--" ends them, and what
 * follows the command of "nsinit exec" belongs to that command.
 */
#include "line.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { OPERAND = 1,		/* what getopt_long() returns for one */
       FIRST_OPTION = 256,	/* not a letter; the others follow */
       MAX_OPTIONS = 64 };	/* OPT_* are bits */

static void __attribute__((format(printf, 2, 3)))
line_wrong(struct nsinit_line *line, const char *format, ...)
{
	va_list args;

	if (line->wrong[0])
		return;
	va_start(args, format);
	vsnprintf(line->wrong, sizeof(line->wrong), format, args);
	va_end(args);
}

const struct nsinit_command *nsinit_command_find(const char *name)
{
	for (const struct nsinit_command *c = nsinit_commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/*
 * Find an option by what getopt_long() returns or reports for it; otherwise the
 * end of the table.
 */
static const struct nsinit_option *option_find(int found)
{
	const struct nsinit_option *o = nsinit_option_table;

	while (o->name && found != FIRST_OPTION + (o - nsinit_option_table) &&
	       !(o->letter && found == o->letter))
		o++;
	return o;
}

/* Fill the tables that getopt_long() wants. */
static void make_tables(struct option table[MAX_OPTIONS + 1],
			char letters[2 * MAX_OPTIONS + 3])
{
	int i = 0;

	/* '-': it returns operands as well; ':': it prints no errors. */
	letters = stpcpy(letters, "-:");
	for (const struct nsinit_option *o = nsinit_option_table;
	     o->name && i < MAX_OPTIONS; o++, i++) {
		table[i] = (struct option){
			o->name, o->value ? required_argument : no_argument,
			NULL, FIRST_OPTION + i,
		};
		if (o->letter)
			*letters++ = o->letter;
		if (o->letter && o->value)
			*letters++ = ':';
	}
	table[i] = (struct option){ 0 };
	*letters = '\0';
}

static void set_timeout(struct nsinit_line *line)
{
	char *end;
	long seconds = strtol(optarg, &end, 10);

	if (optarg[0] < '0' || optarg[0] > '9' || *end || seconds > 86400)
		line_wrong(line, "--timeout: expected seconds, 0 to 86400");
	else
		line->options.timeout = (int)seconds;
}

/* 90, 90s, 5m or 1h. */
static void set_within(struct nsinit_line *line)
{
	static const char units[] = "smh";
	static const long factors[] = { 1, 60, 3600 };
	char *end;
	long n = strtol(optarg, &end, 10);
	const char *unit = strchr(units, *end);

	if (*end && unit && !end[1] && n <= 86400)
		n *= factors[unit - units];
	if (optarg[0] < '0' || optarg[0] > '9' || (*end && (!unit || end[1])) ||
	    n < 1 || n > 86400)
		line_wrong(line, "--confirm-within: expected a time such as "
			   "90s, 5m or 1h, at most 24h");
	else
		line->options.within = (unsigned int)n;
}

/* A key of cgroups in container.json; memory for others. */
static void add_limit(struct nsinit_options *options, const char *name)
{
	char **to = &options->set[options->n_set++];

	if (asprintf(to, "%s=%s", name, optarg) < 0)
		abort();
	for (char *p = *to; *p != '='; p++)
		if (*p == '-')
			*p = '_';
}

/* A positive number, up to max. */
static void set_number(struct nsinit_line *line, double max, const char *name,
		       double *to)
{
	char *end;
	double n = strtod(optarg, &end);

	if (optarg[0] < '0' || optarg[0] > '9' || *end || n < 0.001 ||
	    n > max)
		line_wrong(line, "--%s: expected a number from 0.001 to "
			   "%.0f", name, max);
	else
		*to = n;
}

/* Of recordings. */
static void set_recording_option(struct nsinit_line *line, long long option)
{
	struct nsinit_options *options = &line->options;

	if (option == OPT_VERIFY)
		options->verify = true;
	else if (option == OPT_EXPIRE)
		options->expire = true;
	else if (option == OPT_TEXT)
		options->text = true;
	else if (option == OPT_SPEED)
		set_number(line, 1000, "speed", &options->speed);
	else if (option == OPT_IDLE)
		set_number(line, 86400, "idle", &options->idle);
}

static void set_exec_option(struct nsinit_options *options, long long option)
{
	if (option == OPT_USER)
		options->user = optarg;
	else if (option == OPT_CWD)
		options->cwd = optarg;
	else if (option == OPT_ENV)
		options->set[options->n_set++] = optarg;
	else if (option == OPT_DETACH)
		options->detach = true;
	else if (option == OPT_START)
		options->start = true;
	else if (option == OPT_FROM_FILE)
		options->from_file = true;
	else if (option == OPT_WHY)
		options->why = true;
}

static void set_option(struct nsinit_line *line,
		       const struct nsinit_option *found)
{
	struct nsinit_options *options = &line->options;
	long long option = found->bit;

	line->given |= option;
	if (option == OPT_CONF)
		options->conf = optarg;
	else if (option == OPT_ROOT)
		options->root = optarg;
	else if (option == OPT_JSON)
		options->json = true;
	else if (option == OPT_TTY || option == OPT_NO_TTY)
		options->tty = option == OPT_TTY ? NSCONTAINER_EXEC_TTY :
						   NSCONTAINER_EXEC_NO_TTY;
	else if (option == OPT_SERVICE)
		options->service = optarg;
	else if (option == OPT_FOLLOW)
		options->follow = true;
	else if (option == OPT_OCI)
		options->oci = true;
	else if (option == OPT_ALL)
		options->all = true;
	else if (option == OPT_REPLACE)
		options->replace = true;
	else if (option == OPT_TIMEOUT)
		set_timeout(line);
	else if (option == OPT_AUDIT)
		options->audit = true;
	else if (option == OPT_DRY_RUN)
		options->dry_run = true;
	else if (option == OPT_EXPIRED)
		options->expired = true;
	else if (option == OPT_WITHIN)
		set_within(line);
	else if (option == OPT_LIMIT)
		add_limit(options, found->name);
	else if (option == OPT_BOOT)
		options->boot = true;
	else if (option == OPT_HTTP)
		options->http = true;
	else if (option == OPT_OUTPUT)
		options->output = optarg;
	else if (option == OPT_SORT)
		options->sort = optarg;
	else if (option >= OPT_VERIFY)
		set_recording_option(line, option);
	else
		set_exec_option(options, option);
	if (options->conf && options->conf[0] != '/')
		line_wrong(line, "--conf: expected an absolute path");
}

/* The first operand is the command. */
static void take_operand(struct nsinit_line *line, char *word)
{
	struct nsinit_options *options = &line->options;

	if (line->command) {
		options->arguments[options->n_arguments++] = word;
		line->ended |= line->command->takes & TAKES_COMMAND &&
			       options->n_arguments >
				       nsinit_exec_of_user(options);
		return;
	}
	line->command = nsinit_command_find(word);
	if (!line->command)
		line_wrong(line, "unknown command '%s'", word);
}

static void refuse_option(struct nsinit_line *line, int why, const char *word)
{
	if (why == ':') {
		line->lacks = option_find(optopt);
		line_wrong(line, "%s: expected a value", word);
	} else if (strncmp(word, "--", 2) != 0) {
		line_wrong(line, "unknown option '-%c'", optopt);
	} else {
		line_wrong(line, optopt ? "%s: this option has no value" :
					  "unknown option '%s'", word);
	}
}

/* The command may come after its options. */
static void line_judge(struct nsinit_line *line)
{
	long long takes = OPT_HELP | OPT_VERSION;

	if (!line->command)
		return;
	takes |= line->command->takes;
	if (line->given & OPT_TTY && line->given & OPT_NO_TTY)
		line_wrong(line, "--tty and --no-tty exclude each other");
	for (const struct nsinit_option *o = nsinit_option_table; o->name; o++)
		if (line->given & ~takes & o->bit)
			line_wrong(line, "--%s: not an option of this command",
				   o->name);
}

void nsinit_line_read(struct nsinit_line *line, int argc, char **argv)
{
	struct option table[MAX_OPTIONS + 1];
	char letters[2 * MAX_OPTIONS + 3];

	/* The operands move to the front of argv: none is before its place. */
	*line = (struct nsinit_line){
		.options = {
			.timeout = -1, .speed = 1, .arguments = argv,
			/* At most one for each word; it stays. */
			.set = calloc((size_t)argc + 1, sizeof(char *)),
		},
	};
	if (!line->options.set)
		abort();
	make_tables(table, letters);
	while (!line->ended && optind < argc) {
		char *word = argv[optind];
		int found;

		line->ended = !strcmp(word, "--");
		found = getopt_long(argc, argv, letters, table, NULL);
		if (found == OPERAND)
			take_operand(line, optarg);
		else if (found == '?' || found == ':')
			refuse_option(line, found, word);
		else if (found > 0)
			set_option(line, option_find(found));
	}
	while (optind < argc)
		take_operand(line, argv[optind++]);
	argv[line->options.n_arguments] = NULL;
	line_judge(line);
}
