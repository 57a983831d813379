/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The destinations that a container has reached, and those that its lists have
 * refused: from sets that the packets themselves fill, and from the file of
 * name-resolver.
 */
#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "linux/namespace.h"
#include "linux/nft_counted.h"
#include "linux/pidfd.h"
#include "rundir/running.h"
#include "util/fd.h"
#include "util/names.h"

static NSC_API_KEYS(network_keys, NSCONTAINER_KEYS_NETWORK);

struct seen {
	const struct nscontainer *container;
	const char *action;
	struct nscontainer_record **list;
	struct nsc_error *err;
	int ret;		/* the first error */
};

static void seen_add(struct seen *s, json_t *object)
{
	if (s->ret == 0)
		s->ret = nsc_api_add(s->list, network_keys, object, s->err);
	else
		json_decref(object);
}

static void add_destination(void *arg, const struct nsc_counted *one)
{
	char to[NSC_ADDRESS_SIZE], protocol[16];
	struct seen *s = arg;

	seen_add(s, json_pack(
		"{s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:I}", "user",
		s->container->user, "action", s->action, "to",
		nsc_address_print(&one->to, false, to), "protocol",
		nsc_counted_protocol(one->protocol, protocol), "port",
		(int)one->port, "packets", (json_int_t)one->packets, "bytes",
		(json_int_t)one->bytes, "last",
		(json_int_t)time(NULL) - one->age));
}

static void add_names(struct seen *s, int instance, bool refused)
{
	_cleanup_free_ struct nsc_names_asked *all =
		nsc_names_asked_read(instance);

	for (size_t i = 0; all && i < NSC_NAMES_ASKED_MAX; i++) {
		const struct nsc_names_asked *one = &all[i];
		uint64_t n = refused ? one->refused : one->allowed;

		if (n)
			seen_add(s, json_pack(
				"{s:s, s:s, s:s, s:s, s:i, s:I, s:n, s:I}",
				"user", s->container->user, "action",
				s->action, "to",
				*one->name ? one->name : "(others)",
				"protocol", "dns", "port", 0, "packets",
				(json_int_t)n, "bytes", "last",
				(json_int_t)one->last));
	}
}

static int add_all(struct seen *s, int instance, int net)
{
	_cleanup_fd_ int sock = nsc_nft_counted_open(net);
	const char *refused = nsc_names_has(instance, NSC_NAMES_OPEN) ?
				      "outside" : "refused";
	int ret = sock < 0 ? sock : 0;

	s->action = "reached";
	add_names(s, instance, false);
	if (ret == 0)
		ret = nsc_nft_counted_each(sock, NSC_NAMES_TABLE,
					   NSC_COUNTED_REACHED,
					   add_destination, s);
	s->action = refused;
	add_names(s, instance, true);
	if (ret == 0)
		ret = nsc_nft_counted_each(sock, NSC_NAMES_TABLE,
					   NSC_COUNTED_REFUSED,
					   add_destination, s);
	return ret < 0 ? nsc_error_sys(s->err, -ret, "read the sets of "
				       "nftables") : s->ret;
}

static int seen_read(const struct nscontainer *c,
		     struct nscontainer_record **list, struct nsc_error *err)
{
	struct seen seen = { .container = c, .list = list, .err = err };
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int instance = -1;
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int net = -1;

	if (c->dir)
		return nsc_error_set(err, EINVAL, "net: '%s' is a directory",
				     c->dir);
	instance = nsc_api_current(c->rundir, err);
	if (instance < 0)
		return instance;
	pidfd = nsc_running_find(instance, &state, err);
	if (pidfd < 0)
		return pidfd;
	if (faccessat(instance, NSC_FILE_NAMES, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return nsc_error_set(err, EOPNOTSUPP, "the container has no "
				     "list of hosts: networks[].allow or deny, "
				     "with \"enforce\": false to only record");
	net = nsc_namespace_open(state->pid, CLONE_NEWNET);
	if (net < 0 || !nsc_pidfd_alive(pidfd))
		return nsc_error_set(err, ESRCH, "the container has ended");
	return add_all(&seen, instance, net);
}

NSC_PUBLIC int nscontainer_network(const struct nscontainer *container,
				   struct nscontainer_record **ret,
				   struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	struct nscontainer_record *list = NULL;
	int error = seen_read(container, &list, &e);

	if (error == 0)
		*ret = list;
	else
		nscontainer_record_free(list);
	if (error < 0 && container->user)
		nsc_error_context(&e, "%s", container->user);
	return nsc_api_result(error, &e, err);
}
