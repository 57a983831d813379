/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host, the container and the user of a case; world.c fakes the functions
 * that would need root.
 */
#ifndef NSC_TESTS_WORLD_H
#define NSC_TESTS_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "fakepam.h"

#define MOST 16

/* An error that a function returns the next times, but not afterwards. */
struct failure {
	const char *function;
	int error, times;
	char text[256];
};

extern struct world {
	pam_handle_t handles[2], *pamh;
	int flags;
	char dir[64];			/* CONF in the texts */
	char shell[64], member[64];
	char *environment[MOST];
	size_t n_environment;
	char state_shell[64], message[64], note[64], runtime_dir[64];
	char inside[16];
	char label[64];			/* process_label; "-": an empty one */
	char hint[64];			/* what SELinux may have denied */
	bool labelled;			/* pam_selinux has set one */
	bool changed;
	char record[16];		/* mode of recording, or empty */
	char *bring[2];			/* names of variables */
	char bring_error[64];		/* what of a file does not come along */
	void (*place)(void *arg);	/* of a job, and its session */
	void *session;
	int threads;
	bool expired;
	struct failure failures[MOST];
	size_t n_failures;
	int databases;			/* databases that now use only files */
	char *said;			/* all calls and messages so far */
	size_t size, compared;
	FILE *log;
} the;

#endif
