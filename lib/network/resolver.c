/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the builder, and nsinit, root of the host; its child becomes
 * name-resolver, as the user, with CAP_NET_ADMIN over the container's network.
 */
#include "network/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/capability.h"
#include "linux/credential.h"
#include "linux/namespace.h"
#include "linux/nft_element.h"
#include "network/lists_names.h"
#include "util/names.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/process.h"

#define PROGRAM NSC_LIBEXEC "/name-resolver"

/* One write of the whole: a reader sees its end, or knows that it does not. */
static int write_names(const struct nsc_config *config, int fd,
		       struct nsc_error *err)
{
	_cleanup_free_ char *text = nsc_lists_names(config);
	size_t size = text ? strlen(text) : 0;

	if (!text)
		return nsc_error_sys(err, ENOMEM, "names");
	if (strncmp(text, "server ", strlen("server ")) != 0)
		return nsc_error_set(err, ENOENT, "names need a name server: "
				     "/etc/resolv.conf of the host has none, "
				     "and there is no context.dns");
	if (size > NSC_NAMES_MAX)
		return nsc_error_set(err, E2BIG, "the names are too long "
				     "together");
	if (ftruncate(fd, 0) < 0 ||
	    pwrite(fd, text, size, 0) != (ssize_t)size)
		return nsc_error_sys(err, errno, "write the names");
	return 0;
}

static int open_names(int instance, int flags)
{
	return openat(instance, NSC_FILE_NAMES, flags | O_NOFOLLOW | O_CLOEXEC,
		      0600);
}

/* The sockets of the program, made in the container's network. */
static int open_sockets(int net, int *question, int *netlink,
			struct nsc_error *err)
{
	_cleanup_fd_ int host = nsc_namespace_open(0, CLONE_NEWNET);
	struct sockaddr_in here = { .sin_family = AF_INET,
				    .sin_port = htons(53) };

	inet_pton(AF_INET, NSC_LISTS_DNS, &here.sin_addr);
	if (host < 0 || setns(net, CLONE_NEWNET) < 0)
		return nsc_error_sys(err, errno, "enter the network");
	*netlink = nsc_nft_element_open();
	*question = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (*netlink < 0 || *question < 0 ||
	    bind(*question, (const struct sockaddr *)&here, sizeof(here)) < 0)
		return nsc_error_sys(err, errno, "listen at " NSC_LISTS_DNS);
	if (setns(host, CLONE_NEWNET) < 0)
		return nsc_error_sys(err, errno, "leave the network");
	return 0;
}

/* The rights of the user over the namespace, and of these one. */
static int become_owner(const struct nsc_plan *plan, int owner,
			struct nsc_error *err)
{
	int ret = nsc_credential_become(plan->user->uid, plan->user->gid, NULL,
					0, err);

	if (ret < 0)
		return ret;
	if (setns(owner, CLONE_NEWUSER) < 0)
		return nsc_error_sys(err, errno, "enter the user namespace");
	ret = nsc_capability_bound(UINT64_C(1) << CAP_NET_ADMIN, err);
	return ret < 0 ? ret :
		nsc_capability_ambient(UINT64_C(1) << CAP_NET_ADMIN, err);
}

static void __attribute__((noreturn))
run_resolver(const struct nsc_plan *plan, int net, int pid1, int report)
{
	char name[] = "name-resolver";
	char *const argv[] = { name, NULL }, *const envp[] = { NULL };
	struct nsc_error err = NSC_ERROR_INIT;
	int owner = ioctl(net, NS_GET_USERNS), question = -1, netlink = -1;
	int names = open_names(plan->rundir, O_RDONLY);

	if (open_sockets(net, &question, &netlink, &err) == 0) {
		const int keep[] = { question, netlink, names, pid1, owner,
				     report };

		nsc_process_clean(keep, 6);
		report = 8;
		fcntl(7, F_SETFD, FD_CLOEXEC);
		fcntl(report, F_SETFD, FD_CLOEXEC);
		if (become_owner(plan, 7, &err) == 0) {
			execve(PROGRAM, argv, envp);
			nsc_error_sys(&err, errno, "run '%s'", PROGRAM);
		}
	}
	nsc_error_send(report, &err);
	_exit(127);
}

int nsc_resolver_start(const struct nsc_plan *plan, int net, int pid1,
		       struct nsc_error *err)
{
	_cleanup_fd_ int names = -1;
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid;
	int ret;

	if (!nsc_lists_have_names(plan->config))
		return 0;
	names = open_names(plan->rundir, O_WRONLY | O_CREAT | O_EXCL);
	if (names < 0 || nsc_fd_pipe(&in, &out) < 0)
		return nsc_error_sys(err, errno, "names");
	ret = write_names(plan->config, names, err);
	if (ret < 0)
		return ret;
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		run_resolver(plan, net, pid1, out);
	nsc_fd_close(&out);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "start name-resolver");
	/* A successful exec closes the report. */
	ret = nsc_error_receive(in, err);
	return ret < 0 ? nsc_error_context(err, "names") : 0;
}

int nsc_resolver_update(const struct nsc_config *config, int instance,
			struct nsc_error *err)
{
	_cleanup_fd_ int names = open_names(instance, O_WRONLY);

	if (names >= 0)
		return write_names(config, names, err);
	return !nsc_lists_have_names(config) ? 0 :
		nsc_error_set(err, EOPNOTSUPP, "the container began without "
			      "names: they take effect in a new container");
}
