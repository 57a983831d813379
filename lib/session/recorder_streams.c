/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: sshd inside, and a job of cron or at, before the fork of a command;
 * a login program, inside; nsshell, nsinit exec.
 */
#include "session/recorder_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "linux/descriptors.h"
#include "session/recorder.h"

#define PIPES 256		/* ends of pipes in one process */
#define ANSWER_MS 2000		/* of a recorder that is stopped, perhaps */

static bool stream_writes(int fd)
{
	return (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

static void streams_add(struct nsc_streams *s, int fd, char kind)
{
	s->fds[s->n] = fd;
	s->kinds[s->n++] = kind;
}

static bool is_stream(int fd, struct stat *ret)
{
	return fstat(fd, ret) == 0 &&
	       (S_ISREG(ret->st_mode) || S_ISFIFO(ret->st_mode) ||
		S_ISSOCK(ret->st_mode));
}

void nsc_streams_of_stdio(struct nsc_streams *s)
{
	static const char kinds[] = {
		NSC_RECORDER_INPUT, NSC_RECORDER_OUTPUT, NSC_RECORDER_ERRORS,
	};
	struct stat output = { .st_ino = 0 }, st;

	for (int fd = 0; fd < 3; fd++) {
		if (!is_stream(fd, &st))
			continue;
		/* Two pipes would not keep the order of what is written. */
		s->same = fd == 2 && st.st_ino == output.st_ino &&
			  st.st_dev == output.st_dev;
		if (!s->same)
			streams_add(s, fd, kinds[fd]);
		if (fd == 1)
			output = st;
	}
}

struct pipes {
	int fds[PIPES];
	ino_t inodes[PIPES];
	size_t n;
	struct nsc_streams *streams;
	bool files;
	struct nsc_error *err;
};

static int collect(int fd, void *arg)
{
	struct pipes *p = arg;
	struct stat st;

	if (fd < 3 || fstat(fd, &st) < 0)
		return 0;
	if (S_ISREG(st.st_mode) && p->files && stream_writes(fd) &&
	    p->streams->n < NSC_RECORDER_STREAMS_MAX)
		streams_add(p->streams, fd, NSC_RECORDER_OUTPUT);
	if (!S_ISFIFO(st.st_mode))
		return 0;
	if (p->n == PIPES)
		return nsc_error_set(p->err, EMFILE, "record the session: it "
				     "has too many pipes");
	p->inodes[p->n] = st.st_ino;
	p->fds[p->n++] = fd;
	return 0;
}

/* The first pipe is the child's input, which it reads. */
static void add_pair(struct nsc_streams *s, int a, int b, int *found)
{
	int child = stream_writes(a) == (*found > 0) ? a : b;
	char kind = *found == 0 ? NSC_RECORDER_INPUT :
		    *found == 1 ? NSC_RECORDER_OUTPUT : NSC_RECORDER_ERRORS;

	if (*found < 3 && s->n < NSC_RECORDER_STREAMS_MAX)
		streams_add(s, child, kind);
	++*found;
}

int nsc_streams_of_fork(struct nsc_streams *s, bool files,
			struct nsc_error *err)
{
	struct pipes p = { .streams = s, .files = files, .err = err };
	int ret = nsc_recorder_each_descriptor(collect, &p), found = 0;

	for (size_t i = 0; ret == 0 && i < p.n; i++)
		for (size_t k = i + 1; k < p.n; k++)
			if (p.inodes[i] == p.inodes[k] &&
			    stream_writes(p.fds[i]) != stream_writes(p.fds[k]))
				add_pair(s, p.fds[i], p.fds[k], &found);
	s->own = !files;
	return ret;
}

int nsc_streams_begin(struct nsc_streams *s, int recorder, pid_t pid,
		      int theirs, struct nsc_error *err)
{
	struct nsc_recorder_request request = {
		.type = NSC_RECORDER_STREAMS, .pid = pid, .own = s->own,
	};
	int fds[NSC_RECORDER_STREAMS_MAX + 1], got[NSC_DESCRIPTORS_MAX];
	int n;

	for (size_t i = 0; i < s->n; i++) {
		request.kinds[i] = s->kinds[i];
		fds[i] = s->fds[i];
	}
	fds[s->n] = theirs;
	n = nsc_recorder_ask(recorder, &request, &(struct nsc_recorder_fds){
			     fds, s->n + 1, s->n }, got, err);
	if (n < 0)
		return n;
	s->n = (size_t)n;	/* none if the session goes on unrecorded */
	for (size_t i = 0; i < s->n; i++)
		s->pipes[i] = got[i];
	return 0;
}

void nsc_streams_tell(int *end, enum nsc_streams_process process)
{
	const char message = (char)process;
	char answer;

	if (*end >= 0 && send(*end, &message, 1, MSG_NOSIGNAL) == 1 &&
	    process == NSC_STREAMS_COMMAND &&
	    nsc_process_poll(*end, nsc_process_now() + ANSWER_MS) == 1)
		(void)recv(*end, &answer, 1, MSG_DONTWAIT);
	nsc_fd_close(end);
}

int nsc_streams_begin_stdio(struct nsc_streams *s,
			    const struct nsc_recording *recording, int recorder,
			    int *end, struct nsc_error *err)
{
	_cleanup_fd_ int theirs = -1;
	int ret;

	*end = -1;
	if (recording->mode != NSC_RECORD_ALL)
		return 0;
	nsc_streams_of_stdio(s);
	if (s->n == 0)
		return 0;
	if (nsc_descriptors_pair(end, &theirs) < 0)
		return nsc_error_sys(err, errno, "record: socket");
	ret = nsc_streams_begin(s, recorder, 0, theirs, err);
	if (ret < 0)
		nsc_fd_close(end);
	return ret;
}

int nsc_streams_put(struct nsc_streams *s, struct nsc_error *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (dup3(s->pipes[i], s->fds[i],
			 s->fds[i] > 2 ? O_CLOEXEC : 0) < 0)
			return nsc_error_sys(err, errno, "record: descriptor "
					     "%d", s->fds[i]);
	if (s->n && s->same && dup2(1, 2) < 0)
		return nsc_error_sys(err, errno, "record: descriptor 2");
	nsc_streams_close(s);
	return 0;
}

void nsc_streams_close(struct nsc_streams *s)
{
	for (size_t i = 0; i < s->n; i++)
		nsc_fd_close(&s->pipes[i]);
	s->n = 0;
}
