/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to "enter" is the whole request: nothing is read from it, so
 * nobody can make the monitor wait.  The kernel identifies the client.
 * lib/rundir/enter_socket.h describes the answer; a process of root without a
 * file is not a session.
 */
#include "monitor/socket.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/acl.h"
#include "util/fd.h"
#include "util/proc.h"
#include "rundir/enter_socket.h"
#include "util/paths.h"
#include "cgroup/cgroup_tasks.h"
#include "monitor/session_cgroups.h"
#include "linux/descriptors.h"
#include "monitor/anchor.h"
#include "rundir/monitor_start.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define BACKLOG 512

/*
 * Make a socket that only root can use, in the instance, which becomes the
 * current directory.
 */
static int bind_here(int type, const char *name)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC |
				     SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask = umask(0177);
	int ret = -1;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
	unlinkat(NSC_MONITOR_RUNDIR, name, 0);
	if (fd >= 0 && fchdir(NSC_MONITOR_RUNDIR) == 0)
		ret = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	return ret < 0 ? ret : NSC_TAKE_FD(fd);
}

/* Let uid connect before the socket listens. */
int socket_open(const char *name, uid_t uid, struct nsc_error *err)
{
	_cleanup_fd_ int fd = bind_here(SOCK_SEQPACKET, name);
	int ret = fd;

	if (fd >= 0) {
		errno = -nsc_acl_grant_name(name, uid, NSC_ACL_READ |
					    NSC_ACL_WRITE);
		ret = errno ? -1 : 0;
	}
	if (ret < 0 || chdir("/") < 0 || listen(fd, BACKLOG) < 0)
		return nsc_error_sys(err, errno, "listen on '%s'", name);
	return NSC_TAKE_FD(fd);
}

int wake_open(struct nsc_error *err)
{
	_cleanup_fd_ int fd = bind_here(SOCK_DGRAM, NSC_FILE_WAKE);

	if (fd < 0 || chdir("/") < 0)
		return nsc_error_sys(err, errno, "listen on '"
				     NSC_FILE_WAKE "'");
	return NSC_TAKE_FD(fd);
}

struct peer {
	pid_t pid;
	uid_t uid;
};

/* The effective user id of a process from /proc; -1: the process has ended. */
static long effective_uid(pid_t pid)
{
	char ids[64];
	long uid;

	return nsc_proc_status(pid, "Uid", ids, sizeof(ids)) &&
	       sscanf(ids, "%*d %ld", &uid) == 1 ? uid : -1;
}

/* Returns a pidfd of the client, with its pid in *ret; -1 with err filled. */
static int peer_of(int client, uid_t uid, struct peer *ret,
		   struct nsc_error *err)
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
	if (peer.uid != 0 && peer.uid != uid) {
		nsc_error_set(err, EPERM, "the container does not belong to "
			      "uid %u", peer.uid);
		return -1;
	}
	*ret = (struct peer){ peer.pid, peer.uid };
	len = sizeof(pidfd);
	if (getsockopt(client, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0)
		return pidfd;
	/* Before Linux 6.5: another process may have the number by now. */
	pidfd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
	if (pidfd >= 0 && effective_uid(peer.pid) != (long)peer.uid)
		nsc_fd_close(&pidfd);
	if (pidfd < 0)
		nsc_error_set(err, ESRCH, "the process has ended");
	return pidfd;
}

/*
 * A login that is in no group yet can go on in another container; one that is
 * moved into a group of this one ends with it.
 */
static int check_pid1(const struct sessions *all, struct nsc_error *err)
{
	struct nsc_proc_stat stat;

	return nsc_proc_stat(all->state->pid, &stat) == 0 && !stat.ending ? 0 :
		nsc_error_set(err, ESRCH, "the container has ended");
}

/* Returns the client's session if it has just begun. */
static struct session *socket_enter(int client, struct sessions *all,
				    struct nsc_cgroup_tasks *tasks,
				    struct nsc_error *err)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;
	struct peer peer = { 0, 0 };
	_cleanup_fd_ int pidfd = peer_of(client, all->uid, &peer, err);
	struct session s, *opened = NULL;
	int is, anchor = -1;

	if (pidfd < 0 || check_pid1(all, err) < 0 ||
	    session_cgroups_read(&tree, err) < 0)
		return NULL;
	is = sessions_admit(all, tree, peer.pid, peer.uid == 0, &s, err);
	if (is < 0 || (is && s.entered))
		return NULL;
	tasks->uid = peer.uid;
	if (is && peer.uid == 0)
		anchor = anchor_open(peer.pid);
	if (session_cgroups_enter(tree, peer.pid, pidfd, tasks, err) == 0 && is)
		opened = sessions_add(all, &s, pidfd, err);
	if (opened)
		sessions_anchor(all, opened, &anchor);
	anchor_close(&anchor);
	/*
	 * A process without a session may leave groups, which no end of a
	 * session removes.
	 */
	if (!opened)
		sessions_later(all);
	return opened;
}

void socket_serve(int listener, struct sessions *all)
{
	_cleanup_fd_ int client = accept4(listener, NULL, NULL,
					  SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct nsc_enter_answer answer = { .err = NSC_ERROR_INIT };
	const struct iovec data = { &answer, sizeof(answer) };
	struct nsc_cgroup_tasks tasks = { .n = 0 };
	struct session *opened;

	if (client < 0)
		return;
	opened = socket_enter(client, all, &tasks, &answer.err);
	answer.entered = tasks.entered;
	nsc_descriptors_send(client, &data, tasks.fds,
			     answer.err.code ? 0 : tasks.n,
			     MSG_DONTWAIT | MSG_NOSIGNAL);
	nsc_cgroup_tasks_close(&tasks);
	if (opened) {
		sessions_commands(all, opened, &client);
		sessions_record(all, opened);
	}
}

void socket_close(int listener)
{
	unlinkat(NSC_MONITOR_RUNDIR, NSC_FILE_ENTER, 0);
	close(listener);
}
