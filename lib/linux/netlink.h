/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network interfaces through rtnetlink(7), by libnl.  Each function is one
 * request, in the network namespace in which the socket was opened.  Errors
 * name the interface and what libnl says of it.
 */
#ifndef NSC_LINUX_NETLINK_H
#define NSC_LINUX_NETLINK_H

#include <net/if.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/address.h"
#include "util/error.h"

struct nl_sock;

/* Loads libnl, so that the first one is opened by nsinit. */
int nsc_netlink_open(struct nl_sock **ret, struct nsc_error *err);
void nsc_netlink_close(struct nl_sock **sock);
#define _cleanup_netlink_ __attribute__((cleanup(nsc_netlink_close)))

struct nsc_link {
	int index;
	char kind[16];		/* "bridge", "veth"; "" for hardware */
};

/* -ENODEV where there is no such interface. */
int nsc_netlink_find(struct nl_sock *sock, const char *name,
		     struct nsc_link *ret, struct nsc_error *err);

/* An interface to be made in the network namespace of a process. */
struct nsc_link_request {
	const char *name;	/* in that namespace */
	pid_t pid;		/* of the process */
	uint32_t mtu;		/* 0: the kernel's */
	const char *host;	/* veth: name of the end that stays here */
	int other;		/* index of the bridge, or of the parent */
	const char *mode;	/* of macvlan or ipvlan */
};

/*
 * Both ends at once: the one that stays is in the bridge and up, the other is
 * never seen here.  -EEXIST where the name is taken.
 */
int nsc_netlink_add_veth(struct nl_sock *sock,
			 const struct nsc_link_request *request,
			 struct nsc_error *err);

/* kind is "macvlan" or "ipvlan". */
int nsc_netlink_add_child(struct nl_sock *sock, const char *kind,
			  const struct nsc_link_request *request,
			  struct nsc_error *err);

int nsc_netlink_delete(struct nl_sock *sock, const char *name,
		       struct nsc_error *err);

/*
 * Set the mtu (0: leave it) and bring the interface up.  That alone is without
 * libnl, which a container that has only "lo" does not need.
 */
int nsc_netlink_up(const char *name, uint32_t mtu, struct nsc_error *err);

int nsc_netlink_add_address(struct nl_sock *sock, const char *name,
			    const struct nsc_address *address,
			    struct nsc_error *err);

int nsc_netlink_add_default_route(struct nl_sock *sock, const char *name,
				  const struct nsc_address *gateway,
				  struct nsc_error *err);

/*
 * The global addresses of the interface, at most max; how many there are is
 * returned.
 */
int nsc_netlink_addresses(struct nl_sock *sock, const char *name,
			  struct nsc_address *ret, size_t max,
			  struct nsc_error *err);

#endif
