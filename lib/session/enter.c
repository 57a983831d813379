/*
 * Runs in: whoever logs in (sshd's monitor, login, su, sudo, cron), nsshell,
 * nsinit exec.  Starts with: host root, or the user that owns the user
 * namespace.  Ends with: what the container grants.
 *
 * The system-call filter was read on the host, and is loaded as late as can
 * be, so that it need not allow what only entering takes.  With no_new_privs
 * that is the last step of all.  Without, loading takes CAP_SYS_ADMIN in the
 * container's user namespace: so it comes before the capabilities are dropped
 * (and, where a user's program follows, before the change of ids, which drops
 * them as well), and the filter must allow capset(), prctl() and, there, the
 * setting of ids.  A filter is the thread's own: nsc_enter_namespaces has made
 * sure that there is one thread.
 */
#include "session/enter.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/process.h"
#include "linux/capability.h"
#include "linux/credential.h"
#include "linux/keyring.h"
#include "linux/label.h"

/* Through the host's procfs, and while the host's root may still raise. */
static int set_limits(const struct nsc_state *state, struct nsc_error *err)
{
	int ret = 0;

	if (state->oom_score_adj <= 1000)
		ret = nsc_process_oom_score_adj(0, state->oom_score_adj);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "set oom_score_adj to %d",
				     state->oom_score_adj);
	if (state->umask >= 0)
		umask((mode_t)state->umask);
	return nsc_rlimit_apply(&state->rlimits, err);
}

int nsc_enter_namespaces(int pidfd, const struct nsc_state *state,
			 struct nsc_error *err)
{
	int threads = nsc_process_threads();
	int ret;

	if (threads != 1)
		return nsc_error_set(err, EINVAL, "enter the container: the "
				     "calling program has %d threads: only a "
				     "single-threaded one can be placed",
				     threads);
	/* First: of who is not dumpable, /proc/self is root's. */
	ret = set_limits(state, err);
	/* Whatever pam_keyinit put into the host's session keyring stays. */
	if (ret == 0)
		ret = nsc_keyring_new_session(err);
	if (ret < 0)
		return ret;
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

int nsc_enter_to_exec(int pidfd, const struct nsc_state *state,
		      struct nsc_error *err)
{
	int ret = nsc_label_set_exec(state->apparmor_profile,
				     state->process_label, err);

	if (ret == 0)
		ret = nsc_enter_namespaces(pidfd, state, err);
	/* A change of ids takes CAP_SETPCAP away, which this needs. */
	return ret < 0 ? ret : nsc_capability_bound(state->capabilities, err);
}

/* While there is CAP_SYS_ADMIN. */
static int load_early(const struct nsc_state *state, struct nsc_error *err)
{
	return state->no_new_privs ? 0 : nsc_seccomp_load(&state->filter, err);
}

static int set_no_new_privs(const struct nsc_state *state,
			    struct nsc_error *err)
{
	if (state->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return nsc_error_sys(err, errno, "set no_new_privs");
	return 0;
}

static int load_late(const struct nsc_state *state, struct nsc_error *err)
{
	return state->no_new_privs ? nsc_seccomp_load(&state->filter, err) : 0;
}

static int lock_down(const struct nsc_state *state, uint64_t keep,
		     struct nsc_error *err)
{
	int ret;

	/* Before the permitted set: dropping needs CAP_SETPCAP. */
	ret = nsc_capability_bound(state->capabilities, err);
	if (ret == 0)
		ret = load_early(state, err);
	if (ret == 0)
		ret = nsc_capability_keep(keep, err);
	if (ret == 0)
		ret = set_no_new_privs(state, err);
	return ret == 0 ? load_late(state, err) : ret;
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

int nsc_enter_as_parent(const struct nsc_state *state, bool keep_ids,
			struct nsc_error *err)
{
	int ret = 0;

	if (!keep_ids)
		ret = nsc_credential_become(state->run_uid, state->run_gid,
					    state->groups.list, state->groups.n,
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
	return ret == 0 ? set_no_new_privs(state, err) : ret;
}

int nsc_enter_as_user(const struct nsc_state *state, bool keep_ids,
		      struct nsc_error *err)
{
	int ret = load_early(state, err);

	if (ret == 0)
		ret = nsc_enter_as_parent(state, keep_ids, err);
	return ret == 0 ? load_late(state, err) : ret;
}
