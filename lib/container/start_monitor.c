/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the builder of a container, or a child of nsinit; root, host. */
#include "container/start_monitor.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "rundir/monitor_start.h"
#include "util/fd.h"
#include "util/process.h"
#include "cgroup/cgroups.h"
#include "util/paths.h"
#include "rundir/rundir.h"
#include "linux/pty.h"

#define PROGRAM NSC_LIBEXEC "/container-monitor"

static bool is_external(const struct nsc_monitor_start *start)
{
	return !strcmp(start->plan->stop, NSC_STOP_EXTERNAL);
}

/* Open a directory of the container; -1 with errno after an error. */
static int monitor_start_open_inside(pid_t pid, const char *name)
{
	_cleanup_fd_ int root = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -1 : openat(root, name, O_RDONLY | O_DIRECTORY |
				      O_NOFOLLOW | O_CLOEXEC);
}

/* Open the container's /proc, and verify that it is a procfs. */
static int open_proc(pid_t pid, struct nsc_error *err)
{
	_cleanup_fd_ int proc = monitor_start_open_inside(pid, "proc");
	struct statfs fs;

	if (proc < 0 || fstatfs(proc, &fs) < 0)
		return nsc_error_sys(err, errno, "open the container's /proc");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return nsc_error_set(err, EINVAL, "the container's /proc is "
				     "not a procfs");
	return NSC_TAKE_FD(proc);
}

static int open_null(struct nsc_error *err)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? nsc_error_sys(err, errno, "open /dev/null") : fd;
}

/*
 * Open the container's devpts.  When a killed monitor is replaced, a process
 * inside may have mounted over it: then /dev/null takes its place.
 */
static int open_devpts(pid_t pid, struct nsc_error *err)
{
	_cleanup_fd_ int devpts = monitor_start_open_inside(pid, "dev/pts");
	struct statfs fs;
	struct stat st;

	if (devpts < 0 || fstatfs(devpts, &fs) < 0 || fstat(devpts, &st) < 0 ||
	    fs.f_type != DEVPTS_SUPER_MAGIC || st.st_dev == nsc_pty_devpts()) {
		nsc_fd_close(&devpts);
		devpts = open("/dev/null", O_PATH | O_CLOEXEC);
	}
	if (devpts < 0)
		return nsc_error_sys(err, errno, "open /dev/null");
	return NSC_TAKE_FD(devpts);
}

static void __attribute__((noreturn))
exec_monitor(const struct nsc_monitor_start *start, const int *keep,
	     struct nsc_error *err)
{
	const struct nsc_plan *plan = start->plan;
	bool leader = plan->leader >= 0;
	char name[] = "container-monitor", with[] = "leader", uid[16];
	char *const argv[] = {
		name, plan->user->name, uid, leader ? with : NULL, NULL,
	};
	char *const envp[] = { NULL };

	snprintf(uid, sizeof(uid), "%u", plan->user->uid);
	/* From here on, the container outlives the process that started it. */
	if (prctl(PR_SET_PDEATHSIG, 0) < 0 ||
	    nsc_process_clean(keep, leader ? 10 : 8) < 0)
		nsc_error_sys(err, errno, "prepare the monitor");
	else if (execve(PROGRAM, argv, envp) < 0)
		nsc_error_sys(err, errno, "run '%s'", PROGRAM);
	/* The descriptors have moved, so no caller could continue. */
	nsc_error_send(NSC_MONITOR_REPORT, err);
	_exit(1);
}

int nsc_monitor_become(const struct nsc_monitor_start *start,
		       struct nsc_error *err)
{
	const struct nsc_plan *plan = start->plan;
	int lock, sessions, proc, devpts;

	/* The monitor does not check if another engine's container is empty. */
	proc = is_external(start) ? open_null(err) :
				    open_proc(start->pid, err);
	if (proc < 0)
		return proc;
	lock = nsc_rundir_lock(plan->rundir, NSC_FILE_MONITOR, LOCK_EX,
			       plan->deadline, err);
	if (lock < 0)
		return lock;
	sessions = openat(plan->rundir, NSC_FILE_SESSIONS, O_RDONLY |
			  O_NOFOLLOW | O_CLOEXEC);
	if (sessions < 0)
		return nsc_error_sys(err, errno, "open 'sessions'");
	devpts = open_devpts(start->pid, err);
	if (devpts < 0)
		return devpts;
	exec_monitor(start, (const int[]){
			plan->rundir, start->pidfd, lock, sessions, proc,
			devpts, start->go, start->report, plan->leader,
			plan->dir }, err);
}

int nsc_monitor_wait(int in, int64_t deadline, struct nsc_error *err)
{
	int n = nsc_process_poll(in, deadline);

	if (n < 0)
		return nsc_error_sys(err, -n, "wait for the container");
	if (n == 0)
		return nsc_error_set(err, ETIMEDOUT, "the container was not "
				     "ready within start_timeout");
	n = nsc_error_receive(in, err);
	return n > 0 ? nsc_error_set(err, ECHILD, "the builder died") : n;
}

static void __attribute__((noreturn))
monitor_start_adopt(const struct nsc_monitor_start *start)
{
	struct nsc_error err = NSC_ERROR_INIT;

	setsid();
	if (is_external(start)) {
		const struct nsc_cgroup_request request =
			nsc_plan_cgroups(start->plan);

		nsc_cgroups_leave_session(&request);
	}
	nsc_monitor_become(start, &err);
	nsc_error_send(start->report, &err);
	_exit(1);
}

int nsc_monitor_adopt(const struct nsc_plan *plan,
		      const struct nsc_state *state, int pidfd,
		      struct nsc_error *err)
{
	_cleanup_fd_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	_cleanup_fd_ int child = -1;
	_cleanup_fd_ int in = -1;
	_cleanup_fd_ int out = -1;
	struct nsc_monitor_start start = {
		.plan = plan, .pid = state->pid, .pidfd = pidfd, .go = null,
	};
	pid_t pid;

	if (null < 0 || nsc_fd_pipe(&in, &start.report) < 0)
		return nsc_error_sys(err, errno, "start a monitor");
	out = start.report;
	pid = nsc_process_fork(&child);
	if (pid == 0)
		monitor_start_adopt(&start);
	if (pid < 0)
		return nsc_error_sys(err, -pid, "start a monitor");
	nsc_fd_close(&out);
	return nsc_monitor_wait(in, plan->deadline, err);
}
