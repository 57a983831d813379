/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of the parent.  Runs in: nsinit and login-start, root of the host
 * (nsc_create), and the builder, their child that makes the container and then
 * becomes container-monitor.  Until the monitor watches, each of these
 * processes dies with its parent.
 */
#include "container/create.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/library.h"
#include "util/process.h"
#include "rootfs/console.h"
#include "container/clone_as.h"
#include "container/hooks.h"
#include "container/hooks_create.h"
#include "container/image.h"
#include "cgroup/cgroup_death.h"
#include "cgroup/cgroups.h"
#include "rootfs/exec_user.h"
#include "container/ping.h"
#include "container/init_attributes.h"
#include "container/init.h"
#include "container/start_monitor.h"
#include "network/network.h"
#include "network/resolver.h"
#include "util/paths.h"
#include "container/save.h"
#include "rootfs/rootfs.h"
#include "rundir/running.h"
#include "linux/confine.h"
#include "linux/namespace.h"
#include "linux/pidfd.h"
#include "linux/sysctl.h"

#define DEATH_MS 500		/* for the kernel to end a killed PID 1 */

struct builder {
	const struct nsc_plan *plan;
	int report;		/* to nsc_create */
	int program;		/* container-init */
	int host_mnt;
	int host_pid;
	int host_net;
	int net;		/* that PID 1 is born in; -1: its own */
	int go;			/* to the container's PID 1 */
	int init_report;	/* from PID 1, until its exec */
	pid_t pid;
	int pidfd;
	int home_userns;
	struct nsc_home_id home_id;
	struct nsc_exec_user exec_user;
	struct nsc_cgroups groups;
	struct nsc_network_made network;
	struct nsc_images images;
};

/* The builder must not keep the terminal or the pipes of nsinit's caller. */
static int drop_stdio(struct builder *b, struct nsc_error *err)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)b;
	for (int fd = 0; fd < 3; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return nsc_error_sys(err, errno, "open /dev/null");
	return 0;
}

static int open_host(struct builder *b, struct nsc_error *err)
{
	b->host_mnt = nsc_namespace_open(0, CLONE_NEWNS);
	b->host_pid = nsc_namespace_open(0, CLONE_NEWPID);
	b->host_net = nsc_namespace_open(0, CLONE_NEWNET);
	if (b->host_mnt < 0 || b->host_pid < 0 || b->host_net < 0)
		return nsc_error_set(err, ENOENT, "/proc is not there");
	return 0;
}

static int make_groups(struct builder *b, struct nsc_error *err)
{
	const struct nsc_cgroup_request request = nsc_plan_cgroups(b->plan);

	return nsc_cgroups_make(&request, &b->groups, err);
}

/* The container can only use a writable cgroup mount if it owns the groups. */
static int delegate_groups(struct builder *b, struct nsc_error *err)
{
	const struct nsc_config *config = b->plan->config;

	for (size_t i = 0; i < config->n_mounts; i++)
		if (config->mounts[i].type == NSC_MOUNT_CGROUP &&
		    config->mounts[i].writable)
			return nsc_cgroups_delegate(&b->groups,
						    b->plan->root_uid,
						    b->plan->root_gid, err);
	return 0;
}

/*
 * Wait until PID 1 has made its cgroup namespace, whose root is the group in
 * which PID 1 was then.
 */
static int settle_groups(struct builder *b, struct nsc_error *err)
{
	int ret = nsc_error_receive(b->init_report, err);

	if (ret < 0)
		return nsc_error_context(err, "PID 1");
	if (ret > 0)
		return nsc_error_set(err, ECHILD, "PID 1 died");
	return nsc_cgroups_settle(&b->groups, b->pid, err);
}

static int freeze_groups(struct builder *b, struct nsc_error *err)
{
	const struct nsc_cgroup_request request = nsc_plan_cgroups(b->plan);

	return nsc_cgroups_freeze(&request, err);
}

/*
 * Open container-init on a detached read-only mount.  /proc/1/exe leads there,
 * and nobody inside can make a mount writable that is in no namespace.
 */
static int open_program(struct builder *b, struct nsc_error *err)
{
	static const char path[] = NSC_LIBEXEC "/container-init";
	_cleanup_fd_ int file = open(path, O_PATH | O_CLOEXEC);
	_cleanup_fd_ int mount = -1;
	int ret;

	if (file < 0)
		return nsc_error_sys(err, errno, "open '%s'", path);
	mount = nsc_mount_clone(file, false, err);
	if (mount < 0)
		return nsc_error_context(err, "'%s'", path);
	ret = nsc_mount_restrict(mount, NSC_MOUNT_SAFE | MOUNT_ATTR_RDONLY,
				 false, err);
	if (ret < 0)
		return nsc_error_context(err, "'%s'", path);
	b->program = NSC_TAKE_FD(mount);
	return 0;
}

/* MS_SLAVE, because a bind with "private": false must see later host mounts. */
static int leave_host_mounts(struct builder *b, struct nsc_error *err)
{
	(void)b;
	nsc_library_stop();
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return nsc_error_sys(err, errno, "leave the host's mounts");
	return 0;
}

/* This comes while libraries may still be loaded. */
static int open_network(struct builder *b, struct nsc_error *err)
{
	return nsc_network_open(b->plan, &b->net, err);
}

/*
 * Join a network before PID 1 is made, because PID 1 has no privileges outside
 * its user namespace.
 */
static int join_network(struct builder *b, struct nsc_error *err)
{
	if (b->net >= 0 && setns(b->net, CLONE_NEWNET) < 0)
		return nsc_error_sys(err, errno, "join the network namespace");
	return 0;
}

/* The loopback inside is up, and PID 1 does not run yet. */
static int start_resolver(struct builder *b, struct nsc_error *err)
{
	return nsc_resolver_start(b->plan, b->net, b->pidfd, err);
}

static int leave_network(struct builder *b, struct nsc_error *err)
{
	if (setns(b->host_net, CLONE_NEWNET) < 0)
		return nsc_error_sys(err, errno, "return to the host's "
				     "network");
	return 0;
}

static int make_network(struct builder *b, struct nsc_error *err)
{
	return nsc_network_make(b->plan, b->pid, &b->network, err);
}

static int start_init(struct builder *b, struct nsc_error *err)
{
	unsigned int flags = b->plan->config->namespaces;
	uid_t owner = flags & CLONE_NEWUSER ? b->plan->user->uid : 0;
	int go[2], report[2];

	if (b->net >= 0)
		flags &= ~(unsigned int)CLONE_NEWNET;
	if (pipe2(go, O_CLOEXEC) < 0)
		return nsc_error_sys(err, errno, "pipe");
	b->go = go[1];
	if (pipe2(report, O_CLOEXEC) < 0) {
		close(go[0]);
		return nsc_error_sys(err, errno, "pipe");
	}
	b->init_report = report[0];
	b->pid = nsc_clone_as(owner, flags, nsc_cgroups_unified(&b->groups),
			      &b->pidfd, err);
	if (b->pid == 0) {
		const struct nsc_init init = {
			.plan = b->plan, .groups = &b->groups, .go = go[0],
			.report = report[1], .program = b->program,
		};

		close(go[1]);
		close(report[0]);
		nsc_init_run(&init);
	}
	close(go[0]);
	close(report[1]);
	return b->pid < 0 ? (int)b->pid : 0;
}

static int adjust_init(struct builder *b, struct nsc_error *err)
{
	return nsc_confine_oom(&b->plan->config->process, b->pid, err);
}

static int create_let_go(struct builder *b, struct nsc_error *err)
{
	if (write(b->go, "", 1) != 1)
		return nsc_error_sys(err, errno, "PID 1 has ended");
	return 0;
}

/* PID 1 waits until its clocks are set, if it has any. */
static int prepare_init(struct builder *b, struct nsc_error *err)
{
	int ret = nsc_attributes_of_init(b->plan->config, b->pid, err);

	return ret < 0 || !(b->plan->config->namespaces & CLONE_NEWTIME) ?
	       ret : create_let_go(b, err);
}

static int write_maps(struct builder *b, struct nsc_error *err)
{
	const struct nsc_plan *plan = b->plan;
	int ret = 0;

	if (plan->config->namespaces & CLONE_NEWUSER) {
		ret = nsc_idmap_write(b->pid, "uid_map", plan->uid_map,
				      plan->n_uid_map, err);
		if (ret == 0)
			ret = nsc_idmap_write(b->pid, "gid_map", plan->gid_map,
					      plan->n_gid_map, err);
	}
	return ret < 0 ? ret : create_let_go(b, err);
}

struct worker_answer {
	struct nsc_error err;
	struct nsc_exec_user exec_user;
	struct nsc_network_made network;
	struct nsc_home_id home_id;
};

static int mark_shell(const struct nsc_rootfs *rootfs, const char *shell,
		      struct nsc_error *err)
{
	if (symlinkat(shell, rootfs->dev, NSC_MARK_SHELL_NAME) < 0)
		return nsc_error_sys(err, errno, "make '%s'", NSC_MARK_SHELL);
	return 0;
}

/*
 * The worker's task: it joins the container's network, ipc, uts and cgroup
 * namespaces, and is in its pid namespace already.
 */
static int work(struct builder *b, int userns, struct worker_answer *answer)
{
	struct nsc_exec_user *exec_user = &answer->exec_user;
	struct nsc_error *err = &answer->err;
	const struct nsc_plan *plan = b->plan;
	const struct nsc_exec_user_request request = {
		.spec = plan->config->user,
		.login = plan->login ? plan->user : NULL,
		.shell = plan->config->shell,
		.host_ids = userns < 0,
		.more = plan->config->gids, .n_more = plan->config->n_gids,
	};
	struct nsc_rootfs rootfs = NSC_ROOTFS_INIT;
	int join = (int)plan->config->namespaces &
		   (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
		    CLONE_NEWCGROUP);
	int ret = nsc_network_start_helper(plan, b->pid, &answer->network, err);

	rootfs.plan = plan;
	rootfs.images = b->images;
	rootfs.userns = userns;
	rootfs.home_userns = b->home_userns;
	rootfs.complete = nsc_hooks_before_pivot;
	rootfs.pid = b->pid;
	rootfs.helper = answer->network.helper;
	if (ret < 0)
		return ret;
	if (join && setns(b->pidfd, join) < 0)
		return nsc_error_sys(err, errno, "join the new namespaces");
	ret = nsc_sysctl_apply(plan->config->sysctl, plan->root_uid, err);
	if (ret == 0)
		ret = nsc_ping_allow(plan, err);
	if (ret == 0)
		ret = nsc_network_configure(plan, &answer->network, err);
	if (ret == 0)
		ret = nsc_rootfs_build(&rootfs, err);
	answer->home_id = rootfs.home_id;
	if (ret == 0)
		ret = nsc_exec_user_find(&request, exec_user, err);
	if (ret == 0)
		ret = mark_shell(&rootfs, exec_user->shell, err);
	if (ret == 0)
		ret = nsc_console_hand_out(&rootfs, exec_user->uid, err);
	return ret;
}

static void __attribute__((noreturn))
run_worker(struct builder *b, int userns, int out)
{
	struct worker_answer answer = { .network = b->network };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	umask(0);
	work(b, userns, &answer);
	(void)!write(out, &answer, sizeof(answer));
	_exit(0);
}

static int wait_for_worker(struct builder *b, int in, int pidfd,
			   struct nsc_error *err)
{
	struct worker_answer answer;
	ssize_t n = read(in, &answer, sizeof(answer));

	nsc_process_wait(pidfd, -1, NULL);
	if (n != sizeof(answer))
		return nsc_error_set(err, ECHILD, "file systems: the worker "
				     "died");
	if (answer.err.code)
		return nsc_error_take(&answer.err, err);
	b->exec_user = answer.exec_user;
	b->network = answer.network;
	b->home_id = answer.home_id;
	return 0;
}

/*
 * The worker cannot do this: its pid namespace differs from that of /proc, so
 * it cannot find its own children there.
 */
static int map_home(struct builder *b, struct nsc_error *err)
{
	const struct nsc_plan *plan = b->plan;
	const struct nsc_idmap_pair pair = {
		plan->user->uid, plan->user_uid, plan->user->gid,
		plan->user_gid,
	};

	if (!plan->login ||
	    (pair.uid == pair.host_uid && pair.gid == pair.host_gid))
		return 0;
	b->home_userns = nsc_idmap_userns(&pair, err);
	return b->home_userns < 0 ? nsc_error_context(err, "map the home") :
				    0;
}

static int mount_images(struct builder *b, struct nsc_error *err)
{
	return nsc_image_mount_all(b->plan, &b->images, err);
}

static int build_rootfs(struct builder *b, struct nsc_error *err)
{
	bool has_userns = b->plan->config->namespaces & CLONE_NEWUSER;
	_cleanup_fd_ int userns = -1;
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	pid_t pid;

	userns = has_userns ? nsc_namespace_open(b->pid, CLONE_NEWUSER) : -1;
	if (has_userns && userns < 0)
		return nsc_error_sys(err, -userns, "open the user namespace");
	if (nsc_fd_pipe(&in, &out) < 0)
		return nsc_error_sys(err, errno, "pipe");
	if (setns(b->pidfd, CLONE_NEWPID) < 0)
		return nsc_error_sys(err, errno, "join the pid namespace");
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		run_worker(b, userns, out);
	if (setns(b->host_pid, CLONE_NEWPID) < 0 || pid < 0)
		return nsc_error_sys(err, pid < 0 ? -pid : errno,
				     "start the worker");
	nsc_fd_close(&out);
	return wait_for_worker(b, in, pidfd, err);
}

static int return_to_host(struct builder *b, struct nsc_error *err)
{
	if (setns(b->host_mnt, CLONE_NEWNS) < 0 || chdir("/") < 0)
		return nsc_error_sys(err, errno, "return to the host");
	return 0;
}

/* Save the stop hooks first, because they undo what the start hooks do. */
static int run_hooks(struct builder *b, struct nsc_error *err)
{
	const struct nsc_hooks hooks = {
		.plan = b->plan, .when = NSC_HOOK_START, .pid = b->pid,
		.rootfs = b->plan->config->rootfs,
	};
	int ret = nsc_hooks_save(b->plan, b->pid, err);

	return ret < 0 ? ret : nsc_hooks_run(&hooks, err);
}

/* A successful exec closes the report, so its end means success. */
static int wait_for_exec(struct builder *b, struct nsc_error *err)
{
	int ret = nsc_error_receive(b->init_report, err);

	if (ret < 0)
		return nsc_error_context(err, "PID 1");
	if (ret == 0 || !nsc_pidfd_alive(b->pidfd))
		return nsc_error_set(err, ECHILD, "PID 1 died");
	return 0;
}

static int save(struct builder *b, struct nsc_error *err)
{
	const struct nsc_save save = {
		.plan = b->plan,
		.pid = b->pid,
		.pidfd = b->pidfd,
		.exec_user = &b->exec_user,
		.network = &b->network,
		.has_groups = b->groups.n > 0,
		.namespaces = b->plan->config->namespaces,
		.home_id = b->home_id,
	};

	return nsc_save(&save, err);
}

static int become_monitor(struct builder *b, struct nsc_error *err)
{
	const struct nsc_monitor_start start = {
		.plan = b->plan, .pid = b->pid, .pidfd = b->pidfd,
		.go = b->go, .report = b->report,
	};

	return nsc_monitor_become(&start, err);
}

/*
 * A step that met a PID 1 which the kernel has killed knows only that it is
 * gone, perhaps a moment before it is.
 */
static void why_init_died(const struct builder *b, struct nsc_error *err)
{
	bool gone = err->code == ESRCH || err->code == ECHILD ||
		    err->code == EPIPE || err->code == ENOENT;
	int64_t deadline = nsc_process_now() + (gone ? DEATH_MS : 0);
	int status = 0;

	if (nsc_process_wait(b->pidfd, deadline, &status) == 0)
		nsc_death_explain(b->plan->rundir,
				  &b->plan->config->process.rlimits, status,
				  err);
}

static void __attribute__((noreturn))
create_build(struct builder *b, pid_t parent)
{
	/* The host, or somebody on it, would notice those marked outside. */
	static const struct {
		int (*run)(struct builder *b, struct nsc_error *err);
		bool outside;
	} steps[] = {
		{ drop_stdio, false },
		{ open_host, false },
		{ open_program, false },
		{ make_groups, false },
		{ open_network, false },
		{ leave_host_mounts, false },
		{ join_network, false },
		{ start_init, false },
		{ leave_network, false },
		{ make_network, false },
		{ adjust_init, false },
		{ write_maps, false },
		{ settle_groups, false },
		{ prepare_init, false },
		{ delegate_groups, false },
		{ map_home, false },
		{ mount_images, false },
		{ build_rootfs, false },
		{ return_to_host, false },
		{ start_resolver, true },
		{ run_hooks, true },
		{ create_let_go, false },
		{ wait_for_exec, false },
		{ save, false },
		{ freeze_groups, true },
		{ become_monitor, true },
	};
	struct nsc_error err = NSC_ERROR_INIT;

	setsid();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(steps); i++) {
		/* A change of ids in the step before has cleared this. */
		nsc_process_die_with(parent);
		if (!(b->plan->dry && steps[i].outside) &&
		    steps[i].run(b, &err) < 0)
			break;
	}
	nsc_network_undo(&b->network);
	if (b->pidfd >= 0) {
		why_init_died(b, &err);
		nsc_process_kill(b->pidfd);
	}
	nsc_error_send(b->report, &err);
	_exit(1);
}

static void poststart(const struct nsc_plan *plan)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int pidfd = nsc_running_find(plan->rundir, &state,
						  NSC_IGNORE);
	struct nsc_hooks hooks = {
		.plan = plan, .when = NSC_HOOK_POSTSTART,
		.rootfs = plan->config->rootfs,
	};

	if (pidfd < 0)
		return;
	hooks.pid = state->pid;
	nsc_hooks_run(&hooks, NSC_IGNORE);
}

int nsc_create(const struct nsc_plan *plan, struct nsc_error *err)
{
	struct builder b = {
		.plan = plan,
		.report = -1,
		.program = -1,
		.host_mnt = -1,
		.host_pid = -1,
		.host_net = -1,
		.net = -1,
		.go = -1,
		.init_report = -1,
		.pidfd = -1,
		.home_userns = -1,
		.groups = NSC_CGROUPS_INIT,
		.images = NSC_IMAGES_INIT,
	};
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int in = -1;
	pid_t pid, self = getpid();
	int ret;

	if (nsc_fd_pipe(&in, &b.report) < 0)
		return nsc_error_sys(err, errno, "pipe");
	pid = nsc_process_fork(&pidfd);
	if (pid == 0)
		create_build(&b, self);
	nsc_fd_close(&b.report);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "start the builder");
	ret = nsc_monitor_wait(in, plan->deadline, err);
	/* The builder may have become the monitor by now. */
	if (ret < 0)
		nsc_process_kill(pidfd);
	else if (!plan->dry)
		poststart(plan);
	return ret;
}
