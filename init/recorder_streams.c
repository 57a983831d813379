/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: container-recorder; streams_copy() in a child of it, nobody on the
 * host, which has only the streams and its connection to the writer.
 */
#include "recorder_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/fd.h"
#include "session/recorder_streams.h"

#define TELL_S 1		/* for a pipe that takes nothing now */
#define UNRECORDED "This command can no longer be recorded, and ends.\n"

bool streams_make(struct streams *s, const struct nsc_recorder_request *request,
		  const int *fds, size_t n)
{
	s->list = calloc(n, sizeof(*s->list));
	if (!s->list)
		return false;
	s->n = n;
	s->own = request->own;
	for (size_t i = 0; i < n; i++) {
		struct stream *one = &s->list[i];
		bool input = request->kinds[i] == NSC_RECORDER_INPUT;

		one->kind = request->kinds[i];
		one->from = input ? fds[i] : -1;
		one->to = input ? -1 : fds[i];
	}
	return true;
}

/*
 * The open file is others', too, who have it as it is.  Another one of the same
 * pipe does not block when they have taken what poll() has seen.  It has no
 * more access: this is root, and who sent the descriptor is not.
 */
static void stream_renew(struct stream *s, bool input)
{
	int *fd = input ? &s->from : &s->to, own;
	int flags = fcntl(*fd, F_GETFL), mode = flags & O_ACCMODE;
	char path[32];
	struct statfs fs;

	if (flags < 0 || flags & O_PATH ||
	    (mode != O_RDWR && mode != (input ? O_RDONLY : O_WRONLY)) ||
	    fstatfs(*fd, &fs) < 0 || fs.f_type != PIPEFS_MAGIC)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	own = open(path, (input ? O_RDONLY : O_WRONLY) | O_NONBLOCK |
		   O_CLOEXEC);
	if (own < 0)
		return;
	close(*fd);
	*fd = own;
	s->own = true;
}

static int stream_open(struct stream *s, bool own, uid_t owner, int *inside)
{
	bool input = s->kind == NSC_RECORDER_INPUT;
	int ends[2];

	s->own = own;
	if (!own)
		stream_renew(s, input);
	else if (fcntl(input ? s->from : s->to, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	*inside = ends[!input];
	*(input ? &s->to : &s->from) = ends[input];
	/* A program may open its own descriptor again, by /dev/stdout. */
	return fchown(*inside, owner, (gid_t)-1) < 0 ||
	       fcntl(ends[input], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int streams_open(struct streams *s, uid_t owner, int *inside,
		 struct nsc_error *err)
{
	const int on = 1;
	int ret = setsockopt(s->end, SOL_SOCKET, SO_PASSCRED, &on,
			     sizeof(on)) < 0 ? -errno : 0;

	for (size_t i = 0; ret == 0 && i < s->n; i++)
		ret = stream_open(&s->list[i], s->own, owner, &inside[i]);
	return ret < 0 ? nsc_error_sys(err, -ret, "record: pipe") : 0;
}

unsigned int streams_fds(const struct streams *s, int fds[STREAMS_FDS])
{
	unsigned int n = 0;

	for (size_t i = 0; i < s->n; i++) {
		fds[n++] = s->list[i].from;
		fds[n++] = s->list[i].to;
	}
	fds[n++] = s->end;
	return n;
}

static void stream_close(struct stream *s)
{
	nsc_fd_close(&s->from);
	nsc_fd_close(&s->to);
	s->at = s->end = 0;
}

void streams_close(struct streams *s)
{
	for (size_t i = 0; i < s->n; i++)
		stream_close(&s->list[i]);
	nsc_fd_close(&s->end);
	free(s->list);
	s->list = NULL;
	s->n = 0;
}

/* Is the open file that it writes one that only we have? */
static bool writes_own(const struct stream *s)
{
	return s->own || s->kind == NSC_RECORDER_INPUT;
}

/* A named pipe of others takes PIPE_BUF bytes after POLLOUT, or may block. */
static ssize_t stream_put(const struct stream *s, size_t len)
{
	const char *data = s->data + s->at;
	ssize_t n;

	if (writes_own(s))
		return write(s->to, data, len);
	n = send(s->to, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n < 0 && errno == ENOTSOCK ?
	       write(s->to, data, len < PIPE_BUF ? len : PIPE_BUF) : n;
}

static ssize_t stream_get(struct stream *s)
{
	ssize_t n;

	if (s->own || s->kind != NSC_RECORDER_INPUT)
		return read(s->from, s->data, sizeof(s->data));
	n = recv(s->from, s->data, sizeof(s->data), MSG_DONTWAIT);
	return n < 0 && errno == ENOTSOCK ?
	       read(s->from, s->data, sizeof(s->data)) : n;
}

static void stream_write(struct stream *s)
{
	ssize_t n = stream_put(s, s->end - s->at);

	if (n > 0)
		s->at += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		stream_close(s);
}

/* Returns false if what was read could not be recorded. */
static bool stream_read(struct stream *s, struct nsc_tap *tap)
{
	ssize_t n = stream_get(s);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0) {
		stream_close(s);
		return true;
	}
	if (!nsc_tap_stream(tap, s->kind, s->data, (size_t)n))
		return false;
	s->at = 0;
	s->end = (size_t)n;
	if (writes_own(s))
		stream_write(s);
	return true;
}

/* --- copying */

static bool any_open(const struct streams *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].from >= 0)
			return true;
	return false;
}

static bool has_unwritten(const struct streams *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].kind != NSC_RECORDER_INPUT &&
		    s->list[i].at < s->list[i].end)
			return true;
	return false;
}

/* What the command has written is there at once, unless a reader is slow. */
static int streams_timeout(const struct streams *s)
{
	return s->ended && s->end >= 0 && !has_unwritten(s) ? 0 : -1;
}

/* The last two are the recorder and the end, whose message is not ours. */
static nfds_t streams_poll_list(const struct streams *s,
				const struct nsc_tap *tap, struct pollfd *p)
{
	nfds_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct stream *one = &s->list[i];
		bool empty = one->at == one->end;

		p[n++] = (struct pollfd){ empty ? one->from : -1, POLLIN, 0 };
		p[n++] = (struct pollfd){ one->to, empty ? 0 : POLLOUT, 0 };
	}
	p[n++] = (struct pollfd){ tap->recorder, 0, 0 };
	p[n++] = (struct pollfd){ s->ended ? -1 : s->end, POLLRDHUP, 0 };
	return n;
}

static bool stream_round(struct stream *one, const struct pollfd *p,
			 struct nsc_tap *tap)
{
	/* Nobody reads it any more, which its writer is to notice. */
	if (p[1].revents & (POLLERR | POLLHUP))
		stream_close(one);
	else if (p[1].revents & POLLOUT)
		stream_write(one);
	else if (p[0].revents)
		return stream_read(one, tap);
	return true;
}

static bool has_output(const struct streams *s, const struct pollfd *p)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].kind != NSC_RECORDER_INPUT &&
		    (p[2 * i].revents || s->list[i].at < s->list[i].end))
			return true;
	return false;
}

/* Returns false if it can no longer be recorded. */
static bool streams_round(struct streams *s, struct nsc_tap *tap)
{
	struct pollfd p[2 * NSC_RECORDER_STREAMS_MAX + 2];
	nfds_t n = streams_poll_list(s, tap, p);
	int ready = poll(p, n, streams_timeout(s));
	bool ended = s->ended;

	if (ready < 0)
		return errno == EINTR;
	if (p[n - 2].revents && !nsc_tap_lost(tap))
		return false;
	if (p[n - 1].revents)
		s->ended = true;
	/* What the command has written has arrived. */
	if (ended && !has_output(s, p))
		nsc_fd_close(&s->end);
	for (size_t i = 0; i < s->n; i++)
		if (!stream_round(&s->list[i], &p[2 * i], tap))
			return false;
	return true;
}

/*
 * The errors are the last stream that is open, and may be full of what nobody
 * has read yet.  If nobody reads them, the signal ends this process, and so the
 * session.
 */
static void streams_tell(const struct streams *s)
{
	struct pollfd p = { .fd = -1, .events = POLLOUT };

	for (size_t i = 0; i < s->n; i++)
		if (s->list[i].kind != NSC_RECORDER_INPUT &&
		    s->list[i].to >= 0)
			p.fd = s->list[i].to;
	if (p.fd < 0)
		return;
	alarm(TELL_S);
	while (poll(&p, 1, -1) > 0 &&
	       write(p.fd, UNRECORDED, sizeof(UNRECORDED) - 1) < 0 &&
	       (errno == EAGAIN || errno == EINTR))
		;
}

void streams_copy(struct streams *s, struct nsc_tap *tap)
{
	while (any_open(s) && streams_round(s, tap))
		;
	if (tap->failed)
		streams_tell(s);
}
