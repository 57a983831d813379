/*
 * Runs in: the login program, as root of the host; nsc_session_find also in
 * nsshell, as the user.  The helper that starts a container is a process of
 * its own (nsinit start --login), made from nothing.
 */
#include "session/session.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

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

#define HELPER_GRACE_MS 2000	/* for the helper's own time limit to act */
#define TRY_MS 20000		/* a container that does not answer */
#define STOPPING_MS 200		/* a monitor that looks holds the lock less */

bool nsc_session_inside(void)
{
	struct stat st;

	return lstat(NSC_MARK_DIR, &st) == 0 && S_ISDIR(st.st_mode);
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
	nsc_free(&session->path);
}

static int join(int rundir, struct nsc_session *session, struct nsc_error *err)
{
	session->pidfd = nsc_join_find(rundir, &session->state, err);
	return session->pidfd < 0 ? session->pidfd :
				    nsc_join_filter(rundir, session->state,
						    err);
}

/* With the shared lock held no monitor stops what we are about to join. */
static int find(int rundir, int64_t deadline, struct nsc_session *session,
		struct nsc_error *err)
{
	session->lock = nsc_rundir_lock(rundir, NSC_FILE_SESSIONS, LOCK_SH,
					deadline, err);
	if (session->lock < 0)
		return session->lock;
	/* So that a lingering monitor learns of the shortest session. */
	(void)!futimens(session->lock, NULL);
	return join(rundir, session, err);
}

int nsc_session_find(const char *path, int64_t deadline,
		     struct nsc_session *ret, struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	_cleanup_fd_ int rundir = nsc_rundir_open(path, false, 0, err);
	int error;

	if (rundir == -ENOENT)
		return nsc_error_set(err, ESRCH, "no container is running");
	if (rundir < 0)
		return rundir;
	error = find(rundir, deadline, &session, err);
	if (error < 0)
		return error;
	session.path = strdup(path);
	if (!session.path)
		return nsc_error_sys(err, ENOMEM, "session");
	*ret = session;
	session = (struct nsc_session)NSC_SESSION_INIT;
	return 0;
}

/*
 * In a child of ours.  It does not exec itself: exec would give it SIGCHLD as
 * exit signal again (execve(2)), and the login program would see that.  So it
 * stays between the two, and takes the helper with it when it is killed.
 */
static void __attribute__((noreturn))
run_helper(const struct nsc_session_request *request, int lock, int report)
{
	char *const argv[] = {
		(char[]){ "nsinit" }, (char[]){ "start" },
		(char[]){ "--login" }, (char[]){ "--conf" },
		(char *)(uintptr_t)request->conf_path, (char[]){ "--" },
		request->user->name, NULL,
	};
	char *const envp[] = {
		(char[]){ "PATH=/usr/sbin:/usr/bin:/sbin:/bin" }, NULL,
	};
	const int keep[] = { lock, report };
	struct nsc_error err;
	pid_t pid, self = getpid();
	int status = 127;
	int pidfd;

	if (nsc_process_clean(keep, 2) < 0)
		_exit(status);
	pid = nsc_process_fork(&pidfd);
	if (pid == 0) {
		nsc_process_die_with(self);
		execve(NSC_NSINIT, argv, envp);
		nsc_error_sys(&err, errno, "run " NSC_NSINIT);
		(void)!write(NSC_HELPER_REPORT, &err, sizeof(err));
		_exit(status);
	}
	close(NSC_HELPER_LOCK);
	close(NSC_HELPER_REPORT);
	if (pid > 0)
		nsc_process_wait(pidfd, -1, &status);
	_exit(status);
}

/* The helper's answer: an nsc_error, code 0 when the container runs. */
static int read_report(int fd, int64_t deadline, struct nsc_error *err)
{
	struct nsc_error report;
	int n = nsc_process_poll(fd, deadline);

	if (n < 0)
		return nsc_error_sys(err, -n, "wait for the start");
	if (n == 0)
		return nsc_error_set(err, ETIMEDOUT, "the start took longer "
				     "than start_timeout allows");
	if (read(fd, &report, sizeof(report)) != sizeof(report))
		return nsc_error_set(err, ECHILD, "the start ended without a "
				     "result");
	report.text[sizeof(report.text) - 1] = '\0';
	if (report.code && err)
		*err = report;
	return -report.code;
}

static int start(const struct nsc_session_request *request, int lock,
		 struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() + HELPER_GRACE_MS +
			   (int64_t)request->conf->start_timeout * 1000;
	_cleanup_fd_ int pidfd = -1;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	int pipefd[2];
	pid_t pid;
	int ret;

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return nsc_error_sys(err, errno, "start the helper");
	in = pipefd[0];
	out = pipefd[1];
	pid = nsc_process_fork(&pidfd);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "start the helper");
	if (pid == 0)
		run_helper(request, lock, out);
	nsc_fd_close(&out);
	ret = read_report(in, deadline, err);
	if (ret == -ETIMEDOUT)
		nsc_process_kill(pidfd);
	else
		nsc_process_wait(pidfd, -1, NULL);
	return ret;
}

/* Nothing runs, or it is going away: one at a time from here. */
static int open_slowly(const struct nsc_session_request *request, int rundir,
		       struct nsc_session *session, struct nsc_error *err)
{
	int64_t deadline = nsc_process_now() +
			   (int64_t)request->conf->start_timeout * 1000;
	_cleanup_fd_ int lock = -1;
	_cleanup_fd_ int monitor = -1;
	int ret;

	lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX, deadline, err);
	if (lock < 0)
		return nsc_error_context(err, "wait for another login to start "
					 "the container");
	nsc_session_close(session);
	ret = find(rundir, deadline, session, err);
	if (ret == 0 || (ret != -ESRCH && ret != -EWOULDBLOCK))
		return ret;
	if (ret == -EWOULDBLOCK)
		return nsc_error_context(err, "wait for the container to stop");
	/* The previous container's monitor must have cleaned up. */
	monitor = nsc_rundir_lock(rundir, NSC_FILE_MONITOR, LOCK_EX, deadline,
				  err);
	if (monitor < 0)
		return nsc_error_context(err, "wait for the previous container "
					 "to be cleaned up");
	nsc_fd_close(&monitor);
	ret = start(request, lock, err);
	return ret < 0 ? ret : join(rundir, session, err);
}

/* Does the container have a monitor?  1, 0, or a negative errno. */
static int has_monitor(int rundir, struct nsc_error *err)
{
	_cleanup_fd_ int monitor = nsc_rundir_lock(rundir, NSC_FILE_MONITOR,
						   LOCK_EX, 0, NULL);

	if (monitor == -EWOULDBLOCK)
		return 1;
	if (monitor < 0)
		return nsc_error_sys(err, -monitor, "look for the monitor");
	return 0;
}

/* A container whose monitor was killed gets a new one. */
static int need_monitor(const struct nsc_session_request *request, int rundir,
			struct nsc_error *err)
{
	_cleanup_fd_ int lock = -1;
	int has = has_monitor(rundir, err);

	if (has != 0)
		return has < 0 ? has : 0;
	lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX,
			       nsc_process_now() +
			       (int64_t)request->conf->start_timeout * 1000,
			       err);
	if (lock < 0)
		return lock;
	/* Another login may have brought one meanwhile. */
	has = has_monitor(rundir, err);
	if (has != 0)
		return has < 0 ? has : 0;
	return start(request, lock, err);
}

int nsc_session_open(const struct nsc_session_request *request,
		     struct nsc_session *ret, struct nsc_error *err)
{
	_cleanup_session_ struct nsc_session session = NSC_SESSION_INIT;
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = -1;
	int error;

	error = nsc_rundir_path(request->user->name, &path, err);
	if (error < 0)
		return error;
	rundir = nsc_rundir_open(path, true, request->user->uid, err);
	if (rundir < 0)
		return rundir;
	error = find(rundir, nsc_process_now() + STOPPING_MS, &session, err);
	if (error == -ESRCH || error == -EWOULDBLOCK)
		error = open_slowly(request, rundir, &session, err);
	else if (error == 0)
		error = need_monitor(request, rundir, err);
	if (error < 0)
		return error;
	session.path = NSC_TAKE_PTR(path);
	*ret = session;
	session = (struct nsc_session)NSC_SESSION_INIT;
	return 0;
}

static int enter(const struct nsc_session *session, gid_t gid,
		 struct nsc_error *err)
{
	const struct nsc_state *state = session->state;
	const char *profile = state->apparmor_profile;
	_cleanup_fd_ int label = -1;
	int ret = nsc_label_set_exec(NULL, state->process_label, err);

	if (ret == 0 && profile && *profile)
		ret = label = nsc_label_open(err);
	if (ret >= 0)
		ret = nsc_enter_namespaces(session->pidfd, state, err);
	if (ret == 0)
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

struct attempt {
	const struct nsc_session *session;
	const struct nsc_user *user;
};

static void try_in_child(const void *arg, void *answer)
{
	const struct attempt *attempt = arg;
	struct nsc_error *err = answer;

	/*
	 * Into the groups as well, as no session: who is in those of a
	 * container that has ended is killed with it, and must not be us.
	 */
	if (nsc_group_enter(attempt->session, NULL, err) == 0 &&
	    place(attempt->session, attempt->user, err) == 0)
		nsc_terminal_check(attempt->session->state->uid, err);
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
		      const struct nsc_session_info *info, bool give_terminal,
		      struct nsc_error *err)
{
	char cwd[PATH_MAX];
	bool has_cwd = getcwd(cwd, sizeof(cwd)) && cwd[0] == '/';
	int ret = try_first(session, user, err);

	if (ret == 0 && give_terminal)
		ret = nsc_terminal_hand_over(session->state->host_uid,
					     session->state->tty_gid, err);
	/* While it is on the host, its host ids are known there. */
	if (ret == 0)
		ret = nsc_group_enter(session, info, err);
	if (ret == 0)
		ret = place(session, user, err);
	/* su without "-" stays where it was, where that exists. */
	if (ret == 0 && has_cwd)
		(void)!chdir(cwd);
	return ret;
}
