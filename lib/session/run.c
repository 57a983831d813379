/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsshell (the user), nscontainer_exec() (root of the host).  The
 * parent enters the namespaces; its child is in the pid namespace as well.
 * Then both become the user.
 */
#include "session/run.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "session/enter.h"
#include "session/environment.h"
#include "session/monitor_client.h"
#include "session/recorder.h"
#include "session/recorder_streams.h"

extern char **environ;

static int go_to_directory(const struct nsc_run *run, struct nsc_error *err)
{
	const struct nsc_state *state = run->session->state;
	const char *dir = state->process.cwd ? state->process.cwd :
					       state->home;

	if (run->cwd && chdir(run->cwd) < 0) {
		nsc_error_sys(err, errno, "enter the directory '%s' in the "
			      "container", run->cwd);
		/* -ENOENT is for the program. */
		return -(err->code = ECANCELED);
	}
	/* Like login programs: a missing home does not refuse the login. */
	if (!run->cwd && chdir(dir) < 0)
		(void)!chdir("/");
	return 0;
}

void nsc_run_child(const struct nsc_run *run, const sigset_t *mask, int report)
{
	const struct nsc_state *state = run->session->state;
	struct nsc_error err = NSC_ERROR_INIT;
	char **env = run->env;
	int ret = nsc_enter_as_user(state, run->keep_ids, &err);

	if (ret == 0)
		nsc_error_send(report, &err);
	if (ret == 0 &&
	    nsc_environment_set_runtime_dir(state, &env, &err) == 0 &&
	    go_to_directory(run, &err) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGHUP);
		sigprocmask(SIG_SETMASK, mask, NULL);
		if (run->search) {
			environ = env;
			execvp(run->program, run->argv);
		} else {
			execve(run->program, run->argv, env);
		}
		nsc_error_sys(&err, errno, "run '%s' in the container",
			      run->program);
	}
	nsc_error_send(report, &err);
	_exit(127);
}

int nsc_run_report(int in, struct nsc_error *err)
{
	int ret = nsc_error_receive(in, err);

	/* A successful exec closes the pipe without an error. */
	return ret > 0 ? 0 : ret;
}

int nsc_run_until_user(int in, struct nsc_error *err)
{
	nsc_process_poll(in, -1);
	return nsc_run_report(in, err);
}

int nsc_run(const struct nsc_run *run, int *ret_status, struct nsc_error *err)
{
	const struct nsc_session *session = run->session;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	_cleanup_fd_ int recorder = -1;
	_cleanup_fd_ int end = -1;
	struct nsc_streams streams = NSC_STREAMS_INIT;
	sigset_t all, mask;
	pid_t child;
	int ret;

	if (nsc_fd_pipe(&in, &out) < 0)
		return nsc_error_sys(err, errno, "pipe");
	nsc_process_all_signals(&all);
	sigprocmask(SIG_BLOCK, &all, &mask);
	if (session->state->recording.mode == NSC_RECORD_ALL &&
	    nsc_recorder_connect(session, &recorder, err) < 0)
		return -err->code;
	ret = nsc_monitor_client_enter(session, run->origin, err);
	if (ret == 0)
		ret = nsc_enter_to_exec(session->pidfd, session->state, err);
	if (ret < 0)
		return ret;
	ret = nsc_streams_begin_stdio(&streams, &session->state->recording,
				      recorder, &end, err);
	nsc_fd_close(&recorder);
	if (ret < 0)
		return ret;
	child = nsc_process_fork_unwatched();
	if (child == 0) {
		/* Leave the session and the job of the caller. */
		setsid();
		nsc_streams_tell(&end, NSC_STREAMS_COMMAND);
		if (nsc_streams_put(&streams, err) < 0)
			nsc_error_send(out, err);
		else
			nsc_run_child(run, &mask, out);
		_exit(127);
	}
	nsc_streams_close(&streams);
	if (child < 0)
		return nsc_error_sys(err, -child, "start a process");
	nsc_fd_close(&out);
	ret = nsc_enter_as_parent(session->state, run->keep_ids, err);
	if (ret < 0)
		return ret;
	/* A change of ids clears the parent-death signal, prctl(2). */
	if (run->parent)
		nsc_process_die_with(run->parent);
	ret = nsc_run_until_user(in, err);
	if (ret == 0 && run->running) {
		ret = nsc_run_report(in, err);
		if (ret == 0)
			run->running(run->arg);
	}
	*ret_status = nsc_run_wait_for(child, &all);
	nsc_recorder_drain(end);
	nsc_fd_close(&end);
	return ret < 0 ? ret : nsc_run_report(in, err);
}
