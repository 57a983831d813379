/* A command of the host's, with everything it starts with chosen. */
#ifndef NSC_BASE_COMMAND_H
#define NSC_BASE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct nsc_command {
	const char *path;	/* absolute, and trusted */
	char *const *argv;
	char *const *envp;
	uint32_t timeout;	/* seconds, then it and its group are killed */
	bool stdout_too;	/* what it writes to 1 is taken as well */
};

/*
 * Run it with nothing but /dev/null for 0 and 1, a pipe for 2, in a session
 * of its own, and wait.  What it writes to 2 goes to output (size bytes,
 * always terminated); the rest of it is thrown away.
 * Returns its exit status, 128 + signal, or a negative errno: -ETIMEDOUT.
 */
int nsc_command_run(const struct nsc_command *command, char *output,
		    size_t size);

#endif
