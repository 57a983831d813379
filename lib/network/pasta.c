/* SPDX-License-Identifier: Apache-2.0 */
#include "network/pasta.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/port_keys.h"
#include "util/address.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "linux/credential.h"
#include "linux/mount.h"
#include "linux/namespace.h"

/* On a tmpfs that only the worker sees. */
static const char user_ns[] = NSC_RUNDIR "/user";
static const char net_ns[] = NSC_RUNDIR "/net";
static const char ready_fifo[] = NSC_RUNDIR "/ready";
static const char log_file[] = NSC_RUNDIR "/log";

#define ARGUMENTS_MAX (40 + 2 * NSC_PORTS_MAX)

static const char *const programs[] = { "/usr/bin/pasta",
					"/usr/local/bin/pasta" };

static const char *find_program(void)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(programs); i++)
		if (access(programs[i], X_OK) == 0)
			return programs[i];
	return NULL;
}

int nsc_pasta_check(struct nsc_error *err)
{
	if (!find_program())
		return nsc_error_set(err, ENOENT, "%s does not exist: install "
				     "passt", programs[0]);
	if (access("/dev/net/tun", F_OK) < 0)
		return nsc_error_set(err, ENOENT, "/dev/net/tun does not "
				     "exist: pasta needs the kernel's module "
				     "tun");
	return 0;
}

/* Bind the namespace to a path, so that pasta needs no access to /proc. */
static int bind_namespace(int ns, const char *path, struct nsc_error *err)
{
	_cleanup_fd_ int file = open(path, O_WRONLY | O_CREAT | O_EXCL |
				     O_CLOEXEC, 0444);
	char source[64];

	snprintf(source, sizeof(source), "/proc/self/fd/%d", ns);
	if (file < 0 || mount(source, path, NULL, MS_BIND, NULL) < 0)
		return nsc_error_sys(err, errno, "bind '%s'", path);
	return 0;
}

/*
 * The network of the container, and the user namespace that owns it: that of
 * the container, or with lists another one.
 */
static int bind_network(pid_t pid, struct nsc_error *err)
{
	_cleanup_fd_ int net = nsc_namespace_open(pid, CLONE_NEWNET);
	_cleanup_fd_ int user = net < 0 ? -1 : ioctl(net, NS_GET_USERNS);
	int ret;

	if (user < 0)
		return nsc_error_sys(err, errno, "open the network namespace");
	ret = bind_namespace(user, user_ns, err);
	return ret < 0 ? ret : bind_namespace(net, net_ns, err);
}

static int make_place(const struct nsc_pasta_request *request,
		      struct nsc_error *err)
{
	static const struct nsc_tmpfs place = { .mode = 0755, .size = "16k" };
	_cleanup_fd_ int run = nsc_file_make_dir(NSC_RUNDIR, 0755, err);
	_cleanup_fd_ int mount = -1;
	int ret;

	mount = run < 0 ? -1 : nsc_mount_tmpfs(&place, err);
	if (mount < 0)
		return -err->code;
	ret = nsc_mount_attach(mount, run, err);
	if (ret == 0)
		ret = bind_network(request->pid, err);
	if (ret < 0)
		return ret;
	if (mkfifo(ready_fifo, 0600) < 0 ||
	    chown(ready_fifo, request->owner, request->group) < 0)
		return nsc_error_sys(err, errno, "make '%s'", ready_fifo);
	return 0;
}

struct arguments {
	char *list[ARGUMENTS_MAX + 1];
	size_t n;
	char mtu[16];
	char address[2][NSC_ADDRESS_SIZE];
	char length[16];
	char ports[NSC_PORTS_MAX][NSC_ADDRESS_SIZE + 32];
};

static void pasta_add(struct arguments *a, const char *text)
{
	if (a->n < ARGUMENTS_MAX)
		a->list[a->n++] = (char *)(uintptr_t)text;
}

static void pasta_add_addresses(struct arguments *a,
				const struct nsc_config_network *n)
{
	struct nsc_address address;

	for (size_t i = 0; n->address && n->address[i] && i < 2; i++) {
		if (nsc_address_parse(n->address[i], true, &address) < 0)
			continue;
		pasta_add(a, "-a");
		pasta_add(a, nsc_address_print(&address, false, a->address[i]));
		if (address.family != AF_INET)
			continue;
		snprintf(a->length, sizeof(a->length), "%u", address.length);
		pasta_add(a, "-n");
		pasta_add(a, a->length);
	}
	for (size_t i = 0; n->gateway && n->gateway[i]; i++) {
		pasta_add(a, "-g");
		pasta_add(a, n->gateway[i]);
	}
	if (n->mtu) {
		snprintf(a->mtu, sizeof(a->mtu), "%u", n->mtu);
		pasta_add(a, "-m");
		pasta_add(a, a->mtu);
	}
}

/*
 * Without an option, pasta forwards each port that is open inside.  A dry run
 * leaves the ports to the running container.
 */
static void add_ports(struct arguments *a, bool udp,
		      const struct nsc_pasta_request *request)
{
	const struct nsc_config_network *n = request->network;
	const char *option = udp ? "-u" : "-t";
	char host[NSC_PORTS_RANGE], inside[NSC_PORTS_RANGE];
	char address[NSC_ADDRESS_SIZE];
	bool found = false;

	for (size_t i = 0; i < n->n_ports && !request->dry; i++) {
		const struct nsc_port *p = &n->ports[i];

		if (p->udp != udp)
			continue;
		nsc_address_print(&p->address, false, address);
		snprintf(a->ports[i], sizeof(a->ports[i]), "%s%s%s:%s", address,
			 address[0] ? "/" : "",
			 nsc_ports_print_range(p->host, p->count, host),
			 nsc_ports_print_range(p->inside, p->count, inside));
		pasta_add(a, option);
		pasta_add(a, a->ports[i]);
		found = true;
	}
	if (!found) {
		pasta_add(a, option);
		pasta_add(a, "none");
	}
}

/*
 * The container cannot reach the host's own addresses: without these options,
 * it could.
 */
static void fill_arguments(struct arguments *a,
			   const struct nsc_pasta_request *request)
{
	static const char *const fixed[] = {
		"pasta", "-f", "--config-net", "--no-netns-quit",
		"-T", "none", "-U", "none",
		"--no-map-gw", "--dns-forward", NSC_PASTA_DNS,
		"-P", ready_fifo, "--userns", user_ns, "--netns", net_ns,
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(fixed); i++)
		pasta_add(a, fixed[i]);
	pasta_add(a, "-I");
	pasta_add(a, request->name);
	add_ports(a, false, request);
	add_ports(a, true, request);
	pasta_add_addresses(a, request->network);
}

static void __attribute__((noreturn))
pasta_run(const struct nsc_pasta_request *request, int log)
{
	char path[] = "PATH=/usr/bin:/bin", root[] = "0:0", runas[] = "--runas";
	char *const envp[] = { path, NULL };
	struct arguments a = { .n = 0 };
	struct nsc_error err = NSC_ERROR_INIT;
	const char *program = find_program();

	fill_arguments(&a, request);
	if (request->owner == 0) {
		pasta_add(&a, runas);
		pasta_add(&a, root);
	}
	if (!program || nsc_process_clean(&log, 1) < 0 || dup2(3, 2) < 0)
		_exit(127);
	close(3);
	if (nsc_credential_become(request->owner, request->group, NULL, 0,
				  &err) == 0) {
		execve(program, a.list, envp);
		nsc_error_sys(&err, errno, "run '%s'", program);
	}
	dprintf(2, "%s\n", err.text);
	_exit(127);
}

/* Report pasta's last line; a line about a missing syslog is not the reason. */
static int pasta_explain(struct nsc_error *err)
{
	_cleanup_file_ FILE *log = fopen(log_file, "re");
	char line[256], last[256] = "it ended without a message";

	while (log && fgets(line, sizeof(line), log)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && strncmp(line, "Failed to send", 14) != 0)
			strcpy(last, line);
	}
	return nsc_error_set(err, ECHILD, "pasta: %s", last);
}

/* pasta writes its pid into ready_fifo when the interface is ready. */
static int wait_until_ready(int ready, int pidfd, int64_t deadline,
			    struct nsc_error *err)
{
	struct pollfd p[] = {
		{ .fd = ready, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};

	for (;;) {
		int64_t left = deadline < 0 ? 1000 :
				       deadline - nsc_process_now();

		if (left <= 0)
			return nsc_error_set(err, ETIMEDOUT, "pasta was not "
					     "ready within start_timeout");
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			return nsc_error_sys(err, errno, "wait for pasta");
		if (p[0].revents & POLLIN)
			return 0;
		if (p[1].revents)
			return pasta_explain(err);
	}
}

static int pasta_start(const struct nsc_pasta_request *request,
		       struct nsc_error *err)
{
	_cleanup_fd_ int ready = -1;
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int log = -1;
	pid_t pid;
	int ret;

	ready = open(ready_fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	log = open(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (ready < 0 || log < 0)
		return nsc_error_sys(err, errno, "open '%s'", ready_fifo);
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		pasta_run(request, log);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "start pasta");
	ret = wait_until_ready(ready, pidfd, request->deadline, err);
	return ret < 0 ? ret : pid;
}

int nsc_pasta_start(const struct nsc_pasta_request *request,
		    struct nsc_error *err)
{
	int ret = make_place(request, err);

	if (ret == 0)
		ret = pasta_start(request, err);
	umount2(NSC_RUNDIR, MNT_DETACH);
	return ret;
}
