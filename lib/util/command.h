/* SPDX-License-Identifier: Apache-2.0 */
/* A command of the host's, with everything it starts with chosen. */
#ifndef NSC_UTIL_COMMAND_H
#define NSC_UTIL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct nsc_command {
	const char *path;	/* absolute, and trusted */
	char *const *argv;
	char *const *envp;
	uint32_t timeout;	/* seconds, then it and its group are killed */
	/*
	 * What it leaves running may write to 2 as well: that is a file then,
	 * which takes no more than NSC_COMMAND_FILE bytes (EPERM after that),
	 * and not a pipe whose writers are killed when nobody reads it.
	 */
	bool background;
	bool stdout_too;	/* what it writes to 1 is taken as well */
};

#define NSC_COMMAND_FILE 65536

/*
 * Run it with nothing but /dev/null for 0 and 1, a pipe (see background) for
 * 2, in a session of its own, and wait.  What it writes to 2 goes to output
 * (size bytes, always terminated); the rest of it is thrown away.
 * Returns its exit status, 128 + signal, or a negative errno: -ETIMEDOUT.
 */
int nsc_command_run(const struct nsc_command *command, char *output,
		    size_t size);

#endif
