/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsshell, nsinit exec, still on the host. */
#include "session/monitor_client.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "util/text.h"
#include "rundir/enter_socket.h"
#include "rundir/session_file.h"
#include "util/paths.h"
#include "linux/descriptors.h"
#include "linux/pidfd.h"
#include "session/enter_v1.h"

static int client_failed(const struct nsc_session *session, int error,
			 struct nsc_error *err)
{
	if (!nsc_pidfd_alive(session->pidfd))
		return nsc_error_set(err, ESRCH, "the container has ended");
	if (error == EAGAIN || error == ETIMEDOUT)
		return nsc_error_set(err, ETIMEDOUT, "enter the container's "
				     "limits: container-monitor does not "
				     "answer");
	return nsc_error_sys(err, error, "enter the container's limits: "
			     "container-monitor cannot be reached: log in "
			     "through a service with pam_container, or have "
			     "the container stopped");
}

static int connect_to(const struct nsc_session *session, const char *name)
{
	/* connect() blocks while the queue is full, unix(7). */
	const struct timeval limit = { .tv_sec = NSC_MONITOR_CLIENT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
				     0);

	_Static_assert(sizeof(address.sun_path) >= NSC_SESSION_PATH +
		       sizeof("/" NSC_FILE_RECORD), "the path is not too long");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
		 session->path, name);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit,
		       sizeof(limit)) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return NSC_TAKE_FD(fd);
}

/*
 * A monitor that is starting has no socket yet.  If the socket exists but
 * nobody listens, the monitor was killed, and the caller starts another one.
 */
static int connect_soon(const struct nsc_session *session, const char *name)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	int64_t deadline = nsc_process_now() + NSC_MONITOR_CLIENT_S * 1000LL;
	int fd = connect_to(session, name);

	while (fd == -ENOENT && nsc_pidfd_alive(session->pidfd) &&
	       nsc_process_now() < deadline) {
		nanosleep(&moment, NULL);
		fd = connect_to(session, name);
	}
	return fd;
}

int nsc_monitor_client_connect(const struct nsc_session *session,
			       const char *name, struct nsc_error *err)
{
	int fd = connect_soon(session, name);

	return fd < 0 ? client_failed(session, -fd, err) : fd;
}

/* This process is already in some of the groups. */
static int no_way_back(struct nsc_error *err)
{
	/* The code reports an error of this process, and not of its parent. */
	err->code = ECANCELED;
	return -ENOTRECOVERABLE;
}

/* Receive the monitor's answer; returns the number of its descriptors. */
static int client_receive(const struct nsc_session *session,
			  struct nsc_enter_answer *answer,
			  int fds[NSC_DESCRIPTORS_MAX], struct nsc_error *err)
{
	_cleanup_fd_ int fd = connect_soon(session, NSC_FILE_ENTER);
	int n;

	if (fd < 0)
		return client_failed(session, -fd, err);
	n = nsc_process_poll(fd, nsc_process_now() +
			     NSC_MONITOR_CLIENT_S * 1000LL);
	if (n <= 0)
		return client_failed(session, n < 0 ? -n : ETIMEDOUT, err);
	n = nsc_descriptors_receive(fd, answer, sizeof(*answer), fds, 0);
	if (n == -EMFILE) {
		nsc_error_set(err, EMFILE, "enter the container's control "
			      "groups: the limit of open files is too low");
		return answer->entered ? no_way_back(err) : n;
	}
	if (n >= 0 && session->commands)
		*session->commands = NSC_TAKE_FD(fd);
	return n < 0 ? client_failed(session, -n, err) : n;
}

/* Map a refusal by the monitor. */
static int refused(struct nsc_enter_answer *answer, struct nsc_error *err)
{
	int ret = nsc_error_take(&answer->err, err);

	if (ret == -EUSERS)
		return ret;
	nsc_error_context(err, "enter the container's limits");
	return ret == -ENOTRECOVERABLE ? no_way_back(err) : ret;
}

/* A container that has ended explains why its groups cannot be entered. */
static int enter_rest(const struct nsc_session *session, const int *fds, int n,
		      bool entered, struct nsc_error *err)
{
	int ret = nsc_v1_enter(fds, n, &entered, err);

	if (n && !nsc_pidfd_alive(session->pidfd))
		ret = nsc_error_set(err, ESRCH, "the container has ended");
	return ret < 0 && entered ? no_way_back(err) : ret;
}

static int client_ask(const struct nsc_session *session, struct nsc_error *err)
{
	struct nsc_enter_answer answer;
	int fds[NSC_DESCRIPTORS_MAX];
	int n = client_receive(session, &answer, fds, err), ret;

	if (n < 0)
		return n;
	ret = answer.err.code ? refused(&answer, err) :
				enter_rest(session, fds, n, answer.entered,
					   err);
	nsc_v1_close(fds, n);
	return ret;
}

static int client_open_dir(const struct nsc_session *session,
			   struct nsc_error *err)
{
	_cleanup_fd_ int instance = nsc_file_open_dir(session->path, err);

	if (instance == -ENOENT)
		return nsc_error_set(err, ESRCH, "the container has ended");
	return instance < 0 ? instance :
			      nsc_file_open_dir_at(instance, session->path,
						   NSC_DIR_SESSION, err);
}

/* Texts that are longer than their fields are cut off. */
static int client_write_file(const struct nsc_session *session,
			     const struct nsc_session_origin *origin,
			     struct nsc_error *err)
{
	_cleanup_fd_ int dir = client_open_dir(session, err);
	struct session s;
	int ret;

	if (dir < 0)
		return dir;
	ret = nsc_session_file_look(getpid(), &s);
	if (ret < 0)
		return nsc_error_sys(err, -ret, "note the session");
	s.generation = session->state->generation;
	s.began = (uint64_t)origin->began;
	snprintf(s.user, sizeof(s.user), "%s", session->state->user);
	nsc_text_escape(origin->service, s.service, sizeof(s.service));
	nsc_text_escape(origin->rhost, s.rhost, sizeof(s.rhost));
	nsc_text_escape(origin->tty, s.tty, sizeof(s.tty));
	nsc_text_escape(origin->ruser, s.ruser, sizeof(s.ruser));
	return nsc_session_file_write(dir, &s, err);
}

/* Remove the file of a login that did not become a session. */
static void remove_file(const struct nsc_session *session)
{
	_cleanup_fd_ int dir = client_open_dir(session, NSC_IGNORE);

	if (dir >= 0)
		nsc_session_file_remove(dir, getpid());
}

int nsc_monitor_client_enter(const struct nsc_session *session,
			     const struct nsc_session_origin *origin,
			     struct nsc_error *err)
{
	int ret = origin ? client_write_file(session, origin, err) : 0;

	if (ret < 0)
		return ret;
	ret = client_ask(session, err);
	if (ret < 0 && origin)
		remove_file(session);
	return ret;
}
