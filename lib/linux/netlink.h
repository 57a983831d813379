/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network interfaces through rtnetlink(7), with libnl.  Each function sends one
 * request in the network namespace in which the socket was opened, and returns
 * 0 or a negative errno unless it says otherwise.  Errors name the interface
 * and contain libnl's reason.
 */
#ifndef NSC_LINUX_NETLINK_H
#define NSC_LINUX_NETLINK_H

#include <net/if.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/address.h"
#include "util/error.h"

struct nl_sock;

#define NSC_MAC_SIZE 6

/* Loads libnl, so the first socket must be opened by nsinit. */
int nsc_netlink_open(struct nl_sock **ret, struct nsc_error *err);
void nsc_netlink_close(struct nl_sock **sock);
#define _cleanup_netlink_ __attribute__((cleanup(nsc_netlink_close)))

struct nsc_link {
	int index;
	char kind[16];		/* "bridge", "veth"; "" for hardware */
	unsigned char mac[NSC_MAC_SIZE];	/* 0: none */
};

/* -ENODEV if the interface does not exist. */
int nsc_netlink_find(struct nl_sock *sock, const char *name,
		     struct nsc_link *ret, struct nsc_error *err);

/* An interface to make in the network namespace of a process. */
struct nsc_link_request {
	const char *name;	/* in that namespace */
	pid_t pid;		/* of the process */
	uint32_t mtu;		/* 0: the kernel's default */
	const char *host;	/* veth: name of the end on the host */
	int other;		/* index of the bridge or the parent */
	const char *mode;	/* for macvlan or ipvlan */
	const unsigned char *mac;	/* veth: of the end inside, or NULL */
};

/* Make a bridge that is up.  -EEXIST if the name is in use. */
int nsc_netlink_add_bridge(struct nl_sock *sock, const char *name,
			   const unsigned char mac[NSC_MAC_SIZE],
			   struct nsc_error *err);

/*
 * Make both ends at once: the host's end is up and in the bridge, and the other
 * end is never visible here.  -EEXIST if the name is in use.
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
 * Set the mtu (0: keep it) and bring the interface up.  This function does not
 * use libnl, so a container that has only "lo" need not load it.
 */
int nsc_netlink_up(const char *name, uint32_t mtu, struct nsc_error *err);

int nsc_netlink_add_address(struct nl_sock *sock, const char *name,
			    const struct nsc_address *address,
			    struct nsc_error *err);

struct nsc_route {
	const char *interface;
	struct nsc_address destination;	/* "0.0.0.0/0": the default route */
	struct nsc_address gateway;	/* family 0: none */
	struct nsc_address source;	/* family 0: the kernel chooses */
};

int nsc_netlink_add_route(struct nl_sock *sock, const struct nsc_route *route,
			  struct nsc_error *err);

/*
 * Get the global addresses of the interface, at most max; returns their number
 * or a negative errno.
 */
int nsc_netlink_addresses(struct nl_sock *sock, const char *name,
			  struct nsc_address *ret, size_t max,
			  struct nsc_error *err);

#endif
