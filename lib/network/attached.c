/* SPDX-License-Identifier: Apache-2.0 */
#include "network/attached.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup/cgroup.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/kv.h"
#include "util/proc.h"
#include "util/process.h"
#include "util/text.h"
#include "network/bridge.h"
#include "network/host_ports.h"
#include "network/nft.h"
#include "network/pool.h"
#include "network/rules.h"
#include "linux/netlink.h"

#define DIR NSC_RUNDIR "/.network"
#define FILE_NAME "attached"

#define FIELD(name, kind) { #name, NSC_KV_##kind, \
			    offsetof(struct nsc_attached, name), 0 }
static const struct nsc_kv_field fields[] = {
	FIELD(name, STRING),
	FIELD(port, STRING),
	FIELD(bridge, STRING),
	FIELD(pid, UINT),
	FIELD(start, U64),
	{ "address", NSC_KV_OPTIONAL,
	  offsetof(struct nsc_attached, address[0]), 0 },
	{ "address6", NSC_KV_OPTIONAL,
	  offsetof(struct nsc_attached, address[1]), 0 },
	FIELD(ports, VECTOR),
};
#undef FIELD

static const struct nsc_kv attached_kv = {
	.name = FILE_NAME, .max = 16 * NSC_FILE_MAX,
	.size = sizeof(struct nsc_attached),
	.fields = fields, .n = NSC_ARRAY_SIZE(fields),
};

/* The file, locked, and its records of containers that run. */
struct attached {
	struct nsc_pool file;
	struct nsc_attached *list;
	size_t n;
	struct nl_sock *sock;
	bool changed;		/* one has ended */
	bool look;		/* a check: change nothing */
};

static void attached_close(struct attached *a)
{
	for (size_t i = 0; i < a->n; i++)
		nsc_kv_free(&attached_kv, &a->list[i]);
	free(a->list);
	nsc_netlink_close(&a->sock);
	nsc_pool_close(&a->file);
}

#define _cleanup_attached_ __attribute__((cleanup(attached_close)))
#define ATTACHED_INIT { .file = NSC_POOL_INIT }

static bool attached_runs(const struct nsc_attached *one)
{
	struct nsc_proc_stat stat;

	return nsc_proc_stat((pid_t)one->pid, &stat) == 0 && !stat.ending &&
	       stat.start == one->start;
}

/*
 * Read the records.  An interface whose container has ended is removed at once:
 * the kernel does it, too, but only when nobody has the namespace any more.
 */
static int attached_read(struct attached *a, struct nsc_error *err)
{
	char *text = a->file.text;

	while (*text) {
		struct nsc_attached one = { .name = NULL }, *list;
		int ret = nsc_kv_parse(&attached_kv, &text, &one, err);

		if (ret < 0) {
			nsc_kv_free(&attached_kv, &one);
			return nsc_error_context(err, DIR);
		}
		if (!attached_runs(&one)) {
			if (!a->look)
				nsc_netlink_delete(a->sock, one.port,
						   NSC_IGNORE);
			nsc_kv_free(&attached_kv, &one);
			a->changed = true;
			continue;
		}
		list = reallocarray(a->list, a->n + 2, sizeof(*list));
		if (!list) {
			nsc_kv_free(&attached_kv, &one);
			return nsc_error_sys(err, ENOMEM, DIR);
		}
		list[a->n++] = one;
		a->list = list;
	}
	return 0;
}

/* make: also the directory; without it, there are no records. */
static int attached_open(struct attached *a, bool make, struct nsc_error *err)
{
	int ret = nsc_nft_load(err);

	a->look = !make;
	if (ret == 0)
		ret = nsc_netlink_open(&a->sock, err);
	if (ret < 0 || (!make && access(DIR, F_OK) < 0))
		return ret;
	ret = nsc_pool_open(DIR, FILE_NAME, &a->file, err);
	return ret < 0 ? ret : attached_read(a, err);
}

/* Write the records, n of them, before what they describe is made. */
static int attached_write(const struct attached *a, size_t n,
			  struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	int ret = nsc_kv_print(&attached_kv, a->list, n, &text, err);

	return ret < 0 ? ret : nsc_file_write_at(a->file.dir, FILE_NAME, text,
						 strlen(text), 0600, err);
}

static int attached_set_rules(const struct attached *a, size_t n,
			      struct nsc_error *err)
{
	_cleanup_free_ char *rules = nsc_rules_print(a->list, n);

	return rules ? nsc_nft_run(rules, NULL, err) :
		       nsc_error_sys(err, ENOMEM, "rules");
}

/* The bridge goes first, so that nothing of it is without rules. */
static int attached_remove_all(struct attached *a, struct nsc_error *err)
{
	int ret = nsc_bridge_remove(a->sock, err);

	if (ret == 0)
		ret = nsc_nft_run(nsc_rules_remove, NULL, err);
	if (ret == 0 && unlinkat(a->file.dir, FILE_NAME, 0) < 0 &&
	    errno != ENOENT)
		ret = nsc_error_sys(err, errno, DIR "/" FILE_NAME);
	return ret;
}

static int attached_sweep(bool always, struct nsc_error *err)
{
	_cleanup_attached_ struct attached a = ATTACHED_INIT;
	int ret;

	if (access(DIR "/" FILE_NAME, F_OK) < 0)
		return 0;
	ret = attached_open(&a, true, err);
	if (ret == 0 && !a.n)
		return attached_remove_all(&a, err);
	if (ret == 0 && (a.changed || always))
		ret = attached_set_rules(&a, a.n, err);
	if (ret == 0 && a.changed)
		ret = attached_write(&a, a.n, err);
	return ret < 0 ? nsc_error_context(err, "network of containers") : 0;
}

static void sweep_in_child(const void *arg, void *answer)
{
	if (attached_sweep(*(const bool *)arg, answer) == 0)
		nsc_error_clear(answer);
}

/* As in nsc_veth_make(): the monitor, which has this run, is in a slice. */
int nsc_attached_sweep(bool always, struct nsc_error *err)
{
	const struct nsc_process_question question = {
		sweep_in_child, &always, -1,
	};
	_cleanup_fd_ int group = nsc_cgroup_root();
	struct nsc_error answer = NSC_ERROR_INIT;
	int ret = nsc_process_ask_in(&group, &question, &answer,
				     sizeof(answer));

	if (ret < 0)
		return nsc_error_sys(err, -ret, "network of containers");
	return nsc_error_take(&answer, err);
}

bool nsc_attached_on_bridge(const struct nsc_config_network *n)
{
	return n->type == NSC_NETWORK_VETH &&
	       !strcmp(n->bridge, NSC_NETWORK_AUTO);
}

bool nsc_attached_is(const struct nsc_config_network *n)
{
	return nsc_attached_on_bridge(n) ||
	       (n->type == NSC_NETWORK_VETH && n->n_ports);
}

/* A new record, in memory that 'made' owns. */
struct made {
	char name[1024];
	char address[2][NSC_ADDRESS_SIZE];
	char ports[NSC_PORTS_MAX][NSC_PORT_TEXT];
	char *port_list[NSC_PORTS_MAX + 1];
};

/* The first address of this family: of the file, or the automatic one. */
static bool made_find_address(const struct nsc_plan *plan,
			      const struct nsc_config_network *n, size_t v6,
			      struct nsc_address *ret)
{
	for (char **t = n->address; t && *t; t++) {
		if (nsc_address_parse(*t, true, ret) < 0)
			*ret = plan->automatic[v6].address;
		if (ret->family == (v6 ? AF_INET6 : AF_INET))
			return true;
	}
	return false;
}

static void made_fill(struct made *made, const struct nsc_plan *plan, size_t i,
		      struct nsc_attached *ret)
{
	const struct nsc_config_network *n = &plan->config->networks[i];
	struct nsc_address address;

	ret->name = made->name;
	nsc_text_escape(plan->login ? plan->user->name : plan->config->file,
			made->name, sizeof(made->name));
	ret->bridge = nsc_attached_on_bridge(n) ?
			      (char *)(uintptr_t)NSC_BRIDGE : n->bridge;
	for (size_t v6 = 0; v6 < 2; v6++)
		if (made_find_address(plan, n, v6, &address)) {
			nsc_address_print(&address, true, made->address[v6]);
			ret->address[v6] = made->address[v6];
		}
	for (size_t k = 0; k < n->n_ports; k++) {
		nsc_port_print(&n->ports[k], made->ports[k]);
		made->port_list[k] = made->ports[k];
	}
	ret->ports = made->port_list;
}

/* Refuse a port that another container, or a process of the host, has. */
static int check_ports(const struct attached *a, const struct nsc_attached *new,
		       const struct nsc_ports_for *who, struct nsc_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < a->n; i++)
		for (char **p = a->list[i].ports; ret == 0 && p && *p; p++)
			/* Its own container gives way to a new one. */
			if (strcmp(a->list[i].name, new->name) != 0)
				ret = nsc_host_ports_differ(new->ports, *p,
							    a->list[i].name,
							    err);
	return ret < 0 ? ret : nsc_host_ports_free(new->ports, who, err);
}

static int check_forwarding(const struct nsc_attached *new,
			    struct nsc_error *err)
{
	static const char *const keys[] = { "ipv4/ip_forward",
					    "ipv6/conf/all/forwarding" };

	for (size_t v6 = 0; v6 < 2; v6++) {
		char path[64], value[8] = "0";

		if (!new->address[v6])
			continue;
		snprintf(path, sizeof(path), "/proc/sys/net/%s", keys[v6]);
		nsc_file_read_text(AT_FDCWD, path, value, sizeof(value));
		if (value[0] == '0')
			return nsc_error_set(err, EHOSTUNREACH, "the host does "
					     "not forward packets: 'sysctl -w "
					     "net/%s=1', and the same in a "
					     "file in /etc/sysctl.d",
					     keys[v6]);
	}
	return 0;
}

/* Without an address of the host there, it cannot send to the container. */
static int check_bridge_address(struct nl_sock *sock,
				const struct nsc_attached *new,
				struct nsc_error *err)
{
	struct nsc_address address, list[16];
	bool found = false;
	int n;

	if (!new->address[0] && !new->address[1])
		return nsc_error_set(err, EINVAL, "ports need an address of "
				     "the container");
	if (!strcmp(new->bridge, NSC_BRIDGE))
		return 0;
	n = nsc_netlink_addresses(sock, new->bridge, list, 16, err);
	for (size_t v6 = 0; n >= 0 && v6 < 2; v6++) {
		if (!new->address[v6] ||
		    nsc_address_parse(new->address[v6], true, &address) < 0)
			continue;
		for (int i = 0; i < n; i++)
			found |= nsc_address_covers(&list[i], &address);
		if (!found)
			return nsc_error_set(err, EADDRNOTAVAIL, "ports need "
					     "an address of the host on '%s', "
					     "in the network of %s",
					     new->bridge, new->address[v6]);
		found = false;
	}
	return n < 0 ? n : 0;
}

static int check_all(struct attached *a, const struct nsc_attached *new,
		     uid_t except, struct nsc_error *err)
{
	const struct nsc_ports_for who = { .except = except };
	int ret = check_forwarding(new, err);

	if (ret == 0)
		ret = check_bridge_address(a->sock, new, err);
	return ret < 0 ? ret : check_ports(a, new, &who, err);
}

/* pasta binds the ports itself, but a rule would take what comes for them. */
static int check_pasta(const struct nsc_attached *new, uid_t user,
		       struct nsc_error *err)
{
	const struct nsc_ports_for who = { .binds = true, .except = user };
	_cleanup_attached_ struct attached a = ATTACHED_INIT;
	int ret;

	/* Of the programs of root, none is known to be pasta. */
	if (!user)
		return 0;
	ret = nsc_host_ports_allowed(new->ports, err);
	if (ret == 0 && access(DIR "/" FILE_NAME, F_OK) == 0)
		ret = attached_open(&a, false, err);
	return ret < 0 ? ret : check_ports(&a, new, &who, err);
}

static int check_network(const struct nsc_plan *plan, size_t i,
			 struct nsc_error *err)
{
	_cleanup_attached_ struct attached a = ATTACHED_INIT;
	struct made made = { .port_list = { NULL } };
	struct nsc_attached new = { .name = NULL };
	uid_t user = plan->user->uid;
	int ret;

	made_fill(&made, plan, i, &new);
	if (plan->config->networks[i].type == NSC_NETWORK_PASTA)
		return check_pasta(&new, user, err);
	ret = attached_open(&a, false, err);
	return ret < 0 ? ret : check_all(&a, &new, user ? user :
					       NSC_PORTS_NOBODY, err);
}

int nsc_attached_check(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;

	for (size_t i = 0; i < config->n_networks; i++) {
		const struct nsc_config_network *n = &config->networks[i];

		if ((nsc_attached_is(n) || n->n_ports) &&
		    check_network(plan, i, err) < 0)
			return nsc_error_context(err, "%s: networks[%zu]",
						 config->file, i);
	}
	return 0;
}

static bool same_text(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* The pool gives an address to one user, who has one container with it. */
static int check_addresses(const struct attached *a,
			   const struct nsc_attached *new,
			   struct nsc_error *err)
{
	for (size_t i = 0; i < a->n; i++)
		/* This start may have tried another name before. */
		if (a->list[i].pid != new->pid &&
		    same_text(a->list[i].address[0], new->address[0]) &&
		    same_text(a->list[i].bridge, new->bridge))
			return nsc_error_set(err, EADDRINUSE, "%s: the "
					     "container of '%s' has this "
					     "address", new->address[0],
					     a->list[i].name);
	return 0;
}

static int claim_on(struct attached *a, const struct nsc_claim *claim,
		    const struct nsc_attached *new, struct nsc_error *err)
{
	const struct nsc_plan *plan = claim->plan;
	const struct nsc_address gateways[2] = { plan->automatic[0].router,
						 plan->automatic[1].router };
	struct nsc_attached *list = reallocarray(a->list, a->n + 1,
						 sizeof(*list));
	int ret;

	if (!list)
		return nsc_error_sys(err, ENOMEM, "network");
	a->list = list;
	list[a->n] = *new;	/* a->n stays: the caller owns it */
	ret = check_all(a, new, NSC_PORTS_NOBODY, err);
	if (ret == 0)
		ret = check_addresses(a, new, err);
	if (ret == 0)
		ret = attached_write(a, a->n + 1, err);
	if (ret == 0)
		ret = attached_set_rules(a, a->n + 1, err);
	if (ret == 0 && !strcmp(new->bridge, NSC_BRIDGE))
		ret = nsc_bridge_make(a->sock, gateways, err);
	/* Not a reason to try another name. */
	return ret == -EEXIST ? -EADDRINUSE : ret;
}

int nsc_attached_claim(const struct nsc_claim *claim, int *lock,
		       struct nsc_error *err)
{
	_cleanup_attached_ struct attached a = ATTACHED_INIT;
	struct made made = { .port_list = { NULL } };
	struct nsc_attached new = {
		.port = (char *)(uintptr_t)claim->port,
		.pid = (unsigned int)claim->pid,
	};
	struct nsc_proc_stat stat;
	int ret = nsc_proc_stat(claim->pid, &stat);

	if (ret < 0)
		return nsc_error_sys(err, -ret, "PID 1");
	new.start = stat.start;
	made_fill(&made, claim->plan, claim->network, &new);
	ret = attached_open(&a, true, err);
	if (ret == 0)
		ret = claim_on(&a, claim, &new, err);
	if (ret == 0)
		*lock = NSC_TAKE_FD(a.file.lock);
	return ret;
}
