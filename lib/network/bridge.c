/* SPDX-License-Identifier: Apache-2.0 */
#include "network/bridge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/fd.h"

#define OURS 0x6e		/* the second byte of a hardware address */
#define ROUTES "/proc/net/route"
#define ROUTES6 "/proc/net/ipv6_route"

/*
 * The mark of a bridge that is ours: the kernel makes bridge and address at
 * once.  The first byte says that no vendor has assigned it.
 */
static const unsigned char bridge_mac[NSC_MAC_SIZE] = { 0x02, OURS, 's', 'c',
							'b', 'r' };

/* In this order, without bridge_pool. */
static const struct nsc_address defaults[] = {
	{ AF_INET, { 10, 231 }, 16 },
	{ AF_INET, { 172, 29 }, 16 },
	{ AF_INET, { 192, 168, 231 }, 24 },
};

void nsc_bridge_mac(const struct nsc_address *address,
		    unsigned char mac[NSC_MAC_SIZE])
{
	mac[0] = 0x02;
	mac[1] = OURS;
	memcpy(mac + 2, address->bytes, 4);
}

static struct nsc_address network_of(const struct nsc_address *address)
{
	struct nsc_address net = *address;

	for (unsigned int i = net.length; i < 128; i++)	/* also for IPv4 */
		net.bytes[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	return net;
}

static struct nsc_pool_range bridge_range(const struct nsc_address *net,
					  const char *key)
{
	return (struct nsc_pool_range){ *net, nsc_address_add(net, 1), key };
}

/* 0, -ENODEV, or -EEXIST if another interface has the name. */
static int find_bridge(struct nl_sock *sock, struct nsc_link *link,
		       struct nsc_error *err)
{
	int ret = nsc_netlink_find(sock, NSC_BRIDGE, link, err);

	if (ret == 0 && (strcmp(link->kind, "bridge") != 0 ||
			 memcmp(link->mac, bridge_mac, NSC_MAC_SIZE) != 0))
		return nsc_error_set(err, EEXIST, "the interface '" NSC_BRIDGE
				     "' is not nscontainer's: rename it, 'ip "
				     "link set " NSC_BRIDGE " name NEW', since "
				     "\"auto\" needs the name");
	return ret;
}

/* The next destination in a list of the kernel; false at its end. */
static bool next_route(FILE *list, bool v6, struct nsc_address *ret)
{
	char line[256];
	unsigned int to, mask, byte, length;

	*ret = (struct nsc_address){ .family = v6 ? AF_INET6 : AF_INET };
	if (!fgets(line, sizeof(line), list))
		return false;
	/* IPv4: numbers in the byte order of the host, as the network's. */
	if (!v6 && sscanf(line, "%*s %x %*s %*s %*s %*s %*s %x", &to,
			  &mask) == 2) {
		memcpy(ret->bytes, &to, 4);
		ret->length = (unsigned int)__builtin_popcount(mask);
	}
	if (v6 && sscanf(line + 32, " %x", &length) == 1) {
		for (size_t i = 0; i < 16; i++)
			if (sscanf(line + 2 * i, "%2x", &byte) == 1)
				ret->bytes[i] = (unsigned char)byte;
		ret->length = length;
	}
	return true;
}

/*
 * Find a route that meets the network; wide: also one that contains it.  A
 * default route meets nothing, nor does the route for multicast.
 */
static bool meets_route(const struct nsc_address *net, bool wide,
			struct nsc_address *route)
{
	bool v6 = net->family == AF_INET6;
	_cleanup_file_ FILE *list = fopen(v6 ? ROUTES6 : ROUTES, "re");

	while (list && next_route(list, v6, route))
		if (route->length &&
		    (nsc_address_covers(net, route) ? route->length >=
						      net->length :
		     wide && nsc_address_covers(route, net)))
			return true;
	return false;
}

static int refuse_pool(const struct nsc_address *pool, const char *key,
		       const struct nsc_address *route, struct nsc_error *err)
{
	char net[NSC_ADDRESS_SIZE], other[NSC_ADDRESS_SIZE];

	return nsc_error_set(err, EADDRINUSE, "%s of nscontainer.conf, %s, "
			     "contains %s, to which the host has a route: "
			     "choose another network", key,
			     nsc_address_print(pool, true, net),
			     nsc_address_print(route, true, other));
}

/* The administrator's network may be a part of a wider route. */
static int choose_pools(const struct nsc_conf *conf,
			struct nsc_pool_range ranges[2], struct nsc_error *err)
{
	struct nsc_address route;

	if (conf->bridge_pool.family &&
	    meets_route(&conf->bridge_pool, false, &route))
		return refuse_pool(&conf->bridge_pool, "bridge_pool", &route,
				   err);
	if (conf->bridge_pool6.family &&
	    meets_route(&conf->bridge_pool6, false, &route))
		return refuse_pool(&conf->bridge_pool6, "bridge_pool6", &route,
				   err);
	ranges[0] = bridge_range(&conf->bridge_pool, "bridge_pool");
	ranges[1] = bridge_range(&conf->bridge_pool6, "bridge_pool6");
	for (size_t i = 0; !ranges[0].net.family; i++) {
		if (i == NSC_ARRAY_SIZE(defaults))
			return nsc_error_set(err, EADDRINUSE, "the host has "
					     "routes to all networks that "
					     "\"auto\" would take: set "
					     "bridge_pool in nscontainer.conf");
		if (!meets_route(&defaults[i], true, &route))
			ranges[0] = bridge_range(&defaults[i], "bridge_pool");
	}
	return 0;
}

int nsc_bridge_ranges(const struct nsc_conf *conf,
		      struct nsc_pool_range ranges[2], struct nsc_error *err)
{
	_cleanup_netlink_ struct nl_sock *sock = NULL;
	struct nsc_address list[4], net;
	struct nsc_link link;
	int n, ret = nsc_netlink_open(&sock, err);

	if (ret == 0)
		ret = find_bridge(sock, &link, err);
	ranges[0].net.family = ranges[1].net.family = 0;
	if (ret == -ENODEV) {
		nsc_error_clear(err);
		return choose_pools(conf, ranges, err);
	}
	n = ret < 0 ? ret : nsc_netlink_addresses(sock, NSC_BRIDGE, list, 4,
						  err);
	for (int i = 0; i < n; i++) {
		net = network_of(&list[i]);
		ranges[net.family == AF_INET6] =
			bridge_range(&net, net.family == AF_INET6 ?
				     "bridge_pool6" : "bridge_pool");
	}
	/* A process that made it was killed before it gave the addresses. */
	return n < 0 ? n : ranges[0].net.family ? 0 :
				   choose_pools(conf, ranges, err);
}

int nsc_bridge_make(struct nl_sock *sock, const struct nsc_address address[2],
		    struct nsc_error *err)
{
	struct nsc_link link;
	int ret = find_bridge(sock, &link, err);

	if (ret == -ENODEV) {
		nsc_error_clear(err);
		ret = nsc_netlink_add_bridge(sock, NSC_BRIDGE, bridge_mac, err);
	}
	for (size_t i = 0; ret == 0 && i < 2; i++) {
		if (!address[i].family)
			continue;
		ret = nsc_netlink_add_address(sock, NSC_BRIDGE, &address[i],
					      err);
		if (ret == -EEXIST)
			ret = nsc_error_clear(err);
	}
	return ret;
}

int nsc_bridge_remove(struct nl_sock *sock, struct nsc_error *err)
{
	struct nsc_link link;
	int ret = find_bridge(sock, &link, err);

	/* One that is not ours stays, and is no obstacle. */
	if (ret == -ENODEV || ret == -EEXIST)
		return nsc_error_clear(err);
	return ret < 0 ? ret : nsc_netlink_delete(sock, NSC_BRIDGE, err);
}
