/*
 * Runs in: whoever logs in (sshd's monitor, login, su, sudo, cron), nsshell,
 * nsinit exec.  Starts with: host root, or the user that owns the user
 * namespace.  Ends with: what the container grants.
 */
#include "session/enter.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/process.h"
#include "kernel/capability.h"
#include "kernel/credential.h"

int nsc_enter_namespaces(int pidfd, const struct nsc_state *state,
			 struct nsc_error *err)
{
	int threads = nsc_process_threads();

	if (threads != 1)
		return nsc_error_set(err, EINVAL, "enter the container: the "
				     "calling program has %d threads: only a "
				     "single-threaded one can be placed",
				     threads);
	/* Nobody inside may look into this process before exec. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return nsc_error_sys(err, errno, "become undumpable");
	if (setns(pidfd, (int)state->namespaces) < 0)
		return nsc_error_sys(err, errno, "enter the container's "
				     "namespaces");
	/* setns() left us in the new root; this proves it can be entered. */
	if (chdir("/") < 0)
		return nsc_error_sys(err, errno, "enter the container's root "
				     "directory");
	return 0;
}

static int lock_down(const struct nsc_state *state, uint64_t keep,
		     struct nsc_error *err)
{
	int ret;

	/* Before the permitted set: dropping needs CAP_SETPCAP. */
	ret = nsc_capability_bound(state->capabilities, err);
	if (ret == 0)
		ret = nsc_capability_keep(keep, err);
	if (ret == 0 && state->no_new_privs &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		ret = nsc_error_sys(err, errno, "set no_new_privs");
	return ret;
}

int nsc_enter_as_root(const struct nsc_state *state, gid_t gid,
		      struct nsc_error *err)
{
	int ret = nsc_credential_set_ids(0, gid, err);

	if (ret < 0)
		return ret;
	/* fs.suid_dumpable may make who changes ids dumpable again. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return nsc_error_sys(err, errno, "become undumpable");
	return lock_down(state, state->capabilities | nsc_capability_login(),
			 err);
}

int nsc_enter_as_user(const struct nsc_state *state, bool keep_ids,
		      struct nsc_error *err)
{
	int ret;

	/* Bounding set first: a change of ids takes CAP_SETPCAP away. */
	ret = nsc_capability_bound(state->capabilities, err);
	if (ret == 0 && !keep_ids)
		ret = nsc_credential_become(state->run_uid, state->run_gid,
					    state->groups, state->n_groups,
					    err);
	if (ret < 0)
		return ret;
	/* fs.suid_dumpable, as above; exec makes it dumpable again. */
	if (!keep_ids && prctl(PR_SET_DUMPABLE, 0) < 0)
		return nsc_error_sys(err, errno, "become undumpable");
	if (keep_ids && getuid() != state->uid)
		return nsc_error_set(err, EPERM, "uid %u inside is not uid %u",
				     getuid(), state->uid);
	ret = nsc_capability_keep(0, err);
	if (ret == 0 && state->no_new_privs &&
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		ret = nsc_error_sys(err, errno, "set no_new_privs");
	return ret;
}
