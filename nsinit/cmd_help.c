/* SPDX-License-Identifier: Apache-2.0 */
/* nsinit help: what the commands do. */
#include "line.h"

static bool takes(const struct nsinit_command *command,
		  const struct nsinit_option *option)
{
	return (command->takes | OPT_HELP) & option->bit;
}

static void print_option(FILE *out, const struct nsinit_option *option)
{
	int width = option->letter ? fprintf(out, "  -%c, --%s",
					     option->letter, option->name) :
				     fprintf(out, "      --%s", option->name);

	if (option->value)
		width += fprintf(out, " %s", option->value);
	fprintf(out, "%*s%s\n", width < 27 ? 27 - width : 1, "", option->text);
}

static void print_commands(FILE *out)
{
	fputs("usage: nsinit COMMAND [OPTION...] [OPERAND...]\n\n", out);
	for (const struct nsinit_command *c = nsinit_commands; c->name; c++)
		fprintf(out, "  %-10s %s\n", c->name, c->text);
	fputs("\n'nsinit help COMMAND' shows its options, 'nsinit --version' "
	      "the version; see nsinit(8).\n", out);
}

void nsinit_print_help(FILE *out, const struct nsinit_command *command)
{
	if (!command) {
		print_commands(out);
		return;
	}
	fprintf(out, "usage: nsinit %s\n\n%s: %s\n\n", command->usage,
		command->name, command->text);
	for (const struct nsinit_option *o = nsinit_option_table; o->name; o++)
		if (takes(command, o))
			print_option(out, o);
}

int nsinit_help(const struct nsinit_options *options)
{
	const char *name = options->n_arguments ? options->arguments[0] : NULL;
	const struct nsinit_command *command =
		name ? nsinit_command_find(name) : NULL;

	if (name && !command) {
		fprintf(stderr, "nsinit: unknown command '%s': 'nsinit help' "
			"lists the commands\n", name);
		return NSINIT_USAGE;
	}
	nsinit_print_help(stdout, command);
	return NSINIT_OK;
}
