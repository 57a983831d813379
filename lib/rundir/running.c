/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsinit, root of the host; nsshell, the user. */
#include "rundir/running.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/proc.h"
#include "util/text.h"
#include "util/paths.h"

static int running_read_number(int rundir, const char *name, long long max,
			       long long *ret, struct nsc_error *err)
{
	_cleanup_fd_ int fd = nsc_file_open_at(rundir, "run directory", name,
					       err);
	char text[64];
	ssize_t len;

	if (fd < 0)
		return fd;
	len = read(fd, text, sizeof(text) - 1);
	if (len < 0)
		return nsc_error_sys(err, errno, "%s: read", name);
	text[len] = '\0';
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	if (nsc_text_number(text, 1, max, ret) < 0)
		return nsc_error_set(err, EINVAL, "%s: expected a number",
				     name);
	return 0;
}

int nsc_running_gone(const char *why, struct nsc_error *err)
{
	return nsc_error_set(err, ESRCH, "no container is running: %s", why);
}

/* Is this the process that the state describes? */
static int running_verify(const struct nsc_state *state, pid_t pid,
			  struct nsc_error *err)
{
	struct nsc_namespace_id ids[NSC_NAMESPACES];
	char boot_id[NSC_BOOT_ID_SIZE];
	uint64_t start;
	int ret;

	if (pid != state->pid)
		return nsc_running_gone("'pid' and 'state' disagree", err);
	ret = nsc_pidfd_boot_id(boot_id);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "read the boot id");
	if (strcmp(boot_id, state->boot_id) != 0)
		return nsc_running_gone("the pid is from before the last boot",
					err);
	ret = nsc_pidfd_start_time(pid, &start);
	if (ret == -ESRCH)
		return nsc_running_gone("the process has ended", err);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "read the start time of %d",
				     (int)pid);
	if (start != state->start)
		return nsc_running_gone("the pid now belongs to another "
					"process", err);
	if (state->other_version)
		return 0;
	ret = nsc_namespace_ids(pid, ids);
	if (ret == -ESRCH)
		return nsc_running_gone("the process has ended", err);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "read the namespaces of %d",
				     (int)pid);
	if (memcmp(ids, state->ids, sizeof(ids)) != 0)
		return nsc_running_gone("the process has different namespaces",
					err);
	return 0;
}

/* Map errors that only mean that no container runs. */
static int absent(int error, struct nsc_error *err)
{
	if (error == -ENOENT || error == -EINVAL)
		return nsc_running_gone(error == -ENOENT ?
						"it has no pid file" :
						"its files are incomplete",
					err);
	return error;
}

int nsc_running_load(int rundir, struct nsc_state **ret, struct nsc_error *err)
{
	int error = nsc_state_load(rundir, ret, err);

	return error < 0 ? absent(error, err) : 0;
}

int nsc_running_verify(int rundir, const struct nsc_state *state,
		       struct nsc_error *err)
{
	_cleanup_fd_ int pidfd = -1;
	long long pid, start;
	int error;

	error = running_read_number(rundir, NSC_FILE_PID, 0x7fffffff, &pid,
				    err);
	if (error == 0)
		error = running_read_number(rundir, NSC_FILE_START, INT64_MAX,
					    &start, err);
	if (error < 0)
		return absent(error, err);
	pidfd = nsc_pidfd_open((pid_t)pid);
	if (pidfd == -ESRCH || pidfd == -EINVAL)
		return nsc_running_gone("the process has ended", err);
	if (pidfd < 0)
		return nsc_error_sys(err, -pidfd, "open process %lld", pid);
	if ((uint64_t)start != state->start)
		return nsc_running_gone("'start' and 'state' disagree", err);
	error = running_verify(state, (pid_t)pid, err);
	if (error < 0)
		return error;
	if (!nsc_pidfd_alive(pidfd))
		return nsc_running_gone("the process has ended", err);
	return NSC_TAKE_FD(pidfd);
}

int nsc_running_filter(int rundir, struct nsc_state *state,
		       struct nsc_error *err)
{
	_cleanup_fd_ int fd = -1;
	int ret;

	if (!state->filter.len)
		return 0;
	fd = nsc_file_open_at(rundir, "run directory", NSC_FILE_SECCOMP, err);
	/* The filter is removed after the pid. */
	if (fd == -ENOENT && faccessat(rundir, NSC_FILE_PID, F_OK, 0) < 0)
		return nsc_running_gone("it is being stopped", err);
	ret = fd < 0 ? fd : nsc_seccomp_read(fd, &state->filter, err);
	if (ret == 0)
		return 0;
	nsc_error_context(err, "the container's " NSC_FILE_SECCOMP " was "
			  "changed: stop the container, and the next login "
			  "makes a new one");
	return -EBADMSG;
}
