/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the child that clone3(2) made with the container's namespaces,
 * except the mount and cgroup namespaces, which it makes later.  Starts with:
 * all capabilities in the container's user namespace, or those of host root
 * without a user namespace.  Ends as: container-init, the container's root
 * with only CAP_KILL, under the built-in system-call filter unless the
 * container is unconfined; or an init of the rootfs, with the rights of a
 * session.
 */
#include "container/init.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/paths.h"
#include "util/text.h"
#include "container/exec_try.h"
#include "container/hooks.h"
#include "container/init_attributes.h"
#include "linux/capability.h"
#include "linux/confine.h"
#include "linux/credential.h"
#include "linux/keyring.h"
#include "linux/label.h"
#include "linux/namespace.h"

static int enter_groups(const struct nsc_init *init, struct nsc_error *err)
{
	return nsc_cgroups_enter(init->groups, err);
}

static int wait_for_go(const struct nsc_init *init, struct nsc_error *err)
{
	char byte;

	if (read(init->go, &byte, 1) != 1)
		return nsc_error_set(err, EPIPE, "the builder has died");
	return 0;
}

static int attributes(const struct nsc_init *init, struct nsc_error *err)
{
	return nsc_init_attributes(init->plan->config, err);
}

static int limit(const struct nsc_init *init, struct nsc_error *err)
{
	const struct nsc_config *config = init->plan->config;

	return nsc_rlimit_apply(&config->process.rlimits, err);
}

static int init_become_root(const struct nsc_init *init, struct nsc_error *err)
{
	static const gid_t group[] = { 0 };

	(void)init;
	return nsc_credential_become(0, 0, group, 1, err);
}

/*
 * clone3() cannot make this namespace: its root would be the caller's group,
 * even with CLONE_INTO_CGROUP, and so the builder's.
 */
static int init_own_groups(const struct nsc_init *init, struct nsc_error *err)
{
	if (init->plan->config->namespaces & CLONE_NEWCGROUP &&
	    unshare(CLONE_NEWCGROUP) < 0)
		return nsc_error_sys(err, errno, "make the cgroup namespace");
	return 0;
}

/*
 * Not by clone3() either: its child is the first process of the time namespace,
 * whose offsets cannot change any more.  Tell the builder, which writes them
 * and knows that this process is in its groups; if it has died, wait_for_go()
 * ends this process.
 */
static int own_time(const struct nsc_init *init, struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	int ret;

	if (!(init->plan->config->namespaces & CLONE_NEWTIME)) {
		nsc_error_send(init->report, NSC_IGNORE);
		return 0;
	}
	if (unshare(CLONE_NEWTIME) < 0)
		return errno != EINVAL ?
			nsc_error_sys(err, errno, "make the time namespace") :
			nsc_error_set(err, EINVAL, "namespaces.NEWTIME: this "
				      "kernel has no time namespaces");
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	nsc_error_send(init->report, NSC_IGNORE);
	ret = wait_for_go(init, err);
	if (ret == 0 && (fd < 0 || setns(fd, CLONE_NEWTIME) < 0))
		ret = nsc_error_sys(err, errno, "enter the time namespace");
	return ret;
}

/*
 * Copy the finished mount tree; the copies are locked, see
 * docs/design/0008-the-builder-makes-the-mounts.md.  If the root was not
 * pivoted, the new root is mounted over the old one, and "/.." leads to it.
 */
static int own_mounts(const struct nsc_init *init, struct nsc_error *err)
{
	(void)init;
	if (unshare(CLONE_NEWNS) < 0)
		return nsc_error_sys(err, errno, "mount namespace");
	if (chdir("/..") < 0 || chroot(".") < 0 || chdir("/") < 0)
		return nsc_error_sys(err, errno, "enter the root directory");
	return 0;
}

/* Set the labels of an init of the rootfs while the host's /proc is visible. */
static int set_labels(const struct nsc_init *init, struct nsc_error *err)
{
	const struct nsc_process *own = &init->plan->config->process;

	return !init->plan->config->init ? 0 :
		nsc_label_set_exec(own->apparmor_profile, own->selinux_label,
				   err);
}

static int set_hostname(const struct nsc_init *init, struct nsc_error *err)
{
	const char *name = init->plan->config->hostname;

	if (name && sethostname(name, strlen(name)) < 0)
		return nsc_error_sys(err, errno, "hostname '%s'", name);
	return 0;
}

/* A policy may forbid that a traced process gets another label. */
static bool has_label(const struct nsc_process *own)
{
	return (own->apparmor_profile && *own->apparmor_profile) ||
	       (own->selinux_label && *own->selinux_label);
}

/* A configured init, such as a service manager, must run in the rootfs. */
static int find_init(const struct nsc_init *init, struct nsc_error *err)
{
	char *const *argv = init->plan->config->init;
	const struct nsc_exec_try attempt = {
		.path = argv ? argv[0] : NULL,
		.only_look = has_label(&init->plan->config->process),
	};

	if (argv && nsc_exec_try(&attempt, err) < 0)
		return nsc_error_context(err, "init: '%s' in the container",
					 argv[0]);
	if (argv && access("/dev/null", R_OK | W_OK) < 0)
		return nsc_error_sys(err, errno, "init: /dev/null in the "
				     "container: see device_nodes");
	return 0;
}

static int init_become_user(const void *arg, struct nsc_error *err)
{
	const struct nsc_plan *plan = arg;
	const struct nsc_process *own = &plan->config->process;
	const struct nsc_seccomp *filter = &plan->filters.session;
	int ret = nsc_capability_bound(own->capabilities, err);

	if (ret == 0)
		ret = nsc_confine_early(own, filter, err);
	if (ret == 0)
		ret = nsc_credential_become(plan->user->uid, plan->user->gid,
					    NULL, 0, err);
	if (ret == 0)
		ret = nsc_confine_capabilities(own, 0, err);
	return ret == 0 ? nsc_confine_late(own, filter, err) : ret;
}

/*
 * In a check: a login program runs the shell that the host's user database
 * names, and container-shell runs the one behind the link.
 */
static int try_shell(const struct nsc_init *init, struct nsc_error *err)
{
	const struct nsc_plan *plan = init->plan;
	const char *shell = plan->user->shell;
	struct nsc_exec_try attempt = {
		.path = shell, .prepare = init_become_user, .arg = plan,
		.only_look = has_label(&plan->config->process),
	};
	char inside[PATH_MAX] = "";

	if (!plan->dry || !plan->login ||
	    nsc_text_ends_with(shell, "/nologin") ||
	    nsc_text_ends_with(shell, "/false"))
		return 0;
	if (nsc_text_ends_with(shell, "/nsshell")) {
		if (readlink(NSC_MARK_SHELL, inside, sizeof(inside) - 1) < 0)
			return nsc_error_sys(err, errno, "read '%s'",
					     NSC_MARK_SHELL);
		attempt.path = inside;
	}
	return nsc_exec_try(&attempt, err) < 0 ?
		nsc_error_context(err, "the login shell '%s' in the container",
				  attempt.path) : 0;
}

/* Otherwise an init of the rootfs would keep the keyring of the caller. */
static int leave_keyring(const struct nsc_init *init, struct nsc_error *err)
{
	(void)init;
	return nsc_keyring_new_session(err);
}

static int start_hooks(const struct nsc_init *init, struct nsc_error *err)
{
	const struct nsc_hooks hooks = {
		.plan = init->plan, .when = NSC_HOOK_START_CONTAINER,
		.pid = 1, .rootfs = "/",
	};
	const int keep[] = { init->go, init->report, init->program };

	/* This process still has more than the program may get. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    nsc_process_keep_only(keep, NSC_ARRAY_SIZE(keep)) < 0)
		return nsc_error_sys(err, errno, "prepare for hooks");
	return nsc_hooks_run(&hooks, err);
}

/*
 * An init of the rootfs gets the rights of a session.  container-init gets only
 * CAP_KILL, to end other processes, so an attacker gains nothing from it.
 */
static int lock_down(const struct nsc_init *init, struct nsc_error *err)
{
	static const struct nsc_process ours = {
		.capabilities = UINT64_C(1) << CAP_KILL, .no_new_privs = true,
	};
	const struct nsc_process *own = &init->plan->config->process;
	const struct nsc_filters *filters = &init->plan->filters;

	if (init->plan->config->init)
		return nsc_confine(own, &filters->session, own->capabilities,
				   err);
	return nsc_confine(&ours, &filters->init, ours.capabilities, err);
}

/*
 * The report is closed by now, so a failure here shows only as the end of
 * PID 1.  The monitor sends the byte when it watches.
 */
static int become_own_init(const struct nsc_init *init, struct nsc_error *err)
{
	char *const *argv = init->plan->config->init;
	char *const envp[] = {
		(char[]){ "container=nscontainer" },
		(char[]){ "PATH=" NSC_PATH },
		NULL,
	};
	const int keep[] = { init->go };

	nsc_process_clean(keep, 1);
	if (wait_for_go(&(struct nsc_init){ .go = 3 }, err) < 0)
		_exit(1);
	close(3);
	if (init->plan->config->process.umask >= 0)
		umask((mode_t)init->plan->config->process.umask);
	execve(argv[0], argv, envp);
	_exit(127);
}

static int become_init(const struct nsc_init *init, struct nsc_error *err)
{
	char name[] = "container-init";
	char *const argv[] = { name, NULL };
	char *const envp[] = { NULL };

	if (init->plan->config->init)
		return become_own_init(init, err);
	nsc_process_default_signals();
	if (chdir("/") < 0 || dup2(init->go, STDIN_FILENO) < 0)
		return nsc_error_sys(err, errno, "prepare container-init");
	/* report, the last descriptor of ours, is close-on-exec. */
	if (syscall(SYS_execveat, init->program, "", argv, envp,
		    AT_EMPTY_PATH) < 0)
		return nsc_error_sys(err, errno, "run container-init");
	return 0;
}

void nsc_init_run(const struct nsc_init *init)
{
	/* Each step depends on the steps before it. */
	static int (*const steps[])(const struct nsc_init *init,
				    struct nsc_error *err) = {
		enter_groups,
		wait_for_go,	/* the id maps are written */
		attributes,
		limit,
		init_become_root,
		init_own_groups,	/* PID 1 is in its groups */
		own_time,
		set_labels,
		wait_for_go,	/* the file systems are complete */
		own_mounts,
		set_hostname,
		find_init,
		try_shell,
		leave_keyring,
		start_hooks,
		lock_down,
		become_init,
	};
	struct nsc_error err = NSC_ERROR_INIT;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(steps); i++)
		if (steps[i](init, &err) < 0)
			break;
	nsc_error_send(init->report, &err);
	_exit(1);
}
