/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that puts a change back unless it is confirmed.  Root of the
 * host; it outlives the terminal, session and unit that began the change.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"
#include "doctor/enable_files.h"
#include "doctor/enable_pending.h"
#include "doctor/pam.h"

/*
 * logind may kill all that is in the session's control group.  The root group
 * is no unit's; without such a hierarchy nobody kills by group.
 */
static void leave_group(void)
{
	static const char *const roots[] = {
		"/sys/fs/cgroup/cgroup.procs",
		"/sys/fs/cgroup/systemd/cgroup.procs",
		"/sys/fs/cgroup/unified/cgroup.procs",
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(roots); i++) {
		_cleanup_fd_ int fd = open(roots[i], O_WRONLY | O_CLOEXEC);

		if (fd >= 0 && write(fd, "0", 1) < 0)
			continue;
	}
}

/* Only ready, the pipe of our parent, stays open, as descriptor 3. */
static void leave_terminal(int ready)
{
	int null = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);

	setsid();
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	dup2(ready, 3);
	close_range(4, ~0U, 0);
	if (chdir("/") < 0)
		return;
}

static void put_back(const struct nsc_pending *pending, bool *logged)
{
	struct nsc_error err = NSC_ERROR_INIT;
	_cleanup_fd_ int dir = nsc_enable_open_dir(&err);
	char **edited = NULL;
	int ret = dir < 0 ? dir :
			    nsc_pending_undo(pending, dir, &edited, &err);

	if (ret == 0)
		syslog(LOG_AUTH | LOG_WARNING, "nobody has confirmed "
		       "the change of " NSC_PAM_DIR ": it is put back");
	else if (!*logged)
		syslog(LOG_AUTH | LOG_ERR, "the change of " NSC_PAM_DIR
		       " cannot be put back, trying again: %s", err.text);
	*logged = true;
	for (char **s = edited; ret == 0 && s && *s; s++)
		syslog(LOG_AUTH | LOG_WARNING, NSC_PAM_DIR
		       "/%s was edited meanwhile: it keeps the edit, without "
		       "the lines of nsinit", *s);
	nsc_text_free_vector(edited);
}

/* False if the change no longer waits for us. */
static bool look_again(uint64_t began, bool *logged)
{
	_cleanup_pending_ struct nsc_pending pending = { .began = 0 };
	_cleanup_fd_ int lock = -1;
	int ret;

	ret = nsc_pending_read(&pending, NSC_IGNORE);
	if (ret == -ENOENT || (ret == 0 && pending.began != began))
		return false;
	/* After an error, such as a lack of memory, look again later. */
	if (ret < 0)
		return true;
	if (nsc_pending_now() < began + (uint64_t)pending.seconds * 1000)
		return true;
	/* Whoever has the lock may be confirming it. */
	lock = nsc_pending_lock(NSC_IGNORE);
	nsc_pending_free(&pending);
	pending = (struct nsc_pending){ .began = 0 };
	if (lock < 0)
		return true;
	if (nsc_pending_read(&pending, NSC_IGNORE) == 0 &&
	    pending.began == began)
		put_back(&pending, logged);
	return true;
}

static void __attribute__((noreturn)) watch(uint64_t began, int ready)
{
	const struct timespec moment = { .tv_nsec = 500000000 };
	bool logged = false;

	leave_terminal(ready);
	leave_group();
	if (write(3, "", 1) != 1)
		_exit(1);
	close(3);
	while (look_again(began, &logged))
		nanosleep(&moment, NULL);
	_exit(0);
}

int nsc_pending_watch(const struct nsc_pending *pending, struct nsc_error *err)
{
	_cleanup_fd_ int in = -1, out = -1;
	pid_t pid = -ENOMEM;
	char byte;

	if (nsc_fd_pipe(&in, &out) == 0)
		pid = nsc_process_fork_unwatched();
	if (pid == 0)
		watch(pending->began, out);
	nsc_fd_close(&out);
	/* It must have left the session before anything changes. */
	if (pid < 0 || read(in, &byte, 1) != 1)
		return nsc_error_set(err, ECHILD, "the process that waits for "
				     "'nsinit confirm' cannot be started");
	return 0;
}
