/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the kernel treats a process: the scheduler, the priority at disks, the
 * processors and the personality of container.json.  Children inherit each of
 * them, and exec keeps it.
 */
#ifndef NSC_LINUX_ATTRIBUTES_H
#define NSC_LINUX_ATTRIBUTES_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/error.h"
#include "linux/confine.h"

/*
 * A list of processors in the format of cpuset(7), such as "0-3,5", of at most
 * NSC_PROCESSORS.
 */
#define NSC_PROCESSORS 8192

/*
 * Set what another process may set: the scheduler and the priority at disks of
 * pid (0: the caller).  More than the usual needs CAP_SYS_NICE of the host.
 * Returns 0 or a negative errno, with an error that names the key.
 */
int nsc_attributes_schedule(const struct nsc_process *process, pid_t pid,
			    struct nsc_error *err);

/*
 * Let the caller run on cpu_affinity alone.  A processor that is not there, or
 * not in its control group, is an error.  Returns 0 or a negative errno.
 */
int nsc_attributes_affinity(const struct nsc_process *process,
			    struct nsc_error *err);

/* All attributes of the caller, in its control groups. */
int nsc_attributes_apply(const struct nsc_process *process,
			 struct nsc_error *err);

#endif
