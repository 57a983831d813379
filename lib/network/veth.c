/* SPDX-License-Identifier: Apache-2.0 */
#include "network/veth.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cgroup/cgroup.h"
#include "util/fd.h"
#include "util/process.h"
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
	ret = nsc_netlink_add_veth(sock, request, err);
	request->mac = NULL;
	return ret;
}

static int make_port(struct nl_sock *sock, const struct nsc_claim *claim,
		     struct nsc_link_request *request, char host[IFNAMSIZ],
		     struct nsc_error *err)
{
	const char *prefix = claim->plan->config->networks[claim->network]
				     .prefix;
	struct nsc_link other;
	int ret = -EEXIST;

	request->host = host;
	for (int try = 0; ret == -EEXIST && try < NAME_TRIES; try++) {
		uint16_t random;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return nsc_error_sys(err, errno, "getrandom");
		snprintf(host, IFNAMSIZ, "%.11s%04x", prefix, random);
		if (nsc_netlink_find(sock, host, &other, err) != 0)
			ret = veth_add(sock, claim, request, err);
	}
	if (ret < 0)
		host[0] = '\0';
	return ret == -EEXIST ?
		nsc_error_set(err, EEXIST, "no name that begins with '%s' is "
			      "free: choose another context.prefix",
			      prefix) : ret;
}

struct veth_question {
	struct nl_sock *sock;
	const struct nsc_plan *plan;
	size_t network;
	const struct nsc_link_request *request;
	pid_t parent;
};

struct veth_answer {
	struct nsc_error err;
	char host[IFNAMSIZ];
};

static void veth_in_child(const void *arg, void *answer)
{
	const struct veth_question *q = arg;
	struct nsc_link_request request = *q->request;
	struct veth_answer *a = answer;
	const struct nsc_claim claim = {
		q->plan, q->network, a->host, request.pid,
	};

	nsc_process_die_with(q->parent);
	if (make_port(q->sock, &claim, &request, a->host, &a->err) == 0)
		nsc_error_clear(&a->err);
}

/*
 * With systemd the builder is in a slice by now, whose limits could make it
 * slow: the lock for which all others wait is held in the host's own group.
 */
int nsc_veth_make(struct nl_sock *sock, const struct nsc_plan *plan, size_t i,
		  struct nsc_link_request *request, char host[IFNAMSIZ],
		  struct nsc_error *err)
{
	const struct veth_question question = {
		sock, plan, i, request, getpid(),
	};
	const struct nsc_process_question ask = {
		veth_in_child, &question, -1,
	};
	_cleanup_fd_ int group = nsc_cgroup_root();
	struct veth_answer answer = { .err = NSC_ERROR_INIT };
	int ret = nsc_process_ask_in(&group, &ask, &answer, sizeof(answer));

	if (ret < 0)
		return nsc_error_sys(err, -ret, "make the interface");
	memcpy(host, answer.host, IFNAMSIZ);
	return nsc_error_take(&answer.err, err);
}
