/* SPDX-License-Identifier: Apache-2.0 */
/* A command of the host, run in a fully chosen environment. */
#ifndef NSC_UTIL_COMMAND_H
#define NSC_UTIL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

struct nsc_command {
	const char *path;	/* absolute, and trusted */
	char *const *argv;
	char *const *envp;
	uint32_t timeout;	/* seconds; then its process group is killed */
	/*
	 * Processes that the command leaves running may write to 2 too.  So 2
	 * is a file that takes at most NSC_COMMAND_FILE bytes (then EPERM), and
	 * not a pipe, whose writers get SIGPIPE after nobody reads it.
	 */
	bool background;
	bool stdout_too;	/* its output on 1 is taken too */
	int file;		/* it has this one as 3; 0: none */
	const char *input;	/* what it reads on 0; NULL: nothing */
	/* Change the process before the exec, or NULL. */
	int (*prepare)(const void *arg, struct nsc_error *err);
	const void *arg;
};

#define NSC_COMMAND_FILE 65536

/*
 * Run the command in its own session and wait for it.  0 (see input) and 1 are
 * /dev/null, and 2 is a pipe (see background).  Its output on 2 goes to output
 * (size bytes, always terminated); the rest of that output is discarded.
 * Returns its exit status, 128 + signal, or a negative errno; -ETIMEDOUT after
 * the timeout.
 */
int nsc_command_run(const struct nsc_command *command, char *output,
		    size_t size);

#endif
