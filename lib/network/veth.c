/* SPDX-License-Identifier: Apache-2.0 */
#include "network/veth.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "util/fd.h"
#include "network/attached.h"
#include "network/bridge.h"
#include "network/nft.h"

#define NAME_TRIES 64

static int check_bridge(struct nl_sock *sock, const char *name,
			struct nsc_link *link, struct nsc_error *err)
{
	int ret = nsc_netlink_find(sock, name, link, err);

	if (ret == -ENODEV)
		return nsc_error_set(err, ENODEV, "there is no bridge '%s' on "
				     "the host: make it first, 'ip link add %s "
				     "type bridge'", name, name);
	if (ret == 0 && strcmp(link->kind, "bridge") != 0)
		return nsc_error_set(err, EINVAL, "'%s' is not a bridge but "
				     "%s%s interface: name a bridge", name,
				     link->kind[0] ? "a " : "another",
				     link->kind);
	return ret;
}

int nsc_veth_check(struct nl_sock *sock, const struct nsc_config_network *n,
		   struct nsc_error *err)
{
	struct nsc_link link;

	if (nsc_attached_is(n) && nsc_nft_load(err) < 0)
		return nsc_error_context(err, "type");
	if (!nsc_attached_on_bridge(n) &&
	    check_bridge(sock, n->bridge, &link, err) < 0)
		return nsc_error_context(err, "context.bridge");
	return 0;
}

/* Rules for the interface exist before the interface does. */
static int veth_add(struct nl_sock *sock, const struct nsc_claim *claim,
		    struct nsc_link_request *request, struct nsc_error *err)
{
	const struct nsc_plan *plan = claim->plan;
	const struct nsc_config_network *n =
		&plan->config->networks[claim->network];
	bool own = nsc_attached_on_bridge(n);
	_cleanup_fd_ int lock = -1;
	unsigned char mac[NSC_MAC_SIZE];
	struct nsc_link bridge = { .index = 0 };
	int ret = nsc_attached_is(n) ? nsc_attached_claim(claim, &lock, err) :
				       0;

	if (ret == 0)
		ret = check_bridge(sock, own ? NSC_BRIDGE : n->bridge, &bridge,
				   err);
	if (ret < 0)
		return ret;
	request->other = bridge.index;
	if (own) {
		nsc_bridge_mac(&plan->automatic[0].address, mac);
		request->mac = mac;
	}
	return nsc_netlink_add_veth(sock, request, err);
}

int nsc_veth_make(struct nl_sock *sock, const struct nsc_plan *plan, size_t i,
		  struct nsc_link_request *request, char host[IFNAMSIZ],
		  struct nsc_error *err)
{
	const char *prefix = plan->config->networks[i].prefix;
	const struct nsc_claim claim = { plan, i, host, request->pid };
	struct nsc_link other;
	int ret = -EEXIST;

	request->host = host;
	for (int try = 0; ret == -EEXIST && try < NAME_TRIES; try++) {
		uint16_t random;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return nsc_error_sys(err, errno, "getrandom");
		snprintf(host, IFNAMSIZ, "%.11s%04x", prefix, random);
		if (nsc_netlink_find(sock, host, &other, err) != 0)
			ret = veth_add(sock, &claim, request, err);
	}
	if (ret < 0)
		host[0] = '\0';
	return ret == -EEXIST ?
		nsc_error_set(err, EEXIST, "no name that begins with '%s' is "
			      "free: choose another context.prefix",
			      prefix) : ret;
}
