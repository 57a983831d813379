/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: sshd inside, in its process of the user, and in its children. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "linux/terminal.h"
#include "session/recorder.h"

#define DRAIN_MS 10000		/* for a client that does not read */

/* The recorder makes the terminals that it hands out exclusive. */
static bool recorder_takes(int fd)
{
	int exclusive = 0;

	return nsc_terminal_is_master(fd) &&
	       ioctl(fd, TIOCGEXCL, &exclusive) == 0 && !exclusive;
}

/* Inside, /proc has no list of the descriptors of this process. */
static int descriptors_end(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	       limit.rlim_cur > INT32_MAX ? INT32_MAX : (int)limit.rlim_cur;
}

static int take_master(int recorder, int fd, int *end, struct nsc_error *err)
{
	const struct nsc_recorder_request request = {
		.type = NSC_RECORDER_BETWEEN,
	};
	_cleanup_fd_ int outer = -1;
	int fds[NSC_DESCRIPTORS_MAX], last = descriptors_end();
	int n = nsc_recorder_ask(recorder, &request, fd, fds, err);

	if (n <= 0)
		return n;
	outer = fds[0];
	nsc_fd_close(end);
	*end = fds[1];
	for (int other = fd + 1; other < last; other++)
		if (recorder_takes(other) && nsc_terminal_is_same(fd, other) &&
		    dup3(outer, other, O_CLOEXEC) < 0)
			return -1;
	return dup3(outer, fd, O_CLOEXEC) < 0 ? -1 : 0;
}

void nsc_recorder_tell(const char *text, size_t len)
{
	int end = descriptors_end();

	for (int fd = 3; fd < end; fd++)
		if (isatty(fd) && !nsc_terminal_is_master(fd))
			(void)!write(fd, text, len);
}

int nsc_recorder_take_masters(int recorder, int *end, struct nsc_error *err)
{
	int last = descriptors_end(), ret = 0;

	*end = -1;
	for (int fd = 0; ret == 0 && fd < last; fd++)
		if (recorder_takes(fd))
			ret = take_master(recorder, fd, end, err);
	return ret;
}

void nsc_recorder_drain(int end)
{
	/* The recorder's end closes when it has copied everything. */
	if (shutdown(end, SHUT_WR) == 0)
		nsc_process_poll(end, nsc_process_now() + DRAIN_MS);
}
