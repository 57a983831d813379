/* SPDX-License-Identifier: Apache-2.0 */
/* The administrator's command.  Runs as root of the host. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "line.h"

/*
 * Help, completion and the parser know a command by its line here.  The last
 * text names the operands for completion: see nsinit/complete.c.
 */
const struct nsinit_command nsinit_commands[] = {
	{ "exec", nsinit_exec, OPT_ROOT | OPT_TTY | OPT_NO_TTY | OPT_USER |
	  OPT_ENV | OPT_CWD | OPT_DETACH | OPT_START | OPT_CONF |
	  TAKES_COMMAND, 1, 1000000,
	  "exec [OPTION...] USER [--] [COMMAND [ARGUMENT...]] | "
	  "exec --root DIR [OPTION...] [--] COMMAND [ARGUMENT...]",
	  "run a command, or a shell, in a user's container, or in that of "
	  "a directory", "RUNNING COMMAND FILE" },
	{ "enter", nsinit_enter, OPT_START | OPT_CONF, 1, 1,
	  "enter [--start] USER",
	  "a shell of root in a user's container", "RUNNING" },
	{ "cp", nsinit_cp, OPT_USER, 2, 2,
	  "cp [--user NAME] FILE USER:FILE | cp [--user NAME] USER:FILE FILE",
	  "copy files into a user's container, or out of it", "FILE" },
	{ "kill", nsinit_kill, 0, 2, 2,
	  "kill SIGNAL USER",
	  "send a signal to the processes of a user's container",
	  "SIGNAL RUNNING" },
	{ "start", nsinit_start, OPT_CONF | OPT_REPLACE | OPT_BOOT, 0, 1,
	  "start [--replace | --boot] [--conf FILE] USER | start --boot",
	  "start a user's container, which stays until 'nsinit stop'",
	  "USER" },
	{ "stop", nsinit_stop, OPT_ROOT | OPT_TIMEOUT, 0, 1,
	  "stop [--timeout SECONDS] USER | stop --root DIR",
	  "end a container with all its sessions", "RUNNING" },
	{ "update", nsinit_update, OPT_CONF | OPT_LIMIT | OPT_FROM_FILE, 1, 1,
	  "update --LIMIT VALUE... USER | update --from-file USER",
	  "change limits and lifecycle of a running container", "RUNNING" },
	{ "list", nsinit_list, OPT_JSON | OPT_WHY, 0, 1,
	  "list [--json] [--why] [USER]",
	  "list the running containers", "RUNNING" },
	{ "ps", nsinit_ps, OPT_JSON | OPT_ROOT, 0, 1,
	  "ps [--json] [USER] | ps --root DIR",
	  "list the open sessions, and the program that runs in each",
	  "RUNNING" },
	{ "last", nsinit_last, OPT_JSON, 0, 1,
	  "last [--json] [USER]",
	  "list past sessions, the newest first", "USER" },
	{ "logs", nsinit_logs, OPT_FOLLOW | OPT_JSON, 0, 1,
	  "logs [--follow] [--json] [USER]",
	  "list sessions that opened and ended, and what was refused, in order",
	  "USER" },
	{ "net", nsinit_net, OPT_JSON, 1, 1,
	  "net [--json] USER",
	  "list what a container reached, and what its lists refused",
	  "RUNNING" },
	{ "recordings", nsinit_recordings, OPT_JSON | OPT_VERIFY | OPT_EXPIRE |
	  OPT_CONF, 0, 1,
	  "recordings [--json] [--verify] [USER] | "
	  "recordings --expire [--conf FILE]",
	  "list recorded terminals, or look for changed and removed ones",
	  "RECORDED" },
	{ "play", nsinit_play, OPT_FOLLOW | OPT_TEXT | OPT_SPEED | OPT_IDLE,
	  1, 1, "play [--follow] [--speed NUMBER] [--idle SECONDS] ID | "
	  "play --text ID",
	  "show a recording as its user saw it, or print its lines",
	  "RECORDING" },
	{ "search", nsinit_search, 0, 1, 2, "search TEXT [USER]",
	  "print the recorded lines and notes that have a text",
	  "TEXT RECORDED" },
	{ "kick", nsinit_kick, OPT_ROOT | OPT_TIMEOUT, 0, 2,
	  "kick [--timeout SECONDS] USER [PID] | kick --root DIR [PID]",
	  "end sessions, but not the container", "RUNNING SESSION" },
	{ "stats", nsinit_stats, OPT_JSON | OPT_ROOT | OPT_FOLLOW, 0, 1,
	  "stats [--json] [--follow] [USER] | stats --root DIR",
	  "show the processor time, memory and disk that containers use",
	  "RUNNING" },
	{ "top", nsinit_top, OPT_SORT, 0, 0, "top [--sort KEY]",
	  "show what containers use, live on a terminal", "" },
	{ "metrics", nsinit_metrics, OPT_OUTPUT | OPT_HTTP, 0, 0,
	  "metrics [--output FILE | --http]",
	  "print sessions, refusals and usage for Prometheus", "" },
	{ "pause", nsinit_pause, OPT_ROOT, 0, 1,
	  "pause USER | pause --root DIR",
	  "freeze all processes of a container", "RUNNING" },
	{ "resume", nsinit_resume, OPT_ROOT, 0, 1,
	  "resume USER | resume --root DIR",
	  "let the processes of a paused container go on", "RUNNING" },
	{ "check", nsinit_check, OPT_CONF | OPT_JSON | OPT_ROOT | OPT_ALL, 0, 1,
	  "check [--json] [--conf FILE] [USER | --all] | check DIRECTORY",
	  "start a container unseen, end it, and say what was made", "USER" },
	{ "convert", nsinit_convert, OPT_OCI | FOR_EVERYBODY, 1, 1,
	  "convert [--oci] FILE",
	  "print the container.json of another form, or an OCI config.json",
	  "FILE" },
	{ "doctor", nsinit_doctor, OPT_CONF | OPT_JSON, 0, 1000000,
	  "doctor [--json] [--conf FILE] [USER...]",
	  "look for ways past the containers, and for refused logins",
	  "USER" },
	{ "try", nsinit_try, OPT_CONF | OPT_JSON | OPT_SERVICE, 1, 1,
	  "try [--json] [--conf FILE] [--service SERVICE] USER",
	  "go through a login, and name the step that fails", "USER" },
	{ "purge", nsinit_purge, OPT_ROOT, 0, 1,
	  "purge USER | purge --root DIR",
	  "remove all that is kept of a user: home and layer", "USER" },
	{ "reset", nsinit_reset, OPT_ROOT, 0, 1,
	  "reset USER | reset --root DIR",
	  "remove the layer of the overlay that is kept", "USER" },
	{ "disown", nsinit_disown, 0, 1, 1,
	  "disown USER",
	  "refuse what is kept to the next account of the name", "USER" },
	{ "adopt", nsinit_adopt, 0, 1, 1000000,
	  "adopt USER...",
	  "accept the present account as the one of what is kept", "USER" },
	{ "enable", nsinit_enable, OPT_AUDIT | OPT_DRY_RUN | OPT_WITHIN, 0,
	  1000000,
	  "enable [--audit] [--dry-run] [--confirm-within TIME] [SERVICE...]",
	  "have PAM services place logins in containers", "SERVICE" },
	{ "disable", nsinit_disable, OPT_DRY_RUN, 0, 1000000,
	  "disable [--dry-run] [SERVICE...]",
	  "take nscontainer's lines out of PAM services", "SERVICE" },
	{ "confirm", nsinit_confirm, OPT_EXPIRED, 0, 0,
	  "confirm [--expired]",
	  "keep what 'nsinit enable --confirm-within' has changed", "" },
	{ "help", nsinit_help, FOR_EVERYBODY, 0, 1,
	  "help [COMMAND]",
	  "say what a command does, and which options it has", "TOPIC" },
	{ 0 },
};

const struct nsinit_option nsinit_option_table[] = {
	{ "conf", OPT_CONF, 0, "FILE",
	  "read this nscontainer.conf instead of the installed one" },
	{ "root", OPT_ROOT, 0, "DIR",
	  "the container of this directory instead of a user's" },
	{ "timeout", OPT_TIMEOUT, 0, "SECONDS",
	  "time before processes are killed; 0: at once" },
	{ "json", OPT_JSON, 0, NULL, "print JSON" },
	{ "tty", OPT_TTY, 't', NULL, "give the command a terminal" },
	{ "no-tty", OPT_NO_TTY, 0, NULL, "give the command no terminal" },
	{ "follow", OPT_FOLLOW, 'f', NULL,
	  "print again each second; show what goes on, live" },
	{ "replace", OPT_REPLACE, 0, NULL,
	  "stop a running container first, with all its sessions" },
	{ "oci", OPT_OCI, 0, NULL, "to an OCI config.json" },
	{ "boot", OPT_BOOT, 0, NULL,
	  "not if it runs already; without USER: for all who linger" },
	{ "output", OPT_OUTPUT, 0, "FILE", "replace this file in one step" },
	{ "sort", OPT_SORT, 0, "KEY",
	  "sort by a column, such as memory, or by its key, such as m" },
	{ "http", OPT_HTTP, 0, NULL, "answer one request on standard input" },
	{ "all", OPT_ALL, 0, NULL, "each user, in one line" },
	{ "service", OPT_SERVICE, 0, "SERVICE",
	  "the PAM service of the login, for example sshd" },
	{ "audit", OPT_AUDIT, 0, NULL,
	  "only log what would happen: logins stay on the host" },
	{ "dry-run", OPT_DRY_RUN, 0, NULL, "show the difference, and stop" },
	{ "expired", OPT_EXPIRED, 0, NULL,
	  "only put back what is too late to confirm; for the boot" },
	{ "confirm-within", OPT_WITHIN, 0, "TIME",
	  "put all back unless 'nsinit confirm' is run in this time: 90s, 5m" },
	{ "user", OPT_USER, 'u', "NAME",
	  "run the command as this user of the container" },
	{ "env", OPT_ENV, 'e', "NAME=VALUE",
	  "set a variable for the command; may be repeated" },
	{ "cwd", OPT_CWD, 'w', "DIR",
	  "run the command in this directory of the container" },
	{ "detach", OPT_DETACH, 'd', NULL,
	  "return as soon as the command runs" },
	{ "start", OPT_START, 0, NULL,
	  "start the container if it does not run" },
	{ "from-file", OPT_FROM_FILE, 0, NULL,
	  "limits and lifecycle become those of container.json" },
	{ "verify", OPT_VERIFY, 0, NULL,
	  "compare each recording with the digest that was noted for it" },
	{ "expire", OPT_EXPIRE, 0, NULL,
	  "remove what nscontainer.conf does not keep" },
	{ "text", OPT_TEXT, 0, NULL, "the lines that were shown" },
	{ "speed", OPT_SPEED, 0, "NUMBER", "this many times as fast" },
	{ "idle", OPT_IDLE, 0, "SECONDS", "no longer pauses" },
	{ "why", OPT_WHY, 0, NULL, "say why a container is stale" },
	{ "memory", OPT_LIMIT, 0, "BYTES", "cgroups.memory: 2G, for example" },
	{ "memory-reservation", OPT_LIMIT, 0, "BYTES",
	  "cgroups.memory_reservation" },
	{ "memory-swap", OPT_LIMIT, 0, "BYTES", "cgroups.memory_swap" },
	{ "memory-high", OPT_LIMIT, 0, "BYTES", "cgroups.memory_high" },
	{ "cpu-shares", OPT_LIMIT, 0, "NUMBER", "cgroups.cpu_shares" },
	{ "cpu-weight", OPT_LIMIT, 0, "NUMBER", "cgroups.cpu_weight" },
	{ "cpu-quota", OPT_LIMIT, 0, "MICROSECONDS", "cgroups.cpu_quota" },
	{ "cpu-period", OPT_LIMIT, 0, "MICROSECONDS", "cgroups.cpu_period" },
	{ "cpu-idle", OPT_LIMIT, 0, "1", "cgroups.cpu_idle" },
	{ "cpu-burst", OPT_LIMIT, 0, "MICROSECONDS", "cgroups.cpu_burst" },
	{ "memory-swappiness", OPT_LIMIT, 0, "NUMBER",
	  "cgroups.memory_swappiness" },
	{ "pids", OPT_LIMIT, 0, "NUMBER", "cgroups.pids" },
	{ "io-weight", OPT_LIMIT, 0, "NUMBER", "cgroups.io_weight" },
	{ "stop", OPT_LIMIT, 0, "WHEN",
	  "lifecycle.stop: empty, logout or never" },
	{ "linger", OPT_LIMIT, 0, "SECONDS", "lifecycle.linger" },
	{ "on-disconnect", OPT_LIMIT, 0, "WHAT",
	  "lifecycle.on_disconnect: hangup, kill or keep" },
	{ "idle-timeout", OPT_LIMIT, 0, "SECONDS", "lifecycle.idle_timeout" },
	{ "max-lifetime", OPT_LIMIT, 0, "SECONDS", "lifecycle.max_lifetime" },
	{ "max-sessions", OPT_LIMIT, 0, "NUMBER", "lifecycle.max_sessions" },
	{ "help", OPT_HELP, 'h', NULL, "print this text" },
	{ "version", OPT_VERSION, 'V', NULL, "print the version" },
	{ 0 },
};

int nsinit_fail(const struct nscontainer_error *err, int status)
{
	fprintf(stderr, "nsinit: %s\n", err->text);
	return status;
}

int nsinit_noted(const char *user, bool any, int status)
{
	if (!user || any || getpwnam(user))
		return status;
	fprintf(stderr, "nsinit: user '%s': is not known to the system, and "
		"nothing is noted of such a user\n", user);
	return NSINIT_FAILED;
}

int nsinit_end(int ret, const struct nscontainer_error *err)
{
	if (ret >= 0)
		return NSINIT_OK;
	return nsinit_fail(err, ret == -ESRCH ? NSINIT_NOT_RUNNING :
						NSINIT_FAILED);
}

void nsinit_print(const struct nscontainer_record *record, bool json)
{
	const char *key;

	if (json) {
		puts(nsinit_json(record));
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

/* Make sure that descriptors 0, 1 and 2 are open. */
static int need_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd <= 2);
	return fd < 0 ? -1 : close(fd);
}

static int usage_error(const struct nsinit_line *line, const char *text)
{
	const struct nsinit_command *command = line->command;

	if (command)
		fprintf(stderr, "nsinit %s: %s\nusage: nsinit %s\n",
			command->name, text, command->usage);
	else
		fprintf(stderr, "nsinit: %s: 'nsinit help' lists the "
			"commands\n", text);
	return NSINIT_USAGE;
}

static int run_command(const struct nsinit_line *line)
{
	const struct nsinit_command *command = line->command;

	if (line->options.n_arguments < command->min ||
	    line->options.n_arguments > command->max)
		return usage_error(line, "wrong number of arguments");
	if (line->options.all &&
	    (line->options.n_arguments || line->options.root))
		return usage_error(line, "--all: expected no other name");
	if (geteuid() != 0 && !(command->takes & FOR_EVERYBODY)) {
		fprintf(stderr, "nsinit %s: must be run as root\n",
			command->name);
		return NSINIT_FAILED;
	}
	/* No descriptor of the caller may get into a container. */
	if (close_range(3, ~0U, 0) < 0) {
		perror("nsinit: close descriptors");
		return NSINIT_FAILED;
	}
	return command->run(&line->options);
}

int main(int argc, char **argv)
{
	struct nsinit_line line;
	mode_t mask;

	if (need_stdio() < 0) {
		perror("nsinit: open /dev/null");
		return NSINIT_FAILED;
	}
	mask = umask(022);
	if (argc > 2 && !strcmp(argv[1], NSINIT_COMPLETE))
		return nsinit_complete(argc - 1, argv + 1);
	if (argc < 2) {
		nsinit_print_help(stderr, NULL);
		return NSINIT_USAGE;
	}
	nsinit_line_read(&line, argc, argv);
	line.options.mask = mask;
	if (line.given & OPT_VERSION) {
		puts("nsinit " PACKAGE_VERSION);
		return NSINIT_OK;
	}
	if (line.given & OPT_HELP) {
		nsinit_print_help(stdout, line.command);
		return NSINIT_OK;
	}
	if (line.wrong[0] || !line.command)
		return usage_error(&line, line.wrong[0] ? line.wrong :
						"expected a command");
	return run_command(&line);
}
