/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks: commands that run on the host when the container starts and ends.
 * The hooks for the end are saved in the run directory, because
 * container-monitor reads no configuration.
 */
#ifndef NSC_CONTAINER_HOOKS_H
#define NSC_CONTAINER_HOOKS_H

#include "container/create.h"

/*
 * Run the start hooks in order.  Runs in: the builder, root of the host in the
 * host's namespaces, when the container is complete but nothing runs in it yet.
 */
int nsc_hooks_start(const struct nsc_plan *plan, pid_t pid,
		    struct nsc_error *err);

struct nsc_hook_variable {
	const char *name;
	const char *value;
};

/*
 * Make the environment of a command: PATH, and the variables of list, which
 * ends with a NULL name.  Returns 0 with a vector that the caller frees by
 * nsc_text_free_vector(), or -ENOMEM.
 */
int nsc_hooks_environment(const struct nsc_hook_variable *list, char ***ret);

/*
 * Run one command on the host in this environment, and wait for it; background
 * is as in nsc_command.  Root must own the command's file.
 */
int nsc_hooks_command(const struct nsc_config_hook *hook, char **environment,
		      bool background, struct nsc_error *err);

/* Check that a command would run, without running it. */
int nsc_hooks_try(const struct nsc_config_hook *hook, struct nsc_error *err);

/*
 * Check that the hooks would run, and that the stop hooks fit into their file.
 * Called before the start makes anything.
 */
int nsc_hooks_check(const struct nsc_plan *plan, struct nsc_error *err);

/*
 * Write the stop hooks to the file 'hooks' of the run directory, for
 * nsc_hooks_stop().  Without stop hooks, no file is written.
 */
int nsc_hooks_save(const struct nsc_plan *plan, pid_t pid,
		   struct nsc_error *err);

#endif
