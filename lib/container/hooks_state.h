/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a container, as the OCI runtime specification has it. */
#ifndef NSC_CONTAINER_HOOKS_STATE_H
#define NSC_CONTAINER_HOOKS_STATE_H

#include "container/hooks.h"

#define NSC_OCI_VERSION "1.2.0"

/* Print it to new memory.  Returns 0 or -ENOMEM. */
int nsc_hooks_state(const struct nsc_hooks *hooks, char **ret);

#endif
