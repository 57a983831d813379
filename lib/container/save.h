/* SPDX-License-Identifier: Apache-2.0 */
/* Save the facts about a new container that a login needs. */
#ifndef NSC_CONTAINER_SAVE_H
#define NSC_CONTAINER_SAVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "container/create.h"
#include "rootfs/exec_user.h"
#include "network/network.h"
#include "policy/home_id.h"

struct nsc_save {
	const struct nsc_plan *plan;
	pid_t pid;			/* PID 1, as the host sees it */
	int pidfd;
	struct nsc_exec_user *exec_user;
	const struct nsc_network_made *network;	/* NULL: another engine's */
	unsigned int namespaces;	/* CLONE_NEW* that it does not share */
	bool has_groups;
	uint64_t withheld;	/* capabilities that PID 1 cannot have */
	struct nsc_home_id home_id;
	bool no_new_privs;	/* whether it is set for PID 1 */
};

/* Writes the filter first, then state, start and pid, see nsc_state_save(). */
int nsc_save(const struct nsc_save *save, struct nsc_error *err);

#endif
