/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the login program, root of the host, before it enters; nsshell,
 * nsinit exec.  The recorder does the work, in processes of its own.
 */
#include "session/recorder.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"
#include "linux/descriptors.h"
#include "rundir/recorder_socket.h"
#include "session/monitor_client.h"

#define ANSWER_MS 15000		/* for a disk that is slow */

int nsc_recorder_connect(const struct nsc_session *session, int *ret,
			 struct nsc_error *err)
{
	int fd;

	*ret = -1;
	if (session->state->recording.mode == NSC_RECORD_NONE)
		return 0;
	fd = nsc_monitor_client_connect(session, NSC_FILE_RECORD, err);
	if (fd < 0)
		return nsc_error_context(err, "record the session");
	*ret = fd;
	return 0;
}

/* A late answer must not be taken for the answer to the next request. */
static int wait_for_answer(int recorder)
{
	int n = nsc_process_poll(recorder, nsc_process_now() + ANSWER_MS);

	if (n <= 0)
		shutdown(recorder, SHUT_RDWR);
	return n ? n : -ETIMEDOUT;
}

int nsc_recorder_ask(int recorder, const struct nsc_recorder_request *request,
		     const struct nsc_recorder_fds *with,
		     int fds[NSC_DESCRIPTORS_MAX], struct nsc_error *err)
{
	const struct iovec data = {
		(void *)(uintptr_t)request, sizeof(*request),
	};
	struct nsc_error answer;
	int n = nsc_descriptors_send(recorder, &data, with->fds, with->n,
				     MSG_NOSIGNAL);

	if (n == 0)
		n = wait_for_answer(recorder);
	if (n > 0)
		n = nsc_descriptors_receive(recorder, &answer, sizeof(answer),
					    fds, 0);
	if (n < 0)
		return nsc_error_sys(err, -n, "record the session: its "
				     "recorder");
	if (answer.code == 0 && (n == 0 || (size_t)n == with->answer))
		return n;
	for (int i = 0; i < n; i++)
		close(fds[i]);
	if (nsc_error_take(&answer, err) < 0)
		return nsc_error_context(err, "record the session");
	return nsc_error_set(err, EPROTO, "record the session: its recorder "
			     "sends no descriptors");
}

int nsc_tap_begin(struct nsc_tap *tap, const struct nsc_tap_start *start,
		  int *recorder, struct nsc_error *err)
{
	const struct timeval patience = { .tv_sec = NSC_RECORDER_PATIENCE_S };
	const struct nsc_recording *recording = start->recording;
	struct nsc_recorder_request request = {
		.type = NSC_RECORDER_BEGIN, .pid = start->pid,
	};
	int fds[NSC_DESCRIPTORS_MAX], ret;

	if (*recorder < 0)
		return 0;
	ioctl(start->terminal, TIOCGWINSZ, &request.size);
	ret = nsc_recorder_ask(*recorder, &request,
			       &(struct nsc_recorder_fds){ NULL, 0, 0 }, fds,
			       err);
	if (ret < 0)
		return ret;
	if (setsockopt(*recorder, SOL_SOCKET, SO_SNDTIMEO, &patience,
		       sizeof(patience)) < 0)
		return nsc_error_sys(err, errno, "record the session");
	*tap = (struct nsc_tap){
		.recorder = NSC_TAKE_FD(*recorder),
		.input = recording->input, .hidden = recording->hidden,
		.go_on = recording->on_error == NSC_RECORD_CONTINUE,
		.size = request.size,
	};
	return 0;
}
