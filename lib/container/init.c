/*
 * Runs in: the child that clone3(2) made with the container's namespaces
 * (all but the mount namespace, which is the builder's at first).  Starts
 * with: all capabilities in the container's user namespace, or host root's
 * where it has none.  Ends as: container-init, the container's root with
 * CAP_KILL alone.
 */
#include "container/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"
#include "kernel/capability.h"
#include "kernel/credential.h"

static int wait_for_go(const struct nsc_init *init, struct nsc_error *err)
{
	char byte;

	if (read(init->go, &byte, 1) != 1)
		return nsc_error_set(err, EPIPE, "the builder has gone");
	return 0;
}

static int become_root(const struct nsc_init *init, struct nsc_error *err)
{
	static const gid_t group[] = { 0 };

	(void)init;
	return nsc_credential_become(0, 0, group, 1, err);
}

/* A copy of the finished tree; locked, see HACKING.md. */
static int own_mounts(const struct nsc_init *init, struct nsc_error *err)
{
	(void)init;
	if (unshare(CLONE_NEWNS) < 0)
		return nsc_error_sys(err, errno, "mount namespace");
	return 0;
}

static int set_hostname(const struct nsc_init *init, struct nsc_error *err)
{
	const char *name = init->plan->config->hostname;

	if (name && sethostname(name, strlen(name)) < 0)
		return nsc_error_sys(err, errno, "hostname '%s'", name);
	return 0;
}

/* Whoever takes PID 1 over gets nothing: it needs to end others, no more. */
static int lock_down(const struct nsc_init *init, struct nsc_error *err)
{
	const uint64_t keep = UINT64_C(1) << CAP_KILL;
	int ret = nsc_capability_bound(keep, err);

	(void)init;
	if (ret == 0)
		ret = nsc_capability_keep(keep, err);
	if (ret == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		ret = nsc_error_sys(err, errno, "no_new_privs");
	return ret;
}

static int become_init(const struct nsc_init *init, struct nsc_error *err)
{
	char name[] = "container-init";
	char *const argv[] = { name, NULL };
	char *const envp[] = { NULL };

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
	/* In this order: what a step needs, the ones before it have made. */
	static int (*const steps[])(const struct nsc_init *init,
				    struct nsc_error *err) = {
		wait_for_go,	/* the id maps are written */
		become_root,
		wait_for_go,	/* the file systems stand */
		own_mounts,
		set_hostname,
		lock_down,
		become_init,
	};
	struct nsc_error err = NSC_ERROR_INIT;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(steps); i++)
		if (steps[i](init, &err) < 0)
			break;
	(void)!write(init->report, &err, sizeof(err));
	_exit(1);
}
