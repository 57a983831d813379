/* SPDX-License-Identifier: Apache-2.0 */
/* How name-resolver gets its sockets, and loses its rights. */
#ifndef RESOLVER_BEGIN_H
#define RESOLVER_BEGIN_H

#include "util/error.h"

struct resolver_sockets {
	int question;		/* UDP, where the container asks */
	int listener;		/* TCP, there as well */
	int netlink;		/* for the container's network */
};

/*
 * As root of the host: make the sockets in the container's network, lock the
 * file of names, and become the user, with CAP_NET_ADMIN over that network
 * alone.  Returns 0 or a negative errno with err set.
 */
int resolver_begin(struct resolver_sockets *ret, struct nsc_error *err);

/*
 * Give up all system calls except those for messages, time and randomness.
 * Returns 0 or a negative errno.
 */
int resolver_confine(void);

#endif
