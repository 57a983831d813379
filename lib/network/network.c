/* SPDX-License-Identifier: Apache-2.0 */
#include "network/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "config/network_keys.h"
#include "network/attached.h"
#include "network/bridge.h"
#include "network/lists.h"
#include "network/pasta.h"
#include "network/routes.h"
#include "network/pool.h"
#include "network/veth.h"
#include "linux/netlink.h"

static const struct nsc_config_network *
find_type(const struct nsc_config *config, enum nsc_network_type type)
{
	for (size_t i = 0; i < config->n_networks; i++)
		if (config->networks[i].type == type)
			return &config->networks[i];
	return NULL;
}

static bool wants_auto(const struct nsc_config *config, size_t *ret)
{
	for (size_t i = 0; i < config->n_networks; i++) {
		const struct nsc_config_network *n = &config->networks[i];

		*ret = i;
		if (n->type == NSC_NETWORK_LOOPBACK)
			continue;
		if (nsc_network_has_auto(n))
			return true;
	}
	return false;
}

/* Does an entry name a gateway of this family? */
static bool has_gateway(const struct nsc_config *config, int family)
{
	struct nsc_address g;

	if (find_type(config, NSC_NETWORK_PASTA))
		return true;
	for (size_t i = 0; i < config->n_networks; i++) {
		const struct nsc_config_network *n = &config->networks[i];

		for (char **t = n->gateway; t && *t; t++)
			if (nsc_address_parse(*t, false, &g) == 0 &&
			    g.family == family)
				return true;
	}
	return false;
}

static int pool_ranges(const struct nsc_plan *plan, const struct nsc_conf *conf,
		       struct nsc_pool_range ranges[2], struct nsc_error *err)
{
	/* A user has one container; root has one for each directory. */
	if (!plan->login)
		return nsc_error_set(err, EINVAL, "\"auto\" is for the "
				     "containers of logins: write an address");
	if (!conf->address_pool.family && !conf->address_pool6.family)
		return nsc_error_set(err, EINVAL, "\"auto\" needs "
				     "address_pool in nscontainer.conf");
	ranges[0] = (struct nsc_pool_range){
		conf->address_pool, conf->address_gateway, "address_pool",
	};
	ranges[1] = (struct nsc_pool_range){
		conf->address_pool6, conf->address_gateway6, "address_pool6",
	};
	return 0;
}

static int take_addresses(struct nsc_plan *plan, const struct nsc_conf *conf,
			  const struct nsc_config_network *n,
			  struct nsc_error *err)
{
	const char *key = plan->login ? plan->user->name : plan->config->file;
	struct nsc_pool_range ranges[2];
	int ret = nsc_attached_on_bridge(n) ?
			  nsc_bridge_ranges(conf, ranges, err) :
			  pool_ranges(plan, conf, ranges, err);

	for (size_t i = 0; ret == 0 && i < NSC_ARRAY_SIZE(ranges); i++) {
		if (!ranges[i].net.family)
			continue;
		ret = nsc_pool_take_address(NSC_STATEDIR, key, &ranges[i],
					    &plan->automatic[i].address, err);
		plan->automatic[i].router = ranges[i].gateway;
		if (!has_gateway(plan->config, ranges[i].net.family))
			plan->automatic[i].gateway = ranges[i].gateway;
	}
	return ret;
}

int nsc_network_plan(struct nsc_plan *plan, const struct nsc_conf *conf,
		     struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	size_t at;

	if (wants_auto(config, &at) &&
	    take_addresses(plan, conf, &config->networks[at], err) < 0)
		return nsc_error_context(err, "%s: networks[%zu].address",
					 config->file, at);
	return nsc_attached_check(plan, err);
}

static int check_parent(struct nl_sock *sock, const char *name,
			struct nsc_link *link, struct nsc_error *err)
{
	int ret = nsc_netlink_find(sock, name, link, err);

	return ret == -ENODEV ?
		nsc_error_set(err, ENODEV, "there is no interface '%s' on the "
			      "host: 'ip link' lists the interfaces", name) :
		ret;
}

/*
 * Open a namespace by a path without symbolic links that only root can change.
 * A path in /proc is a link, and its process may change.
 */
static int open_namespace(const char *path, struct nsc_error *err)
{
	const char *name;
	_cleanup_fd_ int dir = nsc_file_open_parent(path, &name, err);
	_cleanup_fd_ int file = -1;
	struct statfs fs;
	char link[64];
	int fd;

	if (dir == -ENOENT)
		return nsc_error_set(err, ENOENT, "'%s' does not exist: 'ip "
				     "netns add NAME' makes /run/netns/NAME",
				     path);
	if (dir < 0)
		return dir;
	file = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0 || fstatfs(file, &fs) < 0)
		return nsc_error_sys(err, errno, "open '%s'", path);
	if (fs.f_type != NSFS_MAGIC)
		return nsc_error_set(err, EINVAL, "'%s' is not a namespace: "
				     "'ip netns add NAME' makes "
				     "/run/netns/NAME",
				     path);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return nsc_error_sys(err, errno, "open '%s'", path);
	if (ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET)
		return fd;
	close(fd);
	return nsc_error_set(err, EINVAL, "'%s' is a namespace, but not a "
			     "network namespace", path);
}

static int check_one(struct nl_sock *sock, const struct nsc_config_network *n,
		     struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	struct nsc_link link;

	switch ((enum nsc_network_type)n->type) {
	case NSC_NETWORK_VETH:
		return nsc_veth_check(sock, n, err);
	case NSC_NETWORK_MACVLAN:
	case NSC_NETWORK_IPVLAN:
		return check_parent(sock, n->parent, &link, err) < 0 ?
			nsc_error_context(err, "context.parent") : 0;
	case NSC_NETWORK_NETNS:
		fd = open_namespace(n->nspath, err);
		return fd < 0 ? nsc_error_context(err, "context.nspath") : 0;
	case NSC_NETWORK_PASTA:
		return nsc_pasta_check(err) < 0 ?
			nsc_error_context(err, "type") : 0;
	case NSC_NETWORK_LOOPBACK:
	case NSC_NETWORK_HOST:
		return 0;
	}
	return 0;
}

static int context(const struct nsc_config *config, size_t i,
		   struct nsc_error *err)
{
	return nsc_error_context(err, "%s: networks[%zu]", config->file, i);
}

int nsc_network_check(const struct nsc_config *config, struct nsc_error *err)
{
	_cleanup_netlink_ struct nl_sock *sock = NULL;
	int ret = config->n_networks ? nsc_netlink_open(&sock, err) : 0;

	for (size_t i = 0; ret == 0 && i < config->n_networks; i++)
		if (check_one(sock, &config->networks[i], err) < 0)
			ret = context(config, i, err);
	return ret < 0 ? ret : nsc_lists_check(config, err);
}

bool nsc_network_joins(const struct nsc_config *config)
{
	return find_type(config, NSC_NETWORK_NETNS);
}

int nsc_network_open(const struct nsc_plan *plan, int *ret,
		     struct nsc_error *err)
{
	const struct nsc_config_network *n = find_type(plan->config,
						       NSC_NETWORK_NETNS);
	_cleanup_fd_ int fd = -1;

	if (!n)
		return nsc_lists_open(plan, ret, err);
	fd = open_namespace(n->nspath, err);
	if (fd < 0)
		return fd;
	if (!plan->dry)
		*ret = NSC_TAKE_FD(fd);
	return 0;
}

static int make_child(struct nl_sock *sock, const struct nsc_config_network *n,
		      struct nsc_link_request *request, struct nsc_error *err)
{
	struct nsc_link parent;
	int ret = check_parent(sock, n->parent, &parent, err);

	if (ret < 0)
		return ret;
	request->other = parent.index;
	request->mode = n->mode;
	ret = nsc_netlink_add_child(sock, nsc_network_type_name(n->type),
				    request, err);
	return ret < 0 ? nsc_error_context(err, "parent '%s'", n->parent) : 0;
}

/*
 * A dry run makes no interface that others on the host could see or miss: no
 * port of a bridge, and none for which the running container has the parent.
 */
static bool is_left_out(const struct nsc_plan *plan,
			const struct nsc_config_network *n)
{
	return plan->dry && (n->type == NSC_NETWORK_VETH ||
			     (n->mode && !strcmp(n->mode, "passthru")));
}

int nsc_network_make(const struct nsc_plan *plan, pid_t pid,
		     struct nsc_network_made *made, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	_cleanup_netlink_ struct nl_sock *sock = NULL;
	int ret = config->n_networks ? nsc_netlink_open(&sock, err) : 0;

	for (size_t i = 0; ret == 0 && i < config->n_networks; i++) {
		const struct nsc_config_network *n = &config->networks[i];
		char name[IFNAMSIZ];
		struct nsc_link_request request = {
			.name = name, .pid = pid, .mtu = n->mtu,
		};

		if (!nsc_network_is_made(n) || is_left_out(plan, n))
			continue;
		nsc_network_interface(config, i, name);
		if (n->type == NSC_NETWORK_VETH)
			ret = nsc_veth_make(sock, plan, i, &request,
					    made->host[i], err);
		else
			ret = make_child(sock, n, &request, err);
		if (ret < 0)
			ret = context(config, i, err);
	}
	return ret;
}

/*
 * The kernel removes these ends with the container's namespace, but after a
 * delay in which nobody should meet them.
 */
void nsc_network_undo(const struct nsc_network_made *made)
{
	_cleanup_netlink_ struct nl_sock *sock = NULL;
	struct nsc_error ignored = NSC_ERROR_INIT;

	for (size_t i = 0; i < NSC_NETWORKS_MAX; i++) {
		if (!made->host[i][0])
			continue;
		if (!sock && nsc_netlink_open(&sock, &ignored) < 0)
			return;
		nsc_netlink_delete(sock, made->host[i], &ignored);
	}
}

int nsc_network_start_helper(const struct nsc_plan *plan, pid_t pid,
			     struct nsc_network_made *made,
			     struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;

	for (size_t i = 0; i < config->n_networks; i++) {
		const struct nsc_config_network *n = &config->networks[i];
		char name[IFNAMSIZ];
		const struct nsc_pasta_request request = {
			.network = n, .name = name, .pid = pid,
			.owner = plan->user->uid, .group = plan->user->gid,
			.deadline = plan->deadline, .dry = plan->dry,
		};

		if (n->type != NSC_NETWORK_PASTA)
			continue;
		nsc_network_interface(config, i, name);
		made->helper = nsc_pasta_start(&request, err);
		if (made->helper < 0)
			return context(config, i, err);
	}
	return 0;
}

static int network_add_addresses(struct nl_sock *sock,
				 const struct nsc_plan *plan,
				 const struct nsc_config_network *n,
				 const char *name, struct nsc_error *err)
{
	int ret = 0;

	for (char **t = n->address; ret == 0 && t && *t; t++) {
		struct nsc_address a;

		if (nsc_address_parse(*t, true, &a) == 0)
			ret = nsc_netlink_add_address(sock, name, &a, err);
		for (size_t i = 0; ret == 0 && i < 2; i++)
			if (nsc_network_is_auto(*t) &&
			    plan->automatic[i].address.family)
				ret = nsc_netlink_add_address(sock, name,
						&plan->automatic[i].address,
						err);
	}
	return ret;
}

static int add_routes(struct nl_sock *sock, const struct nsc_plan *plan,
		      const struct nsc_config_network *n, const char *name,
		      struct nsc_error *err)
{
	struct nsc_address g;
	int ret = 0;

	for (char **t = n->gateway; ret == 0 && t && *t; t++)
		if (nsc_address_parse(*t, false, &g) == 0)
			ret = nsc_routes_add_default(sock, name, &g, err);
	for (size_t i = 0; ret == 0 && nsc_network_has_auto(n) && i < 2; i++)
		if (plan->automatic[i].gateway.family)
			ret = nsc_routes_add_default(sock, name,
					&plan->automatic[i].gateway, err);
	return ret;
}

static int configure_one(struct nl_sock *sock, const struct nsc_plan *plan,
			 size_t i, struct nsc_network_made *made,
			 struct nsc_error *err)
{
	const struct nsc_config_network *n = &plan->config->networks[i];
	char name[IFNAMSIZ];
	int ret;

	nsc_network_interface(plan->config, i, name);
	if (n->type == NSC_NETWORK_LOOPBACK)
		return nsc_netlink_up(name, n->mtu, err);
	if (n->type == NSC_NETWORK_PASTA) {
		ret = nsc_netlink_addresses(sock, name, made->pasta, 2, err);
		return ret < 0 ? ret : 0;
	}
	if (!nsc_network_is_made(n))
		return 0;
	ret = network_add_addresses(sock, plan, n, name, err);
	if (ret == 0)
		ret = nsc_netlink_up(name, 0, err);
	return ret < 0 ? ret : add_routes(sock, plan, n, name, err);
}

int nsc_network_configure(const struct nsc_plan *plan,
			  struct nsc_network_made *made, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	_cleanup_netlink_ struct nl_sock *sock = NULL;
	int ret;

	/* A foreign network stays as its owner configured it. */
	if (!(config->namespaces & CLONE_NEWNET) || nsc_network_joins(config))
		return 0;
	ret = nsc_netlink_up("lo", 0, err);
	if (ret == 0 && config->n_networks)
		ret = nsc_netlink_open(&sock, err);
	for (size_t i = 0; ret == 0 && i < config->n_networks; i++)
		/* An address that comes up could be in use on the network. */
		if (!(plan->dry && nsc_network_is_made(&config->networks[i])) &&
		    configure_one(sock, plan, i, made, err) < 0)
			ret = context(config, i, err);
	return ret < 0 || plan->dry ? ret :
				      nsc_routes_add_named(sock, config, err);
}
