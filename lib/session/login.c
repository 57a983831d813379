/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The login process itself moves into the container.  Runs in: the login
 * program, as root of the host, and in a child of it that tries the move first.
 */
#include "session/session.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/proc.h"
#include "util/process.h"
#include "linux/credential.h"
#include "linux/label.h"
#include "linux/pidfd.h"
#include "linux/terminal.h"
#include "session/bring.h"
#include "session/enter.h"
#include "session/monitor_client.h"
#include "session/recorder.h"
#include "session/tty_handover.h"

#define TRY_MS 20000		/* until a container counts as unresponsive */
#define ENDING_MS 10000		/* the monitor looks every five seconds */

static void begin(const struct nsc_session *session, const char *step)
{
	if (session->progress)
		session->progress->begin(session->progress, step);
}

static int login_enter(const struct nsc_session *session, gid_t gid,
		       struct nsc_error *err)
{
	const struct nsc_state *state = session->state;
	const char *profile = state->process.apparmor_profile;
	_cleanup_fd_ int label = -1;
	int ret;

	begin(session, "namespaces");
	ret = nsc_label_set_exec(NULL, state->process.selinux_label, err);
	if (ret == 0 && profile && *profile)
		ret = label = nsc_label_open(err);
	if (ret >= 0 && session->bring)
		nsc_bring_take(session->bring);
	if (ret >= 0)
		ret = nsc_enter_namespaces(session->pidfd, state, err);
	if (ret < 0)
		return ret;
	if (session->bring)
		nsc_bring_put(session->bring);
	begin(session, "credentials");
	ret = nsc_enter_as_root(state, gid, err);
	/*
	 * The profile comes last, because it restricts the login and not these
	 * steps.
	 */
	if (ret == 0 && label >= 0)
		ret = nsc_label_change(label, profile, err);
	return ret;
}

/*
 * If one of the first two steps fails, nothing has changed; later steps cannot
 * fail.
 */
static int login_place(const struct nsc_session *session,
		       const struct nsc_user *user, struct nsc_error *err)
{
	_cleanup_free_ gid_t *before = NULL;
	/* sudo already has the user's group, and never sets it again. */
	gid_t gid = getegid() == user->gid ? user->gid : 0;
	size_t n_before = 0;
	int ret = nsc_credential_limit_groups(user->groups,
					      (size_t)user->n_groups,
					      &before, &n_before, err);

	if (ret < 0)
		return ret;
	ret = nsc_credential_add_groups(&session->state->more_groups, err);
	if (ret == 0)
		ret = login_enter(session, gid, err);
	if (ret < 0)
		(void)!setgroups(n_before, before);
	return ret;
}

int nsc_session_try(const struct nsc_session *session,
		    const struct nsc_user *user, bool terminal,
		    struct nsc_error *err)
{
	int ret = login_place(session, user, err);

	if (ret < 0)
		return ret;
	begin(session, "terminal");
	return nsc_terminal_check(session->state->uid, terminal, err);
}

struct attempt {
	const struct nsc_session *session;
	const struct nsc_user *user;
	bool terminal;		/* it needs a container terminal */
};

static void try_in_child(const void *arg, void *answer)
{
	const struct attempt *attempt = arg;
	struct nsc_session session = *attempt->session;
	struct nsc_state state = *session.state;
	struct nsc_error *err = answer;

	/*
	 * nsinit has tested the filter, and loading it takes as long as all
	 * other steps.
	 */
	state.filter = (struct nsc_seccomp){ .len = 0 };
	/* This child is in no group of the container: PID 1 has tried it. */
	state.process.cpu_affinity = NULL;
	session.state = &state;
	session.bring = NULL;
	nsc_session_try(&session, attempt->user, attempt->terminal, err);
}

static int try_first(const struct nsc_session *session,
		     const struct nsc_user *user,
		     const struct nsc_tty_handover *handover,
		     struct nsc_error *err)
{
	const struct attempt attempt = {
		session,
		user,
		nsc_tty_handover_needs_terminal(handover),
	};
	struct nsc_error report = NSC_ERROR_INIT;
	int ret = nsc_process_ask(try_in_child, &attempt, &report,
				  sizeof(report), nsc_process_now() + TRY_MS);

	if (ret == -ETIMEDOUT)
		return nsc_error_set(err, ETIMEDOUT, "try the container: it "
				     "does not answer");
	if (ret < 0)
		return nsc_error_sys(err, -ret, "try the container");
	return nsc_error_take(&report, err);
}

int nsc_session_check_threads(struct nsc_error *err)
{
	int threads = nsc_process_threads();

	return threads == 1 ? 0 :
		nsc_error_set(err, EINVAL, "the calling program has %d "
			      "threads: only a single-threaded one can be "
			      "placed", threads);
}

/* Everything that can fail without harm. */
static int login_prepare(const struct nsc_session *session,
			 const struct nsc_user *user, bool relays,
			 struct nsc_tty_handover *handover,
			 struct nsc_error *err)
{
	int ret = nsc_session_check_threads(err);

	if (ret < 0)
		return nsc_error_context(err, "enter the container");
	ret = nsc_tty_handover_look(handover, relays, err);
	return ret < 0 ? ret : try_first(session, user, handover, err);
}

int nsc_session_check_place(const struct nsc_session *session,
			    const struct nsc_user *user, struct nsc_error *err)
{
	struct nsc_tty_handover handover = NSC_TTY_HANDOVER_INIT;
	int ret = login_prepare(session, user, false, &handover, err);

	nsc_fd_close(&handover.terminal);
	return ret;
}

/*
 * Whatever failed because the container ends: the caller starts another one
 * when it has ended.
 */
static int login_failed(const struct nsc_session *session, int ret,
			struct nsc_error *err)
{
	struct nsc_proc_stat stat;

	if (ret == -ENOTRECOVERABLE)
		return ret;
	if (nsc_proc_stat(session->state->pid, &stat) == 0 && stat.ending)
		nsc_process_poll(session->pidfd,
				 nsc_process_now() + ENDING_MS);
	return nsc_pidfd_alive(session->pidfd) ? ret :
		nsc_error_set(err, ESRCH, "the container has ended");
}

int nsc_session_place(const struct nsc_session *session,
		      const struct nsc_user *user,
		      const struct nsc_session_origin *origin, bool relays,
		      struct nsc_error *err)
{
	struct nsc_tty_handover handover = NSC_TTY_HANDOVER_INIT;
	char cwd[PATH_MAX];
	bool has_cwd = getcwd(cwd, sizeof(cwd)) && cwd[0] == '/';
	int ret;

	handover.recording = session->state->recording;
	handover.forks = session->forks;
	ret = login_prepare(session, user, relays, &handover, err);
	if (ret == 0)
		ret = nsc_recorder_connect(session, &handover.recorder, err);
	if (ret == 0)
		ret = nsc_tty_handover_begin(&handover, err);
	if (ret < 0) {
		ret = nsc_tty_handover_fail(&handover, err);
		return login_failed(session, ret, err);
	}
	/*
	 * Ask while still on the host, where the ids of the process are host
	 * ids.
	 */
	ret = nsc_monitor_client_enter(session, origin, err);
	/*
	 * Processes in the groups of a container are killed when it ends, so
	 * from here on a failure cannot be undone.
	 */
	if (ret == 0 &&
	    (login_place(session, user, err) < 0 ||
	     nsc_tty_handover_finish(&handover, session->state->uid, err) < 0))
		ret = -ENOTRECOVERABLE;
	/*
	 * su, for example, passes on the descriptors of its caller: a directory
	 * of the host would be a way out.
	 */
	if (ret == 0 && syscall(SYS_close_range, 3, ~0U,
				CLOSE_RANGE_CLOEXEC) < 0) {
		nsc_error_sys(err, errno, "close descriptors");
		ret = -ENOTRECOVERABLE;
	}
	if (ret < 0) {
		nsc_tty_handover_fail(&handover, err);
		return login_failed(session, ret, err);
	}
	*session->recorder = handover.recorder;
	/* su without "-" keeps the directory, if it exists inside. */
	if (has_cwd)
		(void)!chdir(cwd);
	return 0;
}
