/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes and clocks of PID 1, and a trial of those of sessions. */
#ifndef NSC_CONTAINER_INIT_ATTRIBUTES_H
#define NSC_CONTAINER_INIT_ATTRIBUTES_H

#include <sys/types.h>

#include "config/container_config.h"

/*
 * In the builder, for pid in the container's groups: the scheduler and the
 * priority at disks of an init of the rootfs (for container-init, only try
 * them), and time_offsets of the time namespace that waits for the children of
 * pid.  Returns 0 or a negative errno.
 */
int nsc_attributes_of_init(const struct nsc_config *config, pid_t pid,
			   struct nsc_error *err);

/*
 * In PID 1, in its groups: what only the process itself can set or try.
 * Returns 0 or a negative errno.
 */
int nsc_init_attributes(const struct nsc_config *config,
			struct nsc_error *err);

#endif
