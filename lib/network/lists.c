/* SPDX-License-Identifier: Apache-2.0 */
#include "network/lists.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/destination_keys.h"
#include "config/network_keys.h"
#include "config/rate_keys.h"
#include "linux/capability.h"
#include "linux/idmap.h"
#include "linux/namespace.h"
#include "linux/nft_counted.h"
#include "linux/sysctl.h"
#include "network/lists_names.h"
#include "network/metadata.h"
#include "network/nft.h"
#include "network/rate.h"
#include "util/fd.h"
#include "util/names.h"
#include "util/process.h"

#define TABLE "inet " NSC_NAMES_TABLE
#define SET_SIZE 4096	/* addresses of a name */

/* The mark of a connection back to its own host; marks of names are odd. */
#define OWN "0x00000002"

bool nsc_lists_wanted(const struct nsc_config *config)
{
	for (size_t i = 0; i < config->n_networks; i++)
		if (nsc_destinations_given(&config->networks[i]) ||
		    nsc_rate_given(&config->networks[i].rate))
			return true;
	return false;
}

bool nsc_lists_only_log(const struct nsc_config *config)
{
	for (size_t i = 0; i < config->n_networks; i++)
		if (!config->networks[i].enforce)
			return true;
	return false;
}

bool nsc_lists_log(const struct nsc_config *config)
{
	for (size_t i = 0; i < config->n_networks; i++)
		if (config->networks[i].log)
			return true;
	return false;
}

int nsc_lists_check(const struct nsc_config *config, struct nsc_error *err)
{
	return nsc_lists_wanted(config) && nsc_nft_load(err) < 0 ?
		nsc_error_context(err, "%s: networks: allow, deny and rate",
				  config->file) : 0;
}

static void print_host(FILE *out, const struct nsc_address *net)
{
	const char *family = net->family == AF_INET ? "ip" : "ip6";
	char text[NSC_ADDRESS_SIZE];

	if (!net->family)
		return;
	if (net->length)
		fprintf(out, "%s daddr %s ", family,
			nsc_address_print(net, true, text));
	else
		fprintf(out, "meta nfproto ipv%c ",
			net->family == AF_INET ? '4' : '6');
}

static void print_protocol(FILE *out, const struct nsc_destination *to)
{
	const char *name = to->protocol == IPPROTO_TCP ? "tcp" : "udp";

	/* By number: nftables looks for the second one in /etc/protocols. */
	if (to->protocol == IPPROTO_ICMP)
		fprintf(out, "meta l4proto { %d, %d } ", IPPROTO_ICMP,
			IPPROTO_ICMPV6);
	else if (to->first)
		fprintf(out, "%s dport %u-%u ", name, to->first, to->last);
	else if (to->protocol)
		fprintf(out, "meta l4proto %s ", name);
}

/* Does the entry have one address, which is that of a metadata service? */
static bool is_metadata(const struct nsc_destination *to)
{
	return to->net.length == (to->net.family == AF_INET ? 32 : 128) &&
	       nsc_metadata_is(&to->net);
}

/* The entries of the list, or those of metadata services alone. */
static void print_list(FILE *out, const struct nsc_destinations *all,
		       bool metadata, const char *verdict)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct nsc_destination *to = &all->list[i];

		if (to->name || (metadata && !is_metadata(to)))
			continue;
		print_host(out, &to->net);
		print_protocol(out, to);
		fprintf(out, "%s\n", verdict);
	}
}

/*
 * An address leaves its set when DNS says so; a connection that was allowed by
 * the name has a mark, and goes on as long as the list has the name.
 */
static void print_names(FILE *out, const struct nsc_destinations *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct nsc_destination *to = &all->list[i];
		uint32_t number = nsc_lists_number(to);

		if (!to->name)
			continue;
		fprintf(out, "ct state established ct mark 0x%08x "
			"goto reached\n",
			number);
		for (const char *v = "46"; *v; v++) {
			fprintf(out, "%s daddr @" NSC_NAMES_SET " ",
				*v == '4' ? "ip" : "ip6", *v, number);
			print_protocol(out, to);
			fprintf(out, "ct mark set 0x%08x goto reached\n",
				number);
		}
	}
}

static void print_sets(FILE *out, const struct nsc_destination *to)
{
	for (const char *v = "46"; *v; v++)
		fprintf(out, "set " NSC_NAMES_SET " { type ipv%c_addr; "
			"flags timeout; size %d; }\n", *v,
			nsc_lists_number(to), *v, SET_SIZE);
}

/*
 * Each packet of a connection that begins inside is judged, not only the first:
 * so a new list cuts what it no longer allows.  Packets with a route of the
 * sender's have their real destination elsewhere.
 */
static void print_chain(FILE *out, const struct nsc_config_network *n,
			const char *name)
{
	/* IPV6_FREEBIND makes "answers" to what came over the loopback. */
	fprintf(out, "chain lists_%s {\n"
		"ip option lsrr exists drop\n"
		"ip option ssrr exists drop\n"
		"exthdr rt exists drop\n"
		"ct direction reply ct mark != " OWN " accept\n"
		"icmpv6 type { nd-router-solicit, nd-neighbor-solicit, "
		"nd-neighbor-advert, mld-listener-report, "
		"mld2-listener-report } accept\n", name);
	print_list(out, &n->deny, false, "goto refuse");
	/* What the list has by its address is not refused. */
	print_list(out, &n->allow, true, "goto reached");
	nsc_metadata_rules(out);
	print_list(out, &n->allow, false, "goto reached");
	print_names(out, &n->allow);
	fprintf(out, "%s\n}\n", n->allow.given ? "goto refuse" :
		"goto reached");
}

/* Sets that packets fill, and the chain in which they do. */
static void print_counted(FILE *out, const char *what)
{
	for (int i = 0; i < 4; i++)
		fprintf(out, "set " NSC_COUNTED_SET " { type ipv%c_addr . "
			"inet_proto%s; flags dynamic,timeout; timeout %us; "
			"size %u; }\n", what, i & 1 ? '6' : '4',
			i < 2 ? "" : "p", i & 1 ? '6' : '4',
			i < 2 ? " . inet_service" : "", NSC_COUNTED_SECONDS,
			NSC_COUNTED_MAX);
	fprintf(out, "chain count_%s {\n", what);
	for (int i = 0; i < 4; i++)
		fprintf(out, "meta nfproto ipv%c meta l4proto %s{ tcp, udp } "
			"update @" NSC_COUNTED_SET " { %s daddr . meta l4proto "
			"%scounter }\n", i & 1 ? '6' : '4',
			i < 2 ? "" : "!= ", what, i & 1 ? '6' : '4',
			i < 2 ? "" : "p", i & 1 ? "ip6" : "ip",
			i < 2 ? ". th dport " : "");
	fputs("}\n", out);
}

/* A refusal is answered at once, so that programs do not wait. */
static void print_verdicts(FILE *out, const struct nsc_config *config)
{
	if (nsc_lists_log(config))
		fputs("quota " NSC_COUNTED_QUOTA " { over 1 bytes }\n", out);
	fputs("chain refuse {\njump count_" NSC_COUNTED_REFUSED "\n", out);
	if (nsc_lists_log(config))
		fputs("quota name \"" NSC_COUNTED_QUOTA "\"\n", out);
	fputs(nsc_lists_only_log(config) ? "accept\n}\n" :
	      "meta l4proto tcp reject with tcp reset\n"
	      "reject with icmpx admin-prohibited\n}\n", out);
	fputs("chain reached {\njump count_" NSC_COUNTED_REACHED "\n"
	      "accept\n}\n", out);
}

char *nsc_lists_print(const struct nsc_config *config, bool replace)
{
	char *text = NULL, name[IFNAMSIZ];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (replace)
		fputs("delete table " TABLE "\n", out);
	fputs("table " TABLE " {\n", out);
	nsc_lists_each_name(out, config, print_sets);
	print_counted(out, NSC_COUNTED_REFUSED);
	print_counted(out, NSC_COUNTED_REACHED);
	print_verdicts(out, config);
	for (size_t i = 0; i < config->n_networks; i++) {
		nsc_network_interface(config, i, name);
		if (nsc_destinations_given(&config->networks[i]))
			print_chain(out, &config->networks[i], name);
	}
	fputs("chain output {\ntype filter hook output priority filter;\n"
	      "oifname \"lo\" ct direction original ct mark set " OWN "\n",
	      out);
	for (size_t i = 0; i < config->n_networks; i++) {
		nsc_network_interface(config, i, name);
		if (nsc_destinations_given(&config->networks[i]))
			fprintf(out, "oifname \"%s\" goto lists_%s\n", name,
				name);
		else if (nsc_rate_given(&config->networks[i].rate))
			fprintf(out, "oifname \"%s\" goto reached\n", name);
	}
	fputs("}\n", out);
	nsc_rate_rules(out, config);
	fputs("}\n", out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/*
 * Ports below 1024 need a capability over the network, which root inside does
 * not have here.
 */
static int allow_ports(const struct nsc_plan *plan, struct nsc_error *err)
{
	char entry[] = "net/ipv4/ip_unprivileged_port_start=0";
	char *const list[] = { entry, NULL };

	return plan->config->process.capabilities &
	       UINT64_C(1) << CAP_NET_BIND_SERVICE ?
		nsc_sysctl_apply(list, 0, err) : 0;
}

/*
 * When the host has received the end of a stream, pasta before 2025_09_19 sends
 * only one of the packets again that the rate dropped, and then waits for ever:
 * with windows smaller than a packet, there is only one.
 */
static int limit_windows(const struct nsc_config *config, struct nsc_error *err)
{
	char entry[] = "net/ipv4/tcp_rmem=4096 65536 65536";
	char *const list[] = { entry, NULL };
	bool wanted = false;

	for (size_t i = 0; i < config->n_networks; i++)
		wanted |= config->networks[i].type == NSC_NETWORK_PASTA &&
			  config->networks[i].rate.down > 0;
	/* The administrator knows better. */
	for (char **own = config->sysctl; own && *own; own++)
		if (strncmp(*own, entry, strcspn(entry, "=") + 1) == 0)
			wanted = false;
	return wanted ? nsc_sysctl_apply(list, 0, err) : 0;
}

/*
 * -ENOENT says that there is nothing to replace.  If there is, the kernel has
 * no module for a kind of rule.
 */
static int put_rules(const char *rules, bool replace, struct nsc_error *err)
{
	int ret = nsc_nft_run(rules, NULL, err);

	if (ret != -ENOENT || (replace && nsc_nft_run("list table " TABLE, NULL,
						      NSC_IGNORE) == -ENOENT))
		return ret;
	return nsc_error_set(err, EOPNOTSUPP, "this kernel lacks a module that "
			     "the rules need: nft_ct, nft_reject_inet, "
			     "nft_limit for rate, or nft_quota for log");
}

/*
 * A user namespace beside that of the container owns the network.  On the host
 * it belongs to the user, as the container's does, so that nsshell and pasta
 * can enter it.  Without a user namespace, the host's owns the network.
 */
static int hold_network(const struct nsc_plan *plan, const char *rules,
			struct nsc_error *err)
{
	unsigned int user = plan->config->namespaces & CLONE_NEWUSER;
	uid_t owner = user ? plan->user->uid : 0;
	int ret;

	if (setresuid((uid_t)-1, owner, (uid_t)-1) < 0)
		return nsc_error_sys(err, errno, "become uid %u", owner);
	ret = nsc_capability_raise(err);
	if (ret == 0 && unshare((int)(user | CLONE_NEWNET)) < 0)
		ret = nsc_error_sys(err, errno, "make the network namespace");
	if (ret == 0)
		ret = allow_ports(plan, err);
	if (ret == 0)
		ret = limit_windows(plan->config, err);
	return ret < 0 ? ret : put_rules(rules, false, err);
}

/*
 * The owner has the same ids in it as on the host, which pasta needs for a file
 * system.
 */
static int map_owner(const struct nsc_plan *plan, pid_t pid,
		     struct nsc_error *err)
{
	const uid_t uid = plan->user->uid;
	const gid_t gid = plan->user->gid;
	const struct nsc_id_mapping users = { uid, uid, 1 };
	const struct nsc_id_mapping groups = { gid, gid, 1 };
	int ret;

	if (!(plan->config->namespaces & CLONE_NEWUSER))
		return 0;
	ret = nsc_idmap_write(pid, "uid_map", &users, 1, err);
	return ret < 0 ? ret : nsc_idmap_write(pid, "gid_map", &groups, 1, err);
}

/* The work of a child in the container's network. */
struct task {
	const struct nsc_plan *plan;	/* make the network; NULL: ... */
	int net;			/* ... enter this one */
	const struct nsc_config *config;
	const char *rules;
};

static int enter_network(const struct task *task, struct nsc_error *err)
{
	int ret;

	if (setns(task->net, CLONE_NEWNET) < 0)
		return nsc_error_sys(err, errno, "enter the network");
	ret = put_rules(task->rules, true, err);
	return ret < 0 ? ret : limit_windows(task->config, err);
}

/* Start the child, which then stays in the network until it is killed. */
static pid_t start_child(const struct task *task, int *pidfd,
			 struct nsc_error *err)
{
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	struct nsc_error own = NSC_ERROR_INIT;
	pid_t pid, self = getpid();
	int ret;

	if (nsc_fd_pipe(&in, &out) < 0)
		return nsc_error_sys(err, errno, "pipe");
	pid = nsc_process_fork(pidfd);
	if (pid == 0) {
		if (task->plan)
			hold_network(task->plan, task->rules, &own);
		else
			enter_network(task, &own);
		/* A change of ids would have cleared this. */
		nsc_process_die_with(self);
		nsc_error_send(out, &own);
		for (;;)
			pause();
	}
	nsc_fd_close(&out);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "make a process");
	ret = nsc_error_receive(in, err);
	if (ret > 0)
		ret = nsc_error_set(err, ECHILD, "nftables: the process that "
				    "runs it died");
	return ret < 0 ? ret : pid;
}

static int take_network(const struct nsc_plan *plan, const char *rules,
			int *fd, struct nsc_error *err)
{
	const struct task task = { .plan = plan, .rules = rules };
	_cleanup_fd_ int pidfd = -1;
	pid_t pid = start_child(&task, &pidfd, err);
	int ret = pid < 0 ? pid : map_owner(plan, pid, err);

	if (ret == 0) {
		*fd = nsc_namespace_open(pid, CLONE_NEWNET);
		if (*fd < 0)
			ret = nsc_error_sys(err, -*fd, "open the network "
					    "namespace");
	}
	if (pidfd >= 0)
		nsc_process_kill(pidfd);
	return ret;
}

/* Does the container's user namespace own its network? */
static int is_its_own(pid_t pid, int net, bool *ret, struct nsc_error *err)
{
	_cleanup_fd_ int own = nsc_namespace_open(pid, CLONE_NEWUSER);
	_cleanup_fd_ int host = nsc_namespace_open(0, CLONE_NEWUSER);
	_cleanup_fd_ int owner = ioctl(net, NS_GET_USERNS);
	struct stat a, b, c;

	if (own < 0 || host < 0 || owner < 0 || fstat(own, &a) < 0 ||
	    fstat(host, &b) < 0 || fstat(owner, &c) < 0)
		return nsc_error_sys(err, errno, "open the network namespace");
	*ret = a.st_ino != b.st_ino && a.st_ino == c.st_ino;
	return 0;
}

int nsc_lists_update(const struct nsc_config *config, pid_t pid,
		     struct nsc_error *err)
{
	_cleanup_fd_ int net = nsc_namespace_open(pid, CLONE_NEWNET);
	_cleanup_free_ char *rules = nsc_lists_print(config, true);
	const struct task task = { .net = net, .config = config,
				   .rules = rules };
	_cleanup_fd_ int pidfd = -1;
	bool own = false;
	int ret;

	if (net < 0 || !rules)
		return nsc_error_sys(err, rules ? -net : ENOMEM, "networks");
	/* If there can be no rules, there are none to take away. */
	if (!nsc_lists_wanted(config) && nsc_nft_load(NSC_IGNORE) < 0)
		return 0;
	ret = is_its_own(pid, net, &own, err);
	if (ret < 0)
		return ret;
	if (!own)
		ret = start_child(&task, &pidfd, err);
	if (pidfd >= 0)
		nsc_process_kill(pidfd);
	if (!own && ret != -ENOENT)
		return ret < 0 ? ret : 0;
	/* It has none of our rules, or root inside may have written them. */
	nsc_error_clear(err);
	return !nsc_lists_wanted(config) ? 0 :
		nsc_error_set(err, EOPNOTSUPP, "the container began without "
			      "them: they take effect in a new container");
}

int nsc_lists_open(const struct nsc_plan *plan, int *ret, struct nsc_error *err)
{
	_cleanup_free_ char *rules = NULL;

	if (!nsc_lists_wanted(plan->config))
		return 0;
	rules = nsc_lists_print(plan->config, false);
	if (!rules)
		return nsc_error_sys(err, ENOMEM, "networks");
	return take_network(plan, rules, ret, err) < 0 ?
		nsc_error_context(err, "%s: networks: allow, deny and rate",
				  plan->config->file) : 0;
}
