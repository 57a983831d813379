#include "kernel/netlink.h"

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

static void put_link(struct rtnl_link **link)
{
	rtnl_link_put(*link);
}

static void put_address(struct nl_addr **address)
{
	nl_addr_put(*address);
}

static void put_assigned(struct rtnl_addr **assigned)
{
	rtnl_addr_put(*assigned);
}

static void put_route(struct rtnl_route **route)
{
	rtnl_route_put(*route);
}

#define _cleanup_link_ __attribute__((cleanup(put_link)))
#define _cleanup_address_ __attribute__((cleanup(put_address)))
#define _cleanup_assigned_ __attribute__((cleanup(put_assigned)))
#define _cleanup_route_ __attribute__((cleanup(put_route)))

/* libnl's errors are its own numbers. */
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
	struct nl_sock *sock = nl_socket_alloc();
	int error = sock ? nl_connect(sock, NETLINK_ROUTE) : -NLE_NOMEM;

	if (error < 0) {
		nl_socket_free(sock);
		return nsc_error_set(err, code(error), "open rtnetlink: %s",
				     nl_geterror(error));
	}
	*ret = sock;
	return 0;
}

void nsc_netlink_close(struct nl_sock **sock)
{
	nl_socket_free(*sock);
	*sock = NULL;
}

int nsc_netlink_find(struct nl_sock *sock, const char *name,
		     struct nsc_link *ret, struct nsc_error *err)
{
	_cleanup_link_ struct rtnl_link *link = NULL;
	int error = rtnl_link_get_kernel(sock, 0, name, &link);
	const char *kind;

	if (error < 0 && code(error) == ENODEV)
		return nsc_error_set(err, ENODEV, "there is no interface '%s'",
				     name);
	if (error < 0)
		return nsc_error_set(err, code(error), "find interface '%s': "
				     "%s", name, nl_geterror(error));
	kind = rtnl_link_get_type(link);
	ret->index = rtnl_link_get_ifindex(link);
	snprintf(ret->kind, sizeof(ret->kind), "%s", kind ? kind : "");
	return 0;
}

static int out_of_memory(const char *name, struct nsc_error *err)
{
	return nsc_error_sys(err, ENOMEM, "interface '%s'", name);
}

int nsc_netlink_add_veth(struct nl_sock *sock,
			 const struct nsc_link_request *request,
			 struct nsc_error *err)
{
	_cleanup_link_ struct rtnl_link *link = rtnl_link_veth_alloc();
	struct rtnl_link *peer;
	int error;

	if (!link)
		return out_of_memory(request->host, err);
	peer = rtnl_link_veth_get_peer(link);
	rtnl_link_set_name(link, request->host);
	rtnl_link_set_name(peer, request->name);
	rtnl_link_set_ns_pid(peer, request->pid);
	if (request->mtu) {
		rtnl_link_set_mtu(link, request->mtu);
		rtnl_link_set_mtu(peer, request->mtu);
	}
	rtnl_link_set_master(link, request->other);
	rtnl_link_set_flags(link, IFF_UP);
	error = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	/* The link's own reference keeps the peer. */
	rtnl_link_put(peer);
	if (error < 0)
		return nsc_error_set(err, code(error), "make the veth '%s': "
				     "%s", request->host, nl_geterror(error));
	return 0;
}

int nsc_netlink_add_child(struct nl_sock *sock, const char *kind,
			  const struct nsc_link_request *request,
			  struct nsc_error *err)
{
	bool macvlan = !strcmp(kind, "macvlan");
	_cleanup_link_ struct rtnl_link *link = macvlan ?
			rtnl_link_macvlan_alloc() : rtnl_link_ipvlan_alloc();
	int error;

	if (!link)
		return out_of_memory(request->name, err);
	rtnl_link_set_name(link, request->name);
	rtnl_link_set_link(link, request->other);
	rtnl_link_set_ns_pid(link, request->pid);
	if (request->mtu)
		rtnl_link_set_mtu(link, request->mtu);
	error = macvlan ?
		rtnl_link_macvlan_set_mode(link, (uint32_t)
			rtnl_link_macvlan_str2mode(request->mode)) :
		rtnl_link_ipvlan_set_mode(link, (uint16_t)
			rtnl_link_ipvlan_str2mode(request->mode));
	if (error == 0)
		error = rtnl_link_add(sock, link, NLM_F_CREATE | NLM_F_EXCL);
	if (error < 0 && code(error) == EOPNOTSUPP)
		return nsc_error_set(err, EOPNOTSUPP, "make the %s '%s': this "
				     "kernel has no %s", kind, request->name,
				     kind);
	if (error < 0)
		return nsc_error_set(err, code(error), "make the %s '%s': %s",
				     kind, request->name, nl_geterror(error));
	return 0;
}

int nsc_netlink_delete(struct nl_sock *sock, const char *name,
		       struct nsc_error *err)
{
	_cleanup_link_ struct rtnl_link *link = rtnl_link_alloc();
	int error;

	if (!link)
		return out_of_memory(name, err);
	rtnl_link_set_name(link, name);
	error = rtnl_link_delete(sock, link);
	if (error < 0)
		return nsc_error_set(err, code(error), "remove '%s': %s", name,
				     nl_geterror(error));
	return 0;
}

int nsc_netlink_up(struct nl_sock *sock, const char *name, uint32_t mtu,
		   struct nsc_error *err)
{
	_cleanup_link_ struct rtnl_link *link = NULL;
	_cleanup_link_ struct rtnl_link *change = rtnl_link_alloc();
	int error;

	if (!change)
		return out_of_memory(name, err);
	error = rtnl_link_get_kernel(sock, 0, name, &link);
	if (error == 0) {
		if (mtu)
			rtnl_link_set_mtu(change, mtu);
		rtnl_link_set_flags(change, IFF_UP);
		error = rtnl_link_change(sock, link, change, 0);
	}
	if (error < 0 && mtu)
		return nsc_error_set(err, code(error), "bring '%s' up with mtu "
				     "%u: %s", name, mtu, nl_geterror(error));
	if (error < 0)
		return nsc_error_set(err, code(error), "bring '%s' up: %s",
				     name, nl_geterror(error));
	return 0;
}

/* Empty addresses as well: 0.0.0.0/0. */
static struct nl_addr *build(const struct nsc_address *address)
{
	struct nl_addr *built = nl_addr_build(address->family,
			address->bytes, address->family == AF_INET ? 4 : 16);

	if (built)
		nl_addr_set_prefixlen(built, (int)address->length);
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
	broadcast = build(&all);
	return broadcast ? rtnl_addr_set_broadcast(assigned, broadcast) :
			   -NLE_NOMEM;
}

int nsc_netlink_add_address(struct nl_sock *sock, const char *name,
			    const struct nsc_address *address,
			    struct nsc_error *err)
{
	_cleanup_assigned_ struct rtnl_addr *assigned = rtnl_addr_alloc();
	_cleanup_address_ struct nl_addr *local = build(address);
	char text[NSC_ADDRESS_SIZE];
	struct nsc_link link;
	int error = nsc_netlink_find(sock, name, &link, err);

	if (error < 0)
		return error;
	if (!assigned || !local)
		return out_of_memory(name, err);
	rtnl_addr_set_ifindex(assigned, link.index);
	error = rtnl_addr_set_local(assigned, local);
	if (error == 0)
		error = set_broadcast(assigned, address);
	/* Else nothing works in the first second: it is looked for others. */
	if (address->family == AF_INET6)
		rtnl_addr_set_flags(assigned, IFA_F_NODAD);
	if (error == 0)
		error = rtnl_addr_add(sock, assigned, 0);
	if (error < 0)
		return nsc_error_set(err, code(error), "give '%s' the address "
				     "%s: %s", name,
				     nsc_address_print(address, true, text),
				     nl_geterror(error));
	return 0;
}

int nsc_netlink_add_default_route(struct nl_sock *sock, const char *name,
				  const struct nsc_address *gateway,
				  struct nsc_error *err)
{
	const struct nsc_address any = { .family = gateway->family };
	_cleanup_route_ struct rtnl_route *route = rtnl_route_alloc();
	_cleanup_address_ struct nl_addr *to = build(&any);
	_cleanup_address_ struct nl_addr *via = build(gateway);
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
	char text[NSC_ADDRESS_SIZE];
	struct nsc_link link;
	int error = nsc_netlink_find(sock, name, &link, err);

	if (error < 0 || !route || !to || !via || !hop) {
		if (hop)
			rtnl_route_nh_free(hop);
		return error < 0 ? error : out_of_memory(name, err);
	}
	rtnl_route_nh_set_ifindex(hop, link.index);
	rtnl_route_nh_set_gateway(hop, via);
	rtnl_route_add_nexthop(route, hop);
	rtnl_route_set_family(route, (uint8_t)gateway->family);
	rtnl_route_set_table(route, RT_TABLE_MAIN);
	rtnl_route_set_scope(route, RT_SCOPE_UNIVERSE);
	error = rtnl_route_set_dst(route, to);
	if (error == 0)
		error = rtnl_route_add(sock, route, NLM_F_CREATE | NLM_F_EXCL);
	if (error < 0)
		return nsc_error_set(err, code(error), "default route through "
				     "'%s' and gateway %s: %s", name,
				     nsc_address_print(gateway, false, text),
				     nl_geterror(error));
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
	error = rtnl_addr_alloc_cache(sock, &cache);
	if (error < 0)
		return nsc_error_set(err, code(error), "addresses of '%s': %s",
				     name, nl_geterror(error));
	for (struct nl_object *o = nl_cache_get_first(cache);
	     o && (size_t)n < max; o = nl_cache_get_next(o)) {
		struct rtnl_addr *assigned = (struct rtnl_addr *)o;
		struct nl_addr *local = rtnl_addr_get_local(assigned);
		struct nsc_address *a = &ret[n];

		if (rtnl_addr_get_ifindex(assigned) != link.index || !local ||
		    rtnl_addr_get_scope(assigned) != RT_SCOPE_UNIVERSE ||
		    nl_addr_get_len(local) > sizeof(a->bytes))
			continue;
		*a = (struct nsc_address){
			.family = nl_addr_get_family(local),
			.length = nl_addr_get_prefixlen(local),
		};
		memcpy(a->bytes, nl_addr_get_binary_addr(local),
		       nl_addr_get_len(local));
		n++;
	}
	nl_cache_free(cache);
	return n;
}
