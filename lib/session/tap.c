/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: a relay, see tty_relay.c. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <termios.h>

#include "util/fd.h"
#include "rundir/recorder_socket.h"
#include "session/recorder.h"

bool nsc_tap_lost(struct nsc_tap *tap)
{
	nsc_fd_close(&tap->recorder);
	tap->failed = !tap->go_on;
	return tap->go_on;
}

/* This blocks while the recorder writes: the session is not faster. */
static bool tap_send(struct nsc_tap *tap, char type, const void *data,
		     size_t len)
{
	struct iovec parts[] = {
		{ &type, 1 }, { (void *)(uintptr_t)data, len },
	};
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	do
		n = sendmsg(tap->recorder, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len + 1)
		return true;
	/* Open until the session ends, so that the writer knows when. */
	if (n < 0 && errno == EAGAIN && tap->go_on &&
	    shutdown(tap->recorder, SHUT_WR) == 0) {
		tap->recorder = -1;
		return true;
	}
	return nsc_tap_lost(tap);
}

/* A program of any kind may have set the size. */
static bool tap_size(struct nsc_tap *tap, int master)
{
	struct winsize now;

	if (ioctl(master, TIOCGWINSZ, &now) < 0 ||
	    !memcmp(&now, &tap->size, sizeof(now)))
		return true;
	tap->size = now;
	return tap_send(tap, NSC_RECORDER_SIZE, &now, sizeof(now));
}

bool nsc_tap_output(struct nsc_tap *tap, int master, const char *data,
		    size_t len)
{
	if (tap->recorder < 0)
		return !tap->failed;
	return tap_size(tap, master) &&
	       (tap->recorder < 0 ||
		tap_send(tap, NSC_RECORDER_OUTPUT, data, len));
}

bool nsc_tap_stream(struct nsc_tap *tap, char kind, const char *data,
		    size_t len)
{
	return tap->recorder < 0 ? !tap->failed :
				   tap_send(tap, kind, data, len);
}

bool nsc_tap_input(struct nsc_tap *tap, int master, const char *data,
		   size_t len)
{
	struct termios modes;

	if (tap->recorder < 0 || !tap->input)
		return !tap->failed;
	if (!tap->hidden && (tcgetattr(master, &modes) < 0 ||
			     !(modes.c_lflag & ECHO)))
		return true;
	return tap_send(tap, NSC_RECORDER_INPUT, data, len);
}
