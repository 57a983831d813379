/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks: commands that run when the container starts and ends.
 * The hooks for the end are saved in the run directory, because
 * container-monitor reads no configuration.
 */
#ifndef NSC_CONTAINER_HOOKS_H
#define NSC_CONTAINER_HOOKS_H

#include "container/create.h"

struct nsc_hooks {
	const struct nsc_plan *plan;
	enum nsc_hook_when when;
	pid_t pid;		/* PID 1, as the hook sees it */
	const char *rootfs;	/* where the hook finds it */
};

/*
 * Run the hooks of one kind in their order, with the container's state on their
 * standard input; in a dry run, only try them.  The caller is where they are to
 * run:
 *
 * start: the builder, root of the host in the host's namespaces, when the
 * container is complete but nothing runs in it yet;
 * create_container: the worker, root of the host in the container's namespaces
 * except the user namespace, before pivot_root(2);
 * start_container: PID 1, before its exec; the program is one of the rootfs,
 * and has the rights of an init of the rootfs;
 * poststart: nsinit or its helper, root of the host, when the container runs.
 *
 * Returns 0 or a negative errno.
 */
int nsc_hooks_run(const struct nsc_hooks *hooks, struct nsc_error *err);

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
 * Write the bundle that hooks of the host read, and the stop hooks to the file
 * 'hooks' of the run directory, for nsc_hooks_stop().  Without such hooks, no
 * file is written.
 */
int nsc_hooks_save(const struct nsc_plan *plan, pid_t pid,
		   struct nsc_error *err);

#endif
