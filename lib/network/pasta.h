/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pasta(1): a network for one container without privileges on the host.
 *
 * pasta runs in the container's pid namespace, so that the kernel always ends
 * it with PID 1, and in the host's other namespaces.  It runs as the owner of
 * the container's user namespace, which it joins by itself.
 */
#ifndef NSC_NETWORK_PASTA_H
#define NSC_NETWORK_PASTA_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "config/container_config.h"

/* pasta answers name requests here, for a host that has its own resolver. */
#define NSC_PASTA_DNS "169.254.1.53"

struct nsc_pasta_request {
	const struct nsc_config_network *network;
	const char *name;	/* of the interface inside */
	pid_t pid;		/* of PID 1, as the host sees it */
	uid_t owner;
	gid_t group;
	int64_t deadline;
	bool dry;		/* forward no ports */
};

/* Check that pasta and its device exist.  Returns 0 or a negative errno. */
int nsc_pasta_check(struct nsc_error *err);

/*
 * Start pasta and wait until the interface is ready.  Runs in the worker: in
 * the container's pid namespace and a mount namespace of its own.  Returns
 * pasta's pid in that pid namespace, or a negative errno with err set.
 */
int nsc_pasta_start(const struct nsc_pasta_request *request,
		    struct nsc_error *err);

#endif
