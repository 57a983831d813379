/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program (sshd's monitor, login, su, sudo, cron), nsshell,
 * nsinit exec.  Starts with: host root, or the user that owns the user
 * namespace.  Ends with: the privileges that the container grants.
 *
 * The system-call filter was read on the host, and confine.c decides when it is
 * loaded.  A filter applies to one thread, and there is only one:
 * nsc_session_place has counted those of a login program; nsshell, the trial
 * and the stand-in of nsinit exec start none.
 */
#include "session/enter.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/attributes.h"
#include "linux/capability.h"
#include "linux/confine.h"
#include "linux/credential.h"
#include "linux/keyring.h"
#include "linux/label.h"

/* This needs the host's procfs, and the host's root to raise limits. */
static int set_limits(const struct nsc_state *state, struct nsc_error *err)
{
	const struct nsc_process *process = &state->process;
	int ret = nsc_confine_oom(process, 0, err);

	if (ret < 0)
		return ret;
	if (process->umask >= 0)
		umask((mode_t)process->umask);
	ret = nsc_attributes_apply(process, err);
	return ret < 0 ? ret : nsc_rlimit_apply(&process->rlimits, err);
}

int nsc_enter_namespaces(int pidfd, const struct nsc_state *state,
			 struct nsc_error *err)
{
	/*
	 * The limits come first, because root owns /proc/self of an undumpable
	 * process.
	 */
	int ret = set_limits(state, err);

	/*
	 * Leave the host's session keyring, with the keys of pam_keyinit,
	 * behind.
	 */
	if (ret == 0)
		ret = nsc_keyring_new_session(err);
	if (ret < 0)
		return ret;
	/* No process inside may inspect this process before exec. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return nsc_error_sys(err, errno, "become undumpable");
	if (setns(pidfd, (int)state->namespaces) < 0)
		return nsc_error_sys(err, errno, "enter the container's "
				     "namespaces");
	/*
	 * setns() has moved us to the new root; this proves that it can be
	 * entered.
	 */
	if (chdir("/") < 0)
		return nsc_error_sys(err, errno, "enter the container's root "
				     "directory");
	return 0;
}

int nsc_enter_to_exec(int pidfd, const struct nsc_state *state,
		      struct nsc_error *err)
{
	const struct nsc_process *process = &state->process;
	int ret = nsc_label_set_exec(process->apparmor_profile,
				     process->selinux_label, err);

	if (ret == 0)
		ret = nsc_enter_namespaces(pidfd, state, err);
	/* This needs CAP_SETPCAP, which a change of ids drops. */
	return ret < 0 ? ret : nsc_capability_bound(process->capabilities, err);
}

int nsc_enter_as_root(const struct nsc_state *state, gid_t gid,
		      struct nsc_error *err)
{
	int ret = nsc_credential_set_ids(0, gid, err);

	if (ret < 0)
		return ret;
	/*
	 * fs.suid_dumpable may make a process dumpable again when its ids
	 * change.
	 */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return nsc_error_sys(err, errno, "become undumpable");
	return nsc_confine(&state->process, &state->filter,
			   state->process.capabilities |
				   nsc_capability_login(), err);
}

static int enter_become(const struct nsc_state *state, bool keep_ids,
			uint64_t keep, struct nsc_error *err)
{
	int ret = 0;

	if (!keep_ids)
		ret = nsc_credential_become(state->run_uid, state->run_gid,
					    state->groups.list, state->groups.n,
					    err);
	if (ret < 0)
		return ret;
	/*
	 * Because of fs.suid_dumpable, as above; exec makes it dumpable again.
	 */
	if (!keep_ids && prctl(PR_SET_DUMPABLE, 0) < 0)
		return nsc_error_sys(err, errno, "become undumpable");
	if (keep_ids && getuid() != state->uid)
		return nsc_error_set(err, EPERM, "uid %u inside is not uid %u",
				     getuid(), state->uid);
	return nsc_confine_capabilities(&state->process, keep, err);
}

int nsc_enter_as_parent(const struct nsc_state *state, bool keep_ids,
			struct nsc_error *err)
{
	return enter_become(state, keep_ids, 0, err);
}

int nsc_enter_as_user(const struct nsc_state *state, bool keep_ids,
		      struct nsc_error *err)
{
	uint64_t ambient = state->process.ambient;
	int ret = nsc_confine_early(&state->process, &state->filter, err);

	/* The change of ids drops what is permitted; exec ends this. */
	if (ret == 0 && ambient && prctl(PR_SET_KEEPCAPS, 1) < 0)
		ret = nsc_error_sys(err, errno, "keep capabilities");
	if (ret == 0)
		ret = enter_become(state, keep_ids, ambient, err);
	if (ret == 0 && ambient)
		ret = nsc_capability_ambient(ambient, err);
	return ret == 0 ? nsc_confine_late(&state->process, &state->filter,
					   err) : ret;
}
