/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's command.  Runs as root of the host. */
#include "nsinit.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum { OPT_CONF = 1, OPT_ROOT = 2, OPT_TIMEOUT = 4, OPT_JSON = 8,
       OPT_TTY = 16, OPT_NO_TTY = 32, OPT_FOLLOW = 64, OPT_REPLACE = 128,
       OPT_SERVICE = 256 };

static const struct option long_options[] = {
	{ "conf", required_argument, NULL, OPT_CONF },
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "tty", no_argument, NULL, OPT_TTY },
	{ "no-tty", no_argument, NULL, OPT_NO_TTY },
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "replace", no_argument, NULL, OPT_REPLACE },
	{ "service", required_argument, NULL, OPT_SERVICE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const struct command {
	const char *name;
	int (*run)(const struct nsinit_options *options);
	int takes;		/* OPT_* that it accepts */
	int min, max;		/* number of arguments */
	const char *usage;
} commands[] = {
	{ "exec", nsinit_exec, OPT_ROOT | OPT_TTY | OPT_NO_TTY, 1, 1000000,
	  "exec [--root DIR] [-t | --tty | --no-tty] [--] COMMAND "
	  "[ARGUMENT...]" },
	{ "start", nsinit_start, OPT_CONF | OPT_REPLACE, 1, 1,
	  "start [--replace] [--conf FILE] USER" },
	{ "stop", nsinit_stop, OPT_ROOT | OPT_TIMEOUT, 0, 1,
	  "stop [--timeout SECONDS] USER | stop --root DIR" },
	{ "list", nsinit_list, OPT_JSON, 0, 1,
	  "list [--json] [USER]" },
	{ "ps", nsinit_ps, OPT_JSON | OPT_ROOT, 0, 1,
	  "ps [--json] [USER] | ps --root DIR" },
	{ "last", nsinit_last, OPT_JSON, 0, 1,
	  "last [--json] [USER]" },
	{ "kick", nsinit_kick, OPT_ROOT | OPT_TIMEOUT, 0, 2,
	  "kick [--timeout SECONDS] USER [PID] | kick --root DIR [PID]" },
	{ "stats", nsinit_stats, OPT_JSON | OPT_ROOT | OPT_FOLLOW, 0, 1,
	  "stats [--json] [--follow] [USER] | stats --root DIR" },
	{ "pause", nsinit_pause, OPT_ROOT, 0, 1,
	  "pause USER | pause --root DIR" },
	{ "resume", nsinit_resume, OPT_ROOT, 0, 1,
	  "resume USER | resume --root DIR" },
	{ "check", nsinit_check, OPT_CONF | OPT_JSON | OPT_ROOT, 0, 1,
	  "check [--json] [--conf FILE] [USER] | check --root DIR" },
	{ "doctor", nsinit_doctor, OPT_CONF | OPT_JSON, 0, 1000000,
	  "doctor [--json] [--conf FILE] [USER...]" },
	{ "try", nsinit_try, OPT_CONF | OPT_JSON | OPT_SERVICE, 1, 1,
	  "try [--json] [--conf FILE] [--service SERVICE] USER" },
};

int nsinit_fail(const struct nscontainer_error *err, int status)
{
	fprintf(stderr, "nsinit: %s\n", err->text);
	return status;
}

void nsinit_print(const struct nscontainer_record *record, bool json)
{
	const char *key;

	if (json) {
		puts(nscontainer_record_json(record));
		return;
	}
	for (unsigned int i = 0; (key = nscontainer_record_key(record, i)); i++)
		printf("%s: %s\n", key, nscontainer_record_text(record, key));
}

int nsinit_open(const struct nsinit_options *options,
		struct nscontainer **ret, struct nscontainer_error *err)
{
	if (options->root)
		return nscontainer_open_directory(options->root, ret, err);
	return nscontainer_open_user(options->n_arguments ?
				     options->arguments[0] : NULL,
				     options->conf, ret, err);
}

static void print_usage(FILE *out)
{
	fputs("usage:\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  nsinit %s\n", commands[i].usage);
	fputs("see nsinit(8)\n", out);
}

static int usage_error(const struct command *command, const char *text)
{
	fprintf(stderr, "nsinit %s: %s\nusage: nsinit %s\n", command->name,
		text, command->usage);
	return NSINIT_USAGE;
}

static int set_timeout(struct nsinit_options *options)
{
	char *end;
	long seconds = strtol(optarg, &end, 10);

	if (optarg[0] < '0' || optarg[0] > '9' || *end || seconds > 86400)
		return -1;
	options->timeout = (int)seconds;
	return 0;
}

/* Make sure that descriptors 0, 1 and 2 are open. */
static int need_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd <= 2);
	return fd < 0 ? -1 : close(fd);
}

static int set_option(const struct command *command, int option,
		      struct nsinit_options *options)
{
	if (option == '?' || !(command->takes & option))
		return usage_error(command, "unknown option, or one that needs "
				   "a value");
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
	else if (option == OPT_REPLACE)
		options->replace = true;
	else if (set_timeout(options) < 0)
		return usage_error(command, "--timeout: expected seconds, 0 "
				   "to 86400");
	if (options->conf && options->conf[0] != '/')
		return usage_error(command, "--conf: expected an absolute "
				   "path");
	return NSINIT_OK;
}

static int nsinit_run_command(const struct command *command, int argc,
			      char **argv)
{
	struct nsinit_options options = {
		.timeout = -1,
	};
	int option, ret;

	opterr = 0;
	/* '+': options after the first argument belong to COMMAND. */
	while ((option = getopt_long(argc, argv, "+ht", long_options,
				     NULL)) >= 0) {
		if (option == 't')
			option = OPT_TTY;
		if (option == 'h') {
			printf("usage: nsinit %s\n", command->usage);
			return NSINIT_OK;
		}
		ret = set_option(command, option, &options);
		if (ret != NSINIT_OK)
			return ret;
	}
	options.arguments = argv + optind;
	options.n_arguments = argc - optind;
	if (options.n_arguments < command->min ||
	    options.n_arguments > command->max)
		return usage_error(command, "wrong number of arguments");
	if (geteuid() != 0) {
		fprintf(stderr, "nsinit %s: must be run as root\n",
			command->name);
		return NSINIT_FAILED;
	}
	/* No descriptor of the caller may get into a container. */
	if (close_range(3, ~0U, 0) < 0) {
		perror("nsinit: close descriptors");
		return NSINIT_FAILED;
	}
	return command->run(&options);
}

int main(int argc, char **argv)
{
	if (need_stdio() < 0) {
		perror("nsinit: open /dev/null");
		return NSINIT_FAILED;
	}
	umask(022);
	if (argc < 2) {
		print_usage(stderr);
		return NSINIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		print_usage(stdout);
		return NSINIT_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("nsinit " PACKAGE_VERSION);
		return NSINIT_OK;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, argv[1]))
			return nsinit_run_command(&commands[i], argc - 1,
						  argv + 1);
	fprintf(stderr, "nsinit: unknown command '%s'\n", argv[1]);
	print_usage(stderr);
	return NSINIT_USAGE;
}
