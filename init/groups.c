/*
 * Logins enter the container's groups through the monitor: an unprivileged
 * nsshell could not write to them, and what all doors share is one place.
 *
 * A connection to "enter" is the whole request: nothing is read from it, so
 * nobody can make the monitor wait.  The kernel says who connected.  The
 * answer is one nsc_error, code 0 when the process is where it belongs.
 */
#include "groups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "container/paths.h"
#include "kernel/cgroup_tree.h"
#include "monitor.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define BACKLOG 512
#define GRACE_MS 1000		/* for login processes to end by themselves */

/* Whose container it is: the owner of 'sessions'. */
static uid_t owner(void)
{
	struct stat st;

	return fstat(NSC_MONITOR_SESSIONS, &st) < 0 ? 0 : st.st_uid;
}

/* Mode and owner are right before anybody can connect. */
static int make_socket(struct nsc_error *err)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC |
				     SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = NSC_FILE_ENTER,
	};
	mode_t mask = umask(0177);
	int ret = -1;

	unlinkat(NSC_MONITOR_RUNDIR, NSC_FILE_ENTER, 0);
	if (fd >= 0 && fchdir(NSC_MONITOR_RUNDIR) == 0)
		ret = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (ret < 0 || chdir("/") < 0 ||
	    fchownat(NSC_MONITOR_RUNDIR, NSC_FILE_ENTER, owner(), (gid_t)-1,
		     AT_SYMLINK_NOFOLLOW) < 0 || listen(fd, BACKLOG) < 0)
		return nsc_error_sys(err, errno, "listen on '"
				     NSC_FILE_ENTER "'");
	return NSC_TAKE_FD(fd);
}

/* So that it outlives the login that started it: a group beside. */
static int move_self(const struct nsc_cgroup_tree *tree, struct nsc_error *err)
{
	for (size_t i = 0; i < tree->n; i++) {
		const char *path = tree->list[i].path;
		_cleanup_fd_ int fd = -1;
		char file[4096];

		if (tree->list[i].kind != 'm')
			continue;
		snprintf(file, sizeof(file), "%.4000s/cgroup.procs", path);
		fd = open(file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || write(fd, "0", 1) != 1)
			return nsc_error_sys(err, errno, "move the monitor "
					     "into group '%s'", path);
	}
	return 0;
}

int groups_open(struct nsc_error *err)
{
	struct nsc_cgroup_tree *tree =
		calloc(1, sizeof(*tree));
	int ret = tree ? nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, tree) :
			 -ENOMEM;

	if (ret == 0)
		ret = move_self(tree, err) < 0 ? -2 : 0;
	else if (ret != -ENOENT)
		nsc_error_sys(err, -ret, "read '" NSC_CGROUP_RECORD "'");
	free(tree);
	if (ret == -ENOENT)
		return -1;
	if (ret == 0)
		ret = make_socket(err);
	return ret < 0 ? -2 : ret;
}

/* The effective user id of a process, as /proc has it; -1: gone. */
static long effective_uid(pid_t pid)
{
	char path[32], line[256];
	_cleanup_file_ FILE *file = NULL;
	long uid;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Uid: %*d %ld", &uid) == 1)
			return uid;
	return -1;
}

/* A pidfd of who connected, and the pid; -1 with err filled. */
static int peer_of(int client, pid_t *ret_pid, struct nsc_error *err)
{
	struct ucred peer = { 0, 0, 0 };
	socklen_t len = sizeof(peer);
	int pidfd = -1;

	if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
	    peer.pid <= 0) {
		nsc_error_set(err, EPERM, "the process cannot be seen from "
			      "the host");
		return -1;
	}
	if (peer.uid != 0 && peer.uid != owner()) {
		nsc_error_set(err, EPERM, "uid %u is not whose container this "
			      "is", peer.uid);
		return -1;
	}
	*ret_pid = peer.pid;
	len = sizeof(pidfd);
	if (getsockopt(client, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
		return pidfd;
	/* Before Linux 6.5: the number may be another process's by now. */
	pidfd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	if (pidfd >= 0 && effective_uid(peer.pid) != (long)peer.uid)
		nsc_fd_close(&pidfd);
	if (pidfd < 0)
		nsc_error_set(err, ESRCH, "the process has ended");
	return pidfd;
}

static void enter(int client, struct nsc_error *err)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	_cleanup_fd_ int pidfd = -1;
	pid_t pid;
	int ret;

	pidfd = peer_of(client, &pid, err);
	if (pidfd < 0)
		return;
	tree = malloc(sizeof(*tree));
	ret = tree ? nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, tree) : -ENOMEM;
	if (ret < 0) {
		nsc_error_sys(err, -ret, "read '" NSC_CGROUP_RECORD "'");
		return;
	}
	if (nsc_cgroup_tree_paused(tree)) {
		nsc_error_set(err, EBUSY, "the container is paused: an "
			      "administrator can let it go on with 'nsinit "
			      "resume'");
		return;
	}
	/* Alive, so the number still is this process's and nobody else's. */
	if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
		nsc_error_set(err, ESRCH, "the process has ended");
	else if (nsc_cgroup_tree_enter(tree, pid, err) == 0 &&
		 syscall(SYS_pidfd_send_signal, NSC_MONITOR_PID1, 0, NULL,
			 0) < 0)
		/* Where it leads was looked up by the number of PID 1. */
		nsc_error_set(err, ESRCH, "the container has ended");
}

void groups_serve(int listener)
{
	_cleanup_fd_ int client = accept4(listener, NULL, NULL,
					  SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct nsc_error err = NSC_ERROR_INIT;

	if (client < 0)
		return;
	enter(client, &err);
	(void)!send(client, &err, sizeof(err), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void groups_thaw(int listener)
{
	struct nsc_cgroup_tree *tree = listener < 0 ? NULL :
						      malloc(sizeof(*tree));

	if (tree && nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, tree) == 0)
		nsc_cgroup_tree_freeze(tree, false);
	free(tree);
}

void groups_end(int listener)
{
	struct nsc_cgroup_tree *tree;

	if (listener < 0)
		return;
	unlinkat(NSC_MONITOR_RUNDIR, NSC_FILE_ENTER, 0);
	close(listener);
	tree = malloc(sizeof(*tree));
	/* What stays is in the record for the next start. */
	if (tree && nsc_cgroup_tree_load(NSC_MONITOR_RUNDIR, tree) == 0 &&
	    nsc_cgroup_tree_end(tree, GRACE_MS) == 0)
		unlinkat(NSC_MONITOR_RUNDIR, NSC_CGROUP_RECORD, 0);
	free(tree);
}
