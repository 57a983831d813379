/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, root of the host; and a child that looks inside. */
#include "container/external.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/proc.h"
#include "util/process.h"
#include "util/text.h"
#include "container/hooks.h"
#include "rootfs/exec_user.h"
#include "container/start_monitor.h"
#include "util/paths.h"
#include "container/save.h"
#include "rundir/state.h"
#include "linux/namespace.h"
#include "linux/pidfd.h"

#define SLACK_MS 1000	/* coarse clocks, and a leap second */
#define POLL_MS 20

static int external_gone(const char *pidfile, struct nsc_error *err,
			 const char *why)
{
	return nsc_error_set(err, ESRCH, "the container of pid file '%s' does "
			     "not run: %s", pidfile, why);
}

static int unfit(const char *pidfile, pid_t pid, struct nsc_error *err,
		 const char *why)
{
	return nsc_error_set(err, EPERM, "pid file '%s': process %d %s",
			     pidfile, (int)pid, why);
}

static int open_pidfile(const char *path, struct nsc_error *err)
{
	int fd = nsc_file_open(path, err);

	if (fd == -ENOENT)
		return external_gone(path, err, "there is no such file");
	return fd < 0 ? nsc_error_context(err, "pidfile") : fd;
}

/* Read the pid and the file's modification time, in ms since the epoch. */
static int read_pidfile(const char *path, pid_t *ret_pid, int64_t *ret_ms,
			struct nsc_error *err)
{
	_cleanup_fd_ int fd = open_pidfile(path, err);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	long long pid;
	size_t len;
	int ret;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return nsc_error_sys(err, errno, "%s", path);
	ret = nsc_file_read(fd, path, 64, &text, &len, err);
	if (ret < 0)
		return ret;
	/* The engine may be about to write it. */
	if (!len)
		return external_gone(path, err, "the file is empty");
	while (len && strchr(" \t\r\n", text[len - 1]))
		text[--len] = '\0';
	/* PID 1 of the host is not in a container. */
	if (nsc_text_number(text, 2, INT_MAX, &pid) < 0)
		return nsc_error_set(err, EINVAL, "pid file '%s': expected a "
				     "process id from 2, and nothing else",
				     path);
	*ret_pid = (pid_t)pid;
	*ret_ms = (int64_t)st.st_mtim.tv_sec * 1000 +
		  st.st_mtim.tv_nsec / 1000000;
	return 0;
}

static int64_t clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The start time of pid in ms since the epoch, by the present clock. */
static int started_at(pid_t pid, int64_t *ret)
{
	int64_t hz = sysconf(_SC_CLK_TCK);
	uint64_t ticks;
	int error = nsc_pidfd_start_time(pid, &ticks);

	if (error < 0)
		return error;
	*ret = clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_BOOTTIME) +
	       (int64_t)ticks * 1000 / hz;
	return 0;
}

/*
 * Read the limits of the process from proc_pid_status(5).  True if it is PID 1
 * of a pid namespace: NSpid has its pids, from our namespace to its own.
 */
static bool read_status(struct nsc_external *e)
{
	char numbers[512], text[32];
	const char *last;

	if (!nsc_proc_status(e->pid, "NSpid", numbers, sizeof(numbers)) ||
	    !nsc_proc_status(e->pid, "CapBnd", text, sizeof(text)) ||
	    sscanf(text, "%" SCNx64, &e->bounding) != 1 ||
	    !nsc_proc_status(e->pid, "NoNewPrivs", text, sizeof(text)))
		return false;
	e->no_new_privs = strcmp(text, "0") != 0;
	last = strrchr(numbers, '\t');
	return last && !strcmp(last, "\t1");
}

/*
 * The owner of a namespace has all privileges in it, so the owner must be root
 * or the user.
 */
static int external_check_owners(const char *pidfile,
				 const struct nsc_user *user,
				 const struct nsc_external *e,
				 struct nsc_error *err)
{
	for (size_t i = 0; i < NSC_NAMESPACES; i++) {
		unsigned int flag = nsc_namespaces[i].flag;
		uid_t owner;
		int ret;

		if (!(e->namespaces & flag))
			continue;
		ret = nsc_namespace_owner(e->pid, flag, &owner);
		if (ret < 0)
			return nsc_error_sys(err, -ret, "pid file '%s': ask "
					     "who made the %s namespace of "
					     "process %d", pidfile,
					     nsc_namespaces[i].link,
					     (int)e->pid);
		if (owner != 0 && owner != user->uid)
			return nsc_error_set(err, EPERM, "pid file '%s': the "
					     "%s namespace of process %d was "
					     "made by uid %u, who is neither "
					     "root nor '%s'", pidfile,
					     nsc_namespaces[i].link,
					     (int)e->pid, owner, user->name);
	}
	return 0;
}

static int check_namespaces(const char *pidfile, const struct nsc_user *user,
			    struct nsc_external *e, struct nsc_error *err)
{
	struct nsc_namespace_id ids[NSC_NAMESPACES];
	int ret = nsc_namespace_ids(e->pid, ids);

	if (ret == 0)
		e->namespaces = nsc_namespace_differ(ids, &ret);
	if (ret == -ESRCH)
		return external_gone(pidfile, err, "its process has ended");
	if (ret < 0)
		return nsc_error_sys(err, -ret, "pid file '%s': look at the "
				     "namespaces of process %d", pidfile,
				     (int)e->pid);
	if (!(e->namespaces & CLONE_NEWPID))
		return unfit(pidfile, e->pid, err, "is in the host's pid "
			     "namespace, not in a container");
	if (!(e->namespaces & CLONE_NEWNS))
		return unfit(pidfile, e->pid, err, "sees the host's mounts: "
			     "a session would be on the host");
	if (!read_status(e))
		return unfit(pidfile, e->pid, err, "is not PID 1 of its pid "
			     "namespace: the container could end without it");
	return external_check_owners(pidfile, user, e, err);
}

int nsc_external_find(const struct nsc_config *config,
		      const struct nsc_user *user, struct nsc_external *ret,
		      struct nsc_error *err)
{
	struct nsc_external e = NSC_EXTERNAL_INIT;
	const char *pidfile = config->pidfile;
	_cleanup_fd_ int pidfd = -1;
	int64_t written = 0, started;
	int error = read_pidfile(pidfile, &e.pid, &written, err);

	if (error < 0)
		return error;
	/* With a pidfd, a later reuse of the pid is noticed. */
	pidfd = nsc_pidfd_open(e.pid);
	if (pidfd == -ESRCH)
		return external_gone(pidfile, err, "its process has ended");
	/* The pid has been reused, for a thread. */
	if (pidfd == -EINVAL || pidfd == -ENOENT)
		return external_gone(pidfile, err,
				     "its number is that of a thread");
	if (pidfd < 0)
		return nsc_error_sys(err, -pidfd, "open process %d", e.pid);
	error = started_at(e.pid, &started);
	if (error == 0 && started > written + SLACK_MS)
		return external_gone(
			pidfile, err,
			"a process that was started after "
			"the file was written has its number (if the "
			"clock was set since then, touch the file)");
	error = error ? nsc_error_sys(err, -error, "process %d", e.pid) :
			check_namespaces(pidfile, user, &e, err);
	if (!nsc_pidfd_alive(pidfd))
		return external_gone(pidfile, err, "its process has ended");
	if (error < 0)
		return error;
	e.pidfd = NSC_TAKE_FD(pidfd);
	*ret = e;
	return 0;
}

static int external_run_command(const struct nsc_config_hook *command,
				const char *name,
				const struct nsc_config *config,
				const struct nsc_user *user,
				struct nsc_error *err)
{
	const struct nsc_hook_variable list[] = {
		{ "NSC_ENGINE", name },
		{ "NSC_USER", user->name },
		{ "NSC_PIDFILE", config->pidfile },
		{ "NSC_CONFIG", config->file },
		{ NULL, NULL },
	};
	char **environment = NULL;
	int ret = nsc_hooks_environment(list, &environment);

	ret = ret < 0 ? nsc_error_sys(err, -ret, "engine") :
			nsc_hooks_command(command, environment, true, err);
	nsc_text_free_vector(environment);
	return ret < 0 ? nsc_error_context(err, "engine.%s '%s'", name,
					   command->path) : 0;
}

int nsc_external_stop(const struct nsc_config *config,
		      const struct nsc_user *user, struct nsc_error *err)
{
	return external_run_command(&config->engine_stop, "stop", config, user,
				    err);
}

int nsc_external_get(const struct nsc_plan *plan, struct nsc_external *ret,
		     struct nsc_error *err)
{
	const struct timespec pause = { 0, POLL_MS * 1000000L };
	const struct nsc_config *config = plan->config;
	struct nsc_error absent = NSC_ERROR_INIT;
	int error = nsc_external_find(config, plan->user, ret, &absent);
	int started;

	if (error == -ESRCH && !config->engine_start.path)
		return nsc_error_set(err, ENOENT, "%s: start it, or set "
				     "engine.start", absent.text);
	if (error != -ESRCH) {
		*err = absent;
		return error;
	}
	started = external_run_command(&config->engine_start, "start", config,
				       plan->user, err);
	for (;;) {
		error = nsc_external_find(config, plan->user, ret, &absent);
		/* The command may fail because another start was faster. */
		if (error == -ESRCH && started < 0)
			return started;
		if (error != -ESRCH || nsc_process_now() >= plan->deadline)
			break;
		nanosleep(&pause, NULL);
	}
	if (error == -ESRCH)
		return nsc_error_set(err, ETIMEDOUT, "engine.start '%s' has "
				     "ended, but %s",
				     config->engine_start.path, absent.text);
	*err = absent;
	return error;
}

static int read_map(const struct nsc_external *e, const char *file,
		    struct nsc_id_mapping *map, size_t *ret_n,
		    struct nsc_error *err)
{
	int n = nsc_idmap_read(e->pid, file, map);

	if (n < 0)
		return nsc_error_sys(err, -n, "read %s of process %d", file,
				     (int)e->pid);
	*ret_n = (size_t)n;
	return 0;
}

int nsc_external_maps(const struct nsc_external *external,
		      struct nsc_plan *plan, struct nsc_error *err)
{
	int ret = read_map(external, "uid_map", plan->uid_map,
			   &plan->n_uid_map, err);

	return ret < 0 ? ret : read_map(external, "gid_map", plan->gid_map,
					&plan->n_gid_map, err);
}

struct look {
	const struct nsc_external *external;
	struct nsc_exec_user_request request;
};

struct answer {
	struct nsc_error err;
	struct nsc_exec_user exec_user;
};

static bool same_place(const struct statx *a, const struct statx *b)
{
	return a->stx_dev_major == b->stx_dev_major &&
	       a->stx_dev_minor == b->stx_dev_minor &&
	       a->stx_ino == b->stx_ino && a->stx_mnt_id == b->stx_mnt_id;
}

/*
 * Runs in a child, which joins only the mount namespace, so that processes
 * inside cannot see it.  setns(2) leads to the root of the mount namespace.
 * PID 1 must have the same root: if PID 1 is in a chroot, a session would be
 * outside that chroot.
 */
static void look_inside(const void *arg, void *to)
{
	const unsigned int mask = STATX_BASIC_STATS | STATX_MNT_ID;
	const struct look *look = arg;
	struct answer *answer = to;
	struct nsc_error *err = &answer->err;
	struct statx theirs, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root/",
		 (int)look->external->pid);
	if (statx(AT_FDCWD, path, 0, mask, &theirs) < 0)
		nsc_error_sys(err, errno, "look at the root directory of "
			      "process %d", (int)look->external->pid);
	else if (setns(look->external->pidfd, CLONE_NEWNS) < 0)
		nsc_error_sys(err, errno, "enter the container's mounts");
	else if (statx(AT_FDCWD, "/", 0, mask, &ours) < 0)
		nsc_error_sys(err, errno, "look at the container's root "
			      "directory");
	else if (!same_place(&theirs, &ours))
		nsc_error_set(err, EPERM, "process %d is in a chroot below "
			      "the root of its mounts: a session would see "
			      "more than that process: the engine must use "
			      "pivot_root", (int)look->external->pid);
	else
		nsc_exec_user_find(&look->request, &answer->exec_user, err);
}

/* True without a user namespace, or if group 0 is mapped to itself. */
static bool shares_ids(const struct nsc_plan *plan)
{
	uint32_t id;

	return nsc_idmap_to_host(plan->gid_map, plan->n_gid_map, 0, &id) == 0 &&
	       id == 0;
}

static int find_exec_user(const struct nsc_external *external,
			  const struct nsc_plan *plan,
			  struct nsc_exec_user *ret, struct nsc_error *err)
{
	const struct look look = {
		.external = external,
		.request = {
			.spec = plan->config->user, .login = plan->user,
			.shell = plan->config->shell, .own_home = true,
			.host_ids = shares_ids(plan),
		},
	};
	struct answer answer = { NSC_ERROR_INIT, { 0 } };
	int error = nsc_process_ask(look_inside, &look, &answer,
				    sizeof(answer), plan->deadline);

	if (error < 0)
		return nsc_error_sys(err, -error, "look inside the container");
	*ret = answer.exec_user;
	return nsc_error_take(&answer.err, err);
}

/* A monitor needs only the records, so adopting works for a new container. */
static int watch(const struct nsc_external *external,
		 const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_state state = { .pid = external->pid };

	return nsc_monitor_adopt(plan, &state, external->pidfd, err);
}

int nsc_external_record(const struct nsc_external *external,
			struct nsc_plan *plan, struct nsc_error *err)
{
	struct nsc_exec_user exec_user;
	struct nsc_save save = {
		.plan = plan,
		.pid = external->pid,
		.pidfd = external->pidfd,
		.exec_user = &exec_user,
		.namespaces = external->namespaces,
		.withheld = ~external->bounding,
		.no_new_privs = external->no_new_privs,
		.home_id = NSC_HOME_UNKNOWN,
	};
	int ret;

	plan->stop = NSC_STOP_EXTERNAL;
	ret = find_exec_user(external, plan, &exec_user, err);
	if (ret == 0)
		ret = nsc_external_groups(plan->rundir, external->pid, err);
	if (ret < 0)
		return nsc_error_context(err, "pid file '%s'",
					 plan->config->pidfile);
	save.has_groups = ret > 0;
	ret = nsc_save(&save, err);
	return ret < 0 ? ret : watch(external, plan, err);
}
