/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks: commands of the host's at the container's start and end.  Those at
 * the end are kept in the run directory for container-monitor, which knows
 * nothing of configuration.
 */
#ifndef NSC_CONTAINER_HOOKS_H
#define NSC_CONTAINER_HOOKS_H

#include "container/create.h"

/*
 * Run the hooks at start, in their order.  Runs in: the builder, root of the
 * host in the host's namespaces, when the container is complete and nothing
 * runs in it.
 */
int nsc_hooks_start(const struct nsc_plan *plan, pid_t pid,
		    struct nsc_error *err);

struct nsc_hook_variable {
	const char *name;
	const char *value;
};

/*
 * The environment of a command: PATH, and the list that ends with a NULL name.
 * 0 with a vector to free by nsc_text_free_vector(), or -ENOMEM.
 */
int nsc_hooks_environment(const struct nsc_hook_variable *list, char ***ret);

/*
 * Run one command of the host's in this environment, and wait for it;
 * background as in nsc_command.  It must be root's.
 */
int nsc_hooks_command(const struct nsc_config_hook *hook, char **environment,
		      bool background, struct nsc_error *err);

/* Will those at the end fit into their file?  Before anything is made. */
int nsc_hooks_check(const struct nsc_plan *plan, struct nsc_error *err);

/*
 * Write those at the end to the file 'hooks' of the run directory, for
 * nsc_hooks_stop().  Without hooks, no file.
 */
int nsc_hooks_save(const struct nsc_plan *plan, pid_t pid,
		   struct nsc_error *err);

#endif
