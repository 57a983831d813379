/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words that the last word of a command line may become, for the shells.
 * Each line of the output is a word, a tab, and a text about it; or ":KIND" for
 * words that the shell itself knows: COMMAND, DIR, FILE, SERVICE, SIGNAL, USER.
 *
 * Runs as any user, at each press of a key: it changes nothing, and an error is
 * no word.
 */
#include <string.h>
#include <unistd.h>

#include "line.h"
#include "doctor/recording_commands.h"

static void complete_commands(void)
{
	for (const struct nsinit_command *c = nsinit_commands; c->name; c++)
		printf("%s\t%s\n", c->name, c->text);
}

/* Without a command, an option of any. */
static void complete_options(const struct nsinit_command *command)
{
	long long takes = command ? command->takes | OPT_HELP : ~0LL;

	for (const struct nsinit_option *o = nsinit_option_table; o->name; o++)
		if (takes & o->bit)
			printf("--%s\t%s\n", o->name, o->text);
}

/* Only root sees all containers; others, before sudo for example, do not. */
static void complete_running(void)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *list = NULL;

	if (geteuid() != 0 || nscontainer_list(&list, &err) < 0)
		puts(":USER");
	for (const struct nscontainer_record *r = list; r;
	     r = nscontainer_record_next(r))
		printf("%s\tsessions: %s\n",
		       nscontainer_record_text(r, "user"),
		       nscontainer_record_text(r, "sessions"));
	nscontainer_record_free(list);
}

static void complete_sessions(const struct nsinit_options *options)
{
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer_record *list = NULL;
	struct nscontainer *container = NULL;
	int ret = nsinit_open(options, &container, &err);

	if (ret == 0)
		(void)!nscontainer_sessions(container, &list, &err);
	for (const struct nscontainer_record *r = list; r;
	     r = nscontainer_record_next(r))
		printf("%s\t%s %s %s\n", nscontainer_record_text(r, "pid"),
		       nsinit_value(r, "service"), nsinit_value(r, "rhost"),
		       nsinit_value(r, "tty"));
	nscontainer_record_free(list);
	nscontainer_close(container);
}

static void complete_name(const char *name, const char *about)
{
	printf("%s\t%s\n", name, about);
}

/* With a directory, no operand is for the user. */
static void complete_operand(const struct nsinit_line *line)
{
	const struct nsinit_options *options = &line->options;
	const char *kind = line->command->operands, *space;
	bool of_user = line->command->takes & TAKES_COMMAND ?
		nsinit_exec_of_user(options) : !options->root;
	int at = options->n_arguments + (of_user ? 0 : 1);
	size_t length;

	if (at >= line->command->max)
		return;
	for (; at && (space = strchr(kind, ' ')); at--)
		kind = space + 1;
	length = strcspn(kind, " ");
	if (!strncmp(kind, "RUNNING", length))
		complete_running();
	else if (!strcmp(kind, "SESSION"))
		complete_sessions(options);
	else if (!strncmp(kind, "RECORD", 6))
		nsc_recordings_names(!strcmp(kind, "RECORDED"), complete_name);
	else if (!strcmp(kind, "TOPIC"))
		complete_commands();
	else
		printf(":%.*s\n", (int)length, kind);
}

int nsinit_complete(int argc, char **argv)
{
	const char *word = argv[argc - 1];
	struct nsinit_line line;

	nsinit_line_read(&line, argc - 1, argv);
	if (line.lacks)
		printf(":%s\n", line.lacks->value);
	else if (!line.ended && word[0] == '-')
		complete_options(line.command);
	else if (line.command)
		complete_operand(&line);
	else if (!line.wrong[0])
		complete_commands();
	return NSINIT_OK;
}
