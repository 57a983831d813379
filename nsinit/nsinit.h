/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsinit: one small file for each command.  The commands use only
 * <nscontainer.h>, and doctor and try use doctor/commands.h.
 */
#ifndef NSC_NSINIT_H
#define NSC_NSINIT_H

#include <nscontainer.h>
#include <stdbool.h>
#include <stddef.h>

enum nsinit_status {
	NSINIT_OK = 0,
	NSINIT_FAILED = 1,
	NSINIT_USAGE = 2,
	NSINIT_NOT_RUNNING = 3,
	NSINIT_REFUSED = 126,	/* exec: the container cannot be entered */
	NSINIT_NOT_FOUND = 127,	/* exec: the command does not exist in it */
};

/* The parsed command line; each command uses its own part. */
struct nsinit_options {
	const char *conf;	/* --conf, or NULL */
	const char *root;	/* --root, or NULL */
	const char *service;	/* --service, or NULL */
	int timeout;		/* --timeout, seconds; -1: not given */
	bool json;		/* --json */
	bool all;		/* --all */
	bool oci;		/* --oci */
	bool follow;		/* --follow */
	bool replace;		/* --replace */
	bool audit;		/* --audit */
	bool dry_run;		/* --dry-run */
	bool expired;		/* --expired */
	unsigned int mask;	/* umask of the caller */
	unsigned int within;	/* --confirm-within, seconds; 0: not given */
	bool start;		/* --start */
	bool detach;		/* --detach */
	const char *user;	/* --user, or NULL */
	const char *cwd;	/* --cwd, or NULL */
	bool from_file;		/* --from-file */
	bool why;		/* --why */
	char **set;		/* --env, or limits, each; NULL ends them */
	int n_set;
	bool boot;		/* --boot */
	bool http;		/* --http */
	const char *output;	/* --output, or NULL */
	const char *sort;	/* --sort, or NULL */
	bool verify;		/* --verify */
	bool expire;		/* --expire */
	bool text;		/* --text */
	double speed;		/* --speed, or 1 */
	double idle;		/* --idle, seconds; 0: not given */
	unsigned int tty;	/* --tty, --no-tty: flags of nscontainer_exec */
	char **arguments;	/* the operands; NULL ends them */
	int n_arguments;
};

int nsinit_adopt(const struct nsinit_options *options);
int nsinit_check(const struct nsinit_options *options);
int nsinit_confirm(const struct nsinit_options *options);
int nsinit_disable(const struct nsinit_options *options);
int nsinit_disown(const struct nsinit_options *options);
int nsinit_cp(const struct nsinit_options *options);
int nsinit_convert(const struct nsinit_options *options);
int nsinit_doctor(const struct nsinit_options *options);
int nsinit_enable(const struct nsinit_options *options);
int nsinit_enter(const struct nsinit_options *options);
int nsinit_exec(const struct nsinit_options *options);
int nsinit_help(const struct nsinit_options *options);
int nsinit_kick(const struct nsinit_options *options);
int nsinit_kill(const struct nsinit_options *options);
int nsinit_last(const struct nsinit_options *options);
int nsinit_list(const struct nsinit_options *options);
int nsinit_net(const struct nsinit_options *options);
int nsinit_logs(const struct nsinit_options *options);
int nsinit_metrics(const struct nsinit_options *options);
int nsinit_pause(const struct nsinit_options *options);
int nsinit_play(const struct nsinit_options *options);
int nsinit_ps(const struct nsinit_options *options);
int nsinit_resume(const struct nsinit_options *options);
int nsinit_recordings(const struct nsinit_options *options);
int nsinit_search(const struct nsinit_options *options);
int nsinit_purge(const struct nsinit_options *options);
int nsinit_reset(const struct nsinit_options *options);
int nsinit_start(const struct nsinit_options *options);
int nsinit_stats(const struct nsinit_options *options);
int nsinit_stop(const struct nsinit_options *options);
int nsinit_update(const struct nsinit_options *options);
int nsinit_top(const struct nsinit_options *options);
int nsinit_try(const struct nsinit_options *options);

/* Open the container that the command line names by --root or user. */
int nsinit_open(const struct nsinit_options *options,
		struct nscontainer **ret, struct nscontainer_error *err);

/*
 * Does the command line of exec begin with a user?  Not with --root, nor in a
 * directory with a container.json, whose container it is then.
 */
bool nsinit_exec_of_user(const struct nsinit_options *options);

/*
 * Run it, and end as it ended; returns a status if it did not run.  Before it,
 * call before, or NULL, if the user's container runs.
 */
int nsinit_exec_run(const struct nsinit_options *options, bool of_user,
		    const struct nscontainer_exec_request *request,
		    void (*before)(const char *user));

/* Print "nsinit: TEXT" to standard error; returns status. */
int nsinit_fail(const struct nscontainer_error *err, int status);

/*
 * The end of a command that reads what is noted of a user (NULL: of all), also
 * of one whose account is gone.  A name of which nothing is noted and that is
 * no account is a mistake: tell, and return NSINIT_FAILED instead of status.
 */
int nsinit_noted(const char *user, bool any, int status);

/*
 * The end of a command for one container: ret is a negative errno, whose text
 * err has, or success.  Returns the status.
 */
int nsinit_end(int ret, const struct nscontainer_error *err);

/* Print a record with a key on each line, or as a JSON object. */
void nsinit_print(const struct nscontainer_record *record, bool json);

/* Print a finding of nsinit doctor, with its remedy. */
void nsinit_print_finding(const struct nscontainer_record *finding);

/* The record as JSON; without memory, this does not return. */
const char *nsinit_json(const struct nscontainer_record *record);

/* Print a list of records as JSON, one object a line. */
void nsinit_print_list(const struct nscontainer_record *record);

/* The text of a key for a table; "-" if it is empty. */
const char *nsinit_value(const struct nscontainer_record *record,
			 const char *key);

/* Seconds since the epoch as local time; "-" if they are unknown. */
const char *nsinit_time(const struct nscontainer_record *record,
			const char *key, char text[32]);

/* Seconds as [DAYS+]HH:MM:SS; "-" if they are unknown. */
const char *nsinit_duration(const struct nscontainer_record *record,
			    const char *key, char text[32]);

#endif
