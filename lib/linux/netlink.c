/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/ipvlan.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "util/fd.h"
#include "util/library.h"
#include "config.h"

#define FUNCTIONS(_) _(nl_addr_build) _(nl_addr_get_binary_addr) \
	_(nl_addr_get_family) _(nl_addr_get_len) _(nl_addr_get_prefixlen) \
	_(nl_addr_put) _(nl_addr_set_prefixlen) _(nl_cache_free) \
	_(nl_cache_get_first) _(nl_cache_get_next) _(nl_connect) \
	_(nl_geterror) _(nl_socket_alloc) _(nl_socket_free) _(rtnl_addr_add) \
	_(rtnl_addr_alloc) _(rtnl_addr_alloc_cache) _(rtnl_addr_get_ifindex) \
	_(rtnl_addr_get_local) _(rtnl_addr_get_scope) _(rtnl_addr_put) \
	_(rtnl_addr_set_broadcast) _(rtnl_addr_set_flags) \
	_(rtnl_addr_set_ifindex) _(rtnl_addr_set_local) _(rtnl_link_add) \
	_(rtnl_link_alloc) _(rtnl_link_delete) _(rtnl_link_get_addr) \
	_(rtnl_link_get_ifindex) \
	_(rtnl_link_get_kernel) _(rtnl_link_get_type) \
	_(rtnl_link_ipvlan_alloc) _(rtnl_link_ipvlan_set_mode) \
	_(rtnl_link_ipvlan_str2mode) _(rtnl_link_macvlan_alloc) \
	_(rtnl_link_macvlan_set_mode) _(rtnl_link_macvlan_str2mode) \
	_(rtnl_link_put) _(rtnl_link_set_addr) \
	_(rtnl_link_set_flags) _(rtnl_link_set_link) \
	_(rtnl_link_set_master) _(rtnl_link_set_mtu) _(rtnl_link_set_name) \
	_(rtnl_link_set_ns_pid) _(rtnl_link_set_type) \
	_(rtnl_link_veth_alloc) \
	_(rtnl_link_veth_get_peer) _(rtnl_route_add) \
	_(rtnl_route_add_nexthop) _(rtnl_route_alloc) _(rtnl_route_nh_alloc) \
	_(rtnl_route_nh_free) _(rtnl_route_nh_set_gateway) \
	_(rtnl_route_nh_set_ifindex) _(rtnl_route_put) _(rtnl_route_set_dst) \
	_(rtnl_route_set_pref_src) \
	_(rtnl_route_set_scope) \
	_(rtnl_route_set_table)
/* Loading this library also loads libnl-3, and finds its functions. */
NSC_LIBRARY(nl, SONAME_NL_ROUTE_3, FUNCTIONS);

static void put_link(struct rtnl_link **link)
{
	nl.rtnl_link_put(*link);
}

static void put_address(struct nl_addr **address)
{
	nl.nl_addr_put(*address);
}

static void put_assigned(struct rtnl_addr **assigned)
{
	nl.rtnl_addr_put(*assigned);
}

static void put_route(struct rtnl_route **route)
{
	nl.rtnl_route_put(*route);
}

#define _cleanup_link_ __attribute__((cleanup(put_link)))
#define _cleanup_address_ __attribute__((cleanup(put_address)))
#define _cleanup_assigned_ __attribute__((cleanup(put_assigned)))
#define _cleanup_route_ __attribute__((cleanup(put_route)))

/* libnl has its own error numbers. */
static int code(int error)
{
	static const struct {
		int nl, code;
	} codes[] = {
		{ NLE_EXIST, EEXIST }, { NLE_NODEV, ENODEV },
		{ NLE_OBJ_NOTFOUND, ENODEV }, { NLE_OPNOTSUPP, EOPNOTSUPP },
		{ NLE_PERM, EPERM }, { NLE_NOMEM, ENOMEM },
		{ NLE_BUSY, EBUSY }, { NLE_INVAL, EINVAL },
		{ NLE_RANGE, ERANGE },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].nl == abs(error))
			return codes[i].code;
	return EIO;
}

int nsc_netlink_open(struct nl_sock **ret, struct nsc_error *err)
{
	int error = nsc_library_load(&nl_library, err);
	struct nl_sock *sock;

	if (error < 0)
		return error;
	sock = nl.nl_socket_alloc();
	error = sock ? nl.nl_connect(sock, NETLINK_ROUTE) : -NLE_NOMEM;
	if (error < 0) {
		nl.nl_socket_free(sock);
		return nsc_error_set(err, code(error), "open rtnetlink: %s",
				     nl.nl_geterror(error));
	}
	*ret = sock;
	return 0;
}

void nsc_netlink_close(struct nl_sock **sock)
{
	if (*sock)
		nl.nl_socket_free(*sock);
	*sock = NULL;
}

int nsc_netlink_find(struct nl_sock *sock, const char *name,
		     struct nsc_link *ret, struct nsc_error *err)
{
	_cleanup_link_ struct rtnl_link *link = NULL;
	int error = nl.rtnl_link_get_kernel(sock, 0, name, &link);
	struct nl_addr *mac;
	const char *kind;

	if (error < 0 && code(error) == ENODEV)
		return nsc_error_set(err, ENODEV, "there is no interface '%s'",
				     name);
	if (error < 0)
		return nsc_error_set(err, code(error), "find interface '%s': "
				     "%s", name, nl.nl_geterror(error));
	kind = nl.rtnl_link_get_type(link);
	ret->index = nl.rtnl_link_get_ifindex(link);
	snprintf(ret->kind, sizeof(ret->kind), "%s", kind ? kind : "");
	memset(ret->mac, 0, sizeof(ret->mac));
	mac = nl.rtnl_link_get_addr(link);
	if (mac && nl.nl_addr_get_len(mac) == sizeof(ret->mac))
		memcpy(ret->mac, nl.nl_addr_get_binary_addr(mac),
		       sizeof(ret->mac));
	return 0;
}

static int out_of_memory(const char *name, struct nsc_error *err)
{
	return nsc_error_sys(err, ENOMEM, "interface '%s'", name);
}

/* The link holds its own reference to the address. */
static int set_mac(struct rtnl_link *link, const unsigned char *mac)
{
	_cleanup_address_ struct nl_addr *address =
		nl.nl_addr_build(AF_LLC, mac, NSC_MAC_SIZE);

	if (!address)
		return -NLE_NOMEM;
	nl.rtnl_link_set_addr(link, address);
	return 0;
}

int nsc_netlink_add_bridge(struct nl_sock *sock, const char *name,
			   const unsigned char mac[NSC_MAC_SIZE],
			   struct nsc_error *err)
{
	_cleanup_link_ struct rtnl_link *link = nl.rtnl_link_alloc();
	int error = link ? set_mac(link, mac) : -NLE_NOMEM;

	if (error < 0)
		return out_of_memory(name, err);
	nl.rtnl_link_set_name(link, name);
	nl.rtnl_link_set_flags(link, IFF_UP);
	error = nl.rtnl_link_set_type(link, "bridge");
	if (error == 0)
		error = nl.rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	return error < 0 ? nsc_error_set(err, code(error), "make the bridge "
					 "'%s': %s", name,
					 nl.nl_geterror(error)) : 0;
}

int nsc_netlink_add_veth(struct nl_sock *sock,
			 const struct nsc_link_request *request,
			 struct nsc_error *err)
{
	_cleanup_link_ struct rtnl_link *link = nl.rtnl_link_veth_alloc();
	struct rtnl_link *peer;
	int error;

	if (!link)
		return out_of_memory(request->host, err);
	peer = nl.rtnl_link_veth_get_peer(link);
	nl.rtnl_link_set_name(link, request->host);
	nl.rtnl_link_set_name(peer, request->name);
	nl.rtnl_link_set_ns_pid(peer, request->pid);
	if (request->mtu) {
		nl.rtnl_link_set_mtu(link, request->mtu);
		nl.rtnl_link_set_mtu(peer, request->mtu);
	}
	nl.rtnl_link_set_master(link, request->other);
	nl.rtnl_link_set_flags(link, IFF_UP);
	error = request->mac ? set_mac(peer, request->mac) : 0;
	if (error == 0)
		error = nl.rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	/* The link holds its own reference to the peer. */
	nl.rtnl_link_put(peer);
	if (error < 0)
		return nsc_error_set(err, code(error), "make the veth '%s': %s",
				     request->host, nl.nl_geterror(error));
	return 0;
}

int nsc_netlink_add_child(struct nl_sock *sock, const char *kind,
			  const struct nsc_link_request *request,
			  struct nsc_error *err)
{
	bool macvlan = !strcmp(kind, "macvlan");
	_cleanup_link_ struct rtnl_link *link = macvlan ?
					nl.rtnl_link_macvlan_alloc() :
					nl.rtnl_link_ipvlan_alloc();
	int error;

	if (!link)
		return out_of_memory(request->name, err);
	nl.rtnl_link_set_name(link, request->name);
	nl.rtnl_link_set_link(link, request->other);
	nl.rtnl_link_set_ns_pid(link, request->pid);
	if (request->mtu)
		nl.rtnl_link_set_mtu(link, request->mtu);
	error = macvlan ?
		nl.rtnl_link_macvlan_set_mode(link, (uint32_t)
			nl.rtnl_link_macvlan_str2mode(request->mode)) :
		nl.rtnl_link_ipvlan_set_mode(link, (uint16_t)
			nl.rtnl_link_ipvlan_str2mode(request->mode));
	if (error == 0)
		error = nl.rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	if (error < 0 && code(error) == EOPNOTSUPP)
		return nsc_error_set(err, EOPNOTSUPP, "make the %s '%s': this "
				     "kernel has no %s", kind, request->name,
				     kind);
	if (error < 0)
		return nsc_error_set(err, code(error), "make the %s '%s': %s",
				     kind, request->name,
				     nl.nl_geterror(error));
	return 0;
}

int nsc_netlink_delete(struct nl_sock *sock, const char *name,
		       struct nsc_error *err)
{
	_cleanup_link_ struct rtnl_link *link = nl.rtnl_link_alloc();
	int error;

	if (!link)
		return out_of_memory(name, err);
	nl.rtnl_link_set_name(link, name);
	error = nl.rtnl_link_delete(sock, link);
	if (error < 0)
		return nsc_error_set(err, code(error), "remove '%s': %s", name,
				     nl.nl_geterror(error));
	return 0;
}

int nsc_netlink_up(const char *name, uint32_t mtu, struct nsc_error *err)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_mtu = (int)mtu };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (mtu && ioctl(fd, SIOCSIFMTU, &request) < 0)
		return nsc_error_sys(err, errno, "give '%s' mtu %u", name,
				     mtu);
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return nsc_error_sys(err, errno, "bring '%s' up", name);
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return nsc_error_sys(err, errno, "bring '%s' up", name);
	return 0;
}

/* Empty addresses such as 0.0.0.0/0 are valid, too. */
static struct nl_addr *netlink_build(const struct nsc_address *address)
{
	struct nl_addr *built = nl.nl_addr_build(address->family,
			address->bytes, address->family == AF_INET ? 4 : 16);

	if (built)
		nl.nl_addr_set_prefixlen(built, (int)address->length);
	return built;
}

static int set_broadcast(struct rtnl_addr *assigned,
			 const struct nsc_address *address)
{
	struct nsc_address all = *address;
	_cleanup_address_ struct nl_addr *broadcast = NULL;

	if (address->family != AF_INET || address->length > 30)
		return 0;
	for (unsigned int i = address->length; i < 32; i++)
		all.bytes[i / 8] |= (unsigned char)(0x80 >> i % 8);
	broadcast = netlink_build(&all);
	return broadcast ? nl.rtnl_addr_set_broadcast(assigned, broadcast) :
			   -NLE_NOMEM;
}

int nsc_netlink_add_address(struct nl_sock *sock, const char *name,
			    const struct nsc_address *address,
			    struct nsc_error *err)
{
	_cleanup_assigned_ struct rtnl_addr *assigned = nl.rtnl_addr_alloc();
	_cleanup_address_ struct nl_addr *local = netlink_build(address);
	char text[NSC_ADDRESS_SIZE];
	struct nsc_link link;
	int error = nsc_netlink_find(sock, name, &link, err);

	if (error < 0)
		return error;
	if (!assigned || !local)
		return out_of_memory(name, err);
	nl.rtnl_addr_set_ifindex(assigned, link.index);
	error = nl.rtnl_addr_set_local(assigned, local);
	if (error == 0)
		error = set_broadcast(assigned, address);
	/*
	 * Without this the address is unusable for a second, during detection
	 * of duplicates.
	 */
	if (address->family == AF_INET6)
		nl.rtnl_addr_set_flags(assigned, IFA_F_NODAD);
	if (error == 0)
		error = nl.rtnl_addr_add(sock, assigned, 0);
	if (error < 0)
		return nsc_error_set(err, code(error), "give '%s' the address "
				     "%s: %s", name,
				     nsc_address_print(address, true, text),
				     nl.nl_geterror(error));
	return 0;
}

/* An address of the route, or NULL if it has none; *error: no memory. */
static struct nl_addr *build_optional(const struct nsc_address *address,
				      bool *error)
{
	struct nl_addr *built = address->family ? netlink_build(address) : NULL;

	*error |= address->family && !built;
	return built;
}

int nsc_netlink_add_route(struct nl_sock *sock, const struct nsc_route *wanted,
			  struct nsc_error *err)
{
	bool failed = false;
	_cleanup_route_ struct rtnl_route *route = nl.rtnl_route_alloc();
	_cleanup_address_ struct nl_addr *to =
		build_optional(&wanted->destination, &failed);
	_cleanup_address_ struct nl_addr *via =
		build_optional(&wanted->gateway, &failed);
	_cleanup_address_ struct nl_addr *from =
		build_optional(&wanted->source, &failed);
	struct rtnl_nexthop *hop = nl.rtnl_route_nh_alloc();
	char text[NSC_ADDRESS_SIZE];
	struct nsc_link link;
	int error = nsc_netlink_find(sock, wanted->interface, &link, err);

	if (error < 0 || !route || failed || !hop) {
		if (hop)
			nl.rtnl_route_nh_free(hop);
		return error < 0 ? error :
				   out_of_memory(wanted->interface, err);
	}
	nl.rtnl_route_nh_set_ifindex(hop, link.index);
	if (via)
		nl.rtnl_route_nh_set_gateway(hop, via);
	nl.rtnl_route_add_nexthop(route, hop);
	nl.rtnl_route_set_table(route, RT_TABLE_MAIN);
	nl.rtnl_route_set_scope(route, via ? RT_SCOPE_UNIVERSE :
					     RT_SCOPE_LINK);
	error = nl.rtnl_route_set_dst(route, to);
	if (error == 0 && from)
		error = nl.rtnl_route_set_pref_src(route, from);
	if (error == 0)
		error = nl.rtnl_route_add(sock, route,
					  NLM_F_CREATE | NLM_F_EXCL);
	if (error < 0)
		return nsc_error_set(err, code(error), "route to %s through "
				     "'%s': %s",
				     nsc_address_print(&wanted->destination,
						       true, text),
				     wanted->interface, nl.nl_geterror(error));
	return 0;
}

int nsc_netlink_addresses(struct nl_sock *sock, const char *name,
			  struct nsc_address *ret, size_t max,
			  struct nsc_error *err)
{
	struct nl_cache *cache = NULL;
	struct nsc_link link;
	int error = nsc_netlink_find(sock, name, &link, err);
	int n = 0;

	if (error < 0)
		return error;
	error = nl.rtnl_addr_alloc_cache(sock, &cache);
	if (error < 0)
		return nsc_error_set(err, code(error), "addresses of '%s': %s",
				     name, nl.nl_geterror(error));
	for (struct nl_object *o = nl.nl_cache_get_first(cache);
	     o && (size_t)n < max; o = nl.nl_cache_get_next(o)) {
		struct rtnl_addr *assigned = (struct rtnl_addr *)o;
		struct nl_addr *local = nl.rtnl_addr_get_local(assigned);
		struct nsc_address *a = &ret[n];

		if (!local ||
		    nl.rtnl_addr_get_ifindex(assigned) != link.index ||
		    nl.rtnl_addr_get_scope(assigned) != RT_SCOPE_UNIVERSE ||
		    nl.nl_addr_get_len(local) > sizeof(a->bytes))
			continue;
		*a = (struct nsc_address){
			.family = nl.nl_addr_get_family(local),
			.length = nl.nl_addr_get_prefixlen(local),
		};
		memcpy(a->bytes, nl.nl_addr_get_binary_addr(local),
		       nl.nl_addr_get_len(local));
		n++;
	}
	nl.nl_cache_free(cache);
	return n;
}
