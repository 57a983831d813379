/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of container.json about the processes inside: rlimits, sysctl, umask,
 * oom_score_adj, seccomp, init, hooks.
 */
#ifndef NSC_CONFIG_PROCESS_KEYS_H
#define NSC_CONFIG_PROCESS_KEYS_H

#include "config/container_config.h"
#include "config/field.h"

extern const struct nsc_field nsc_rlimit_fields[];
extern const struct nsc_field nsc_hook_fields[];	/* of one hook */
extern const struct nsc_field nsc_hooks_fields[];

/* Each stores into the struct nsc_config at to (field->at is 0). */
nsc_field_read nsc_read_rlimits;
nsc_field_read nsc_read_sysctl;
nsc_field_read nsc_read_init;

struct nsc_config_hook;
void nsc_config_hook_free(struct nsc_config_hook *hook);
void nsc_config_hooks_free(struct nsc_config_hook *list, size_t n);

nsc_field_read nsc_read_signed;		/* int: min to max */
nsc_field_read nsc_read_umask;		/* int */
nsc_field_read nsc_read_seccomp;	/* char * */
nsc_field_read nsc_read_paths;		/* char **: absolute paths */

/* Say what is wrong with start_container; NULL: nothing. */
const char *nsc_hooks_wrong(const struct nsc_config *config);

/*
 * Check that each entry of list, as nsc_read_sysctl stored it, belongs to a
 * namespace (CLONE_NEW*) of the container.  Returns 0, or a negative errno and
 * an error that names the entry.
 */
int nsc_check_sysctl(struct nsc_reader *reader, char *const *list,
		     unsigned int namespaces);

#endif
