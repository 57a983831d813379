/* nsinit: one small file for each command. */
#ifndef NSC_NSINIT_H
#define NSC_NSINIT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"

enum nsinit_status {
	NSINIT_OK = 0,
	NSINIT_FAILED = 1,
	NSINIT_USAGE = 2,
	NSINIT_NOT_RUNNING = 3,
	NSINIT_REFUSED = 126,	/* exec: the container cannot be entered */
	NSINIT_NOT_FOUND = 127,	/* exec: the command does not exist in it */
};

/* What the command line says; each command knows its part. */
struct nsinit_options {
	const char *conf;	/* --conf */
	const char *root;	/* --root */
	long long timeout;	/* --timeout, seconds; -1: not given */
	bool json;		/* --json */
	bool login;		/* --login */
	char **arguments;	/* the rest */
	int n_arguments;
};

int nsinit_check(const struct nsinit_options *options);
int nsinit_exec(const struct nsinit_options *options);
int nsinit_list(const struct nsinit_options *options);
int nsinit_start(const struct nsinit_options *options);
int nsinit_stop(const struct nsinit_options *options);

/* An array with an object for each interface, see nsc_network_describe(). */
json_t *nsinit_networks_json(char *const *networks);

/* "nsinit: TEXT" on standard error; returns status. */
int nsinit_fail(const struct nsc_error *err, int status);

#endif
