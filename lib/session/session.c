/* Runs in: the login program, as root of the host; nsshell, as the user. */
#include "session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/fd.h"
#include "base/process.h"
#include "container/join.h"
#include "container/paths.h"
#include "container/rundir.h"
#include "kernel/credential.h"
#include "kernel/label.h"
#include "kernel/terminal.h"
#include "session/enter.h"
#include "session/group.h"
#include "session/handover.h"

#define TRY_MS 20000		/* a container that does not answer */

bool nsc_session_inside(void)
{
	struct stat st;

	return lstat(NSC_MARK_DIR, &st) == 0 && S_ISDIR(st.st_mode);
}

bool nsc_session_inside_of(const char *user)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = -1;

	if (nsc_rundir_path(user, &path, NULL) < 0)
		return false;
	rundir = nsc_rundir_open(path, false, 0, NULL);
	return rundir >= 0 &&
	       nsc_session_load(rundir, &session, NULL) == -EALREADY;
}

/*
 * Only processes in the container are in its pid namespace.  What cannot be
 * told is "no": then the login is refused, since from inside nothing is found.
 */
int nsc_session_load(int rundir, struct nsc_session *session,
		     struct nsc_error *err)
{
	int error, ret = nsc_join_load(rundir, &session->state, err);
	unsigned int others;

	if (ret < 0 || !session->state->external)
		return ret;
	others = nsc_namespace_differ(session->state->ids, &error);
	if (error == 0 && !(others & CLONE_NEWPID))
		return nsc_error_set(err, EALREADY, "this is inside of the "
				     "container already");
	return 0;
}

bool nsc_session_nested_refused(void)
{
	return access(NSC_MARK_REFUSE, F_OK) == 0;
}

void nsc_session_close(struct nsc_session *session)
{
	nsc_fd_close(&session->lock);
	nsc_fd_close(&session->pidfd);
	nsc_state_cleanup(&session->state);
}

int nsc_session_open_rundir(const struct nsc_session *session,
			    struct nsc_error *err)
{
	char link[32], path[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", session->lock);
	for (;;) {
		_cleanup_fd_ int rundir = -1;
		struct stat ours, there;
		ssize_t n = readlink(link, path, sizeof(path) - 1);
		char *slash;

		if (n <= 0)
			return nsc_error_sys(err, errno, "read %s", link);
		path[n] = '\0';
		slash = strrchr(path, '/');
		if (!slash || slash == path)
			return nsc_error_set(err, ESRCH, "the container has "
					     "ended");
		*slash = '\0';
		rundir = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW |
			      O_CLOEXEC);
		if (rundir < 0 && errno == ENOENT)
			return nsc_error_set(err, ESRCH, "the container has "
					     "ended");
		if (rundir < 0)
			return nsc_error_sys(err, errno, "open '%s'", path);
		/* It may be moved meanwhile; else it is what was checked. */
		if (fstat(session->lock, &ours) == 0 &&
		    fstatat(rundir, NSC_FILE_SESSIONS, &there,
			    AT_SYMLINK_NOFOLLOW) == 0 &&
		    ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
			return NSC_TAKE_FD(rundir);
	}
}

static void begin(const struct nsc_session *session, const char *step)
{
	if (session->watch)
		session->watch->begin(session->watch, step);
}

static int enter(const struct nsc_session *session, gid_t gid,
		 struct nsc_error *err)
{
	const struct nsc_state *state = session->state;
	const char *profile = state->apparmor_profile;
	_cleanup_fd_ int label = -1;
	int ret;

	begin(session, "namespaces");
	ret = nsc_label_set_exec(NULL, state->process_label, err);
	if (ret == 0 && profile && *profile)
		ret = label = nsc_label_open(err);
	if (ret >= 0)
		ret = nsc_enter_namespaces(session->pidfd, state, err);
	if (ret < 0)
		return ret;
	begin(session, "credentials");
	ret = nsc_enter_as_root(state, gid, err);
	/* Last: what the profile allows is meant for what comes now. */
	if (ret == 0 && label >= 0)
		ret = nsc_label_change(label, profile, err);
	return ret;
}

/* On failure of what can fail, the first two steps, nothing has changed. */
static int place(const struct nsc_session *session,
		 const struct nsc_user *user, struct nsc_error *err)
{
	_cleanup_free_ gid_t *before = NULL;
	/* sudo has the user's group already, and never sets it again. */
	gid_t gid = getegid() == user->gid ? user->gid : 0;
	size_t n_before = 0;
	int ret = nsc_credential_limit_groups(user->groups,
					      (size_t)user->n_groups,
					      &before, &n_before, err);

	if (ret < 0)
		return ret;
	ret = enter(session, gid, err);
	if (ret < 0)
		(void)!setgroups(n_before, before);
	return ret;
}

int nsc_session_try(const struct nsc_session *session,
		    const struct nsc_user *user, struct nsc_error *err)
{
	int ret = place(session, user, err);

	if (ret < 0)
		return ret;
	begin(session, "terminal");
	return nsc_terminal_check(session->state->uid, err);
}

struct attempt {
	const struct nsc_session *session;
	const struct nsc_user *user;
};

static void try_in_child(const void *arg, void *answer)
{
	const struct attempt *attempt = arg;
	struct nsc_session session = *attempt->session;
	struct nsc_state state = *session.state;
	struct nsc_error *err = answer;

	/* nsinit has tried that; loading it takes as long as all the rest. */
	state.filter = (struct nsc_seccomp){ .len = 0 };
	session.state = &state;
	nsc_session_try(&session, attempt->user, err);
}

static int try_first(const struct nsc_session *session,
		     const struct nsc_user *user, struct nsc_error *err)
{
	const struct attempt attempt = { session, user };
	struct nsc_error report = NSC_ERROR_INIT;
	int ret = nsc_process_ask(try_in_child, &attempt, &report,
				  sizeof(report), nsc_process_now() + TRY_MS);

	if (ret == -ETIMEDOUT)
		return nsc_error_set(err, ETIMEDOUT, "try the container: it "
				     "does not answer");
	if (ret < 0)
		return nsc_error_sys(err, -ret, "try the container");
	report.text[sizeof(report.text) - 1] = '\0';
	if (report.code && err)
		*err = report;
	return -report.code;
}

int nsc_session_place(const struct nsc_session *session,
		      const struct nsc_user *user,
		      const struct nsc_session_info *info, bool relays,
		      struct nsc_error *err)
{
	struct nsc_handover handover = NSC_HANDOVER_INIT;
	char cwd[PATH_MAX];
	bool has_cwd = getcwd(cwd, sizeof(cwd)) && cwd[0] == '/';
	int ret = try_first(session, user, err);

	if (ret == 0)
		ret = nsc_handover_begin(&handover, relays, err);
	if (ret < 0)
		return ret;
	/* While it is on the host, its host ids are known there. */
	ret = nsc_group_enter(session, info, err);
	/*
	 * Who is in the groups of a container that has ended is killed with
	 * it: from here on a failure is no way back.
	 */
	if (ret == 0 && (place(session, user, err) < 0 ||
			 nsc_handover_finish(&handover, session->state->uid,
					     err) < 0))
		ret = -ENOTRECOVERABLE;
	/*
	 * su, for one, passes on what its caller has open: a directory of the
	 * host would be a way out.
	 */
	if (ret == 0 && syscall(SYS_close_range, 3, ~0U,
				CLOSE_RANGE_CLOEXEC) < 0) {
		nsc_error_sys(err, errno, "close descriptors");
		ret = -ENOTRECOVERABLE;
	}
	if (ret < 0) {
		nsc_handover_fail(&handover, err);
		return ret;
	}
	/* su without "-" stays where it was, where that exists. */
	if (has_cwd)
		(void)!chdir(cwd);
	return 0;
}
