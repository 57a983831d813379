/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/file.h"
#include "util/proc.h"

int nsc_pidfd_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

int nsc_pidfd_signal(int pidfd, int signal)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0)
		return -errno;
	return 0;
}

void nsc_pidfd_end(int pidfd, bool own_init)
{
	if (own_init) {
		/*
		 * Service managers halt on these signals; other inits ignore
		 * them.
		 */
		nsc_pidfd_signal(pidfd, SIGRTMIN + 3);
		nsc_pidfd_signal(pidfd, SIGPWR);
	} else {
		nsc_pidfd_signal(pidfd, SIGTERM);
	}
}

bool nsc_pidfd_alive(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int n;

	/* Signals of the login program interrupt it, even without a wait. */
	do {
		n = poll(&p, 1, 0);
	} while (n < 0 && errno == EINTR);
	return n <= 0;
}

int nsc_pidfd_start_time(pid_t pid, uint64_t *ret)
{
	struct nsc_proc_stat stat;
	int err = nsc_proc_stat(pid, &stat);

	if (err == 0)
		*ret = stat.start;
	return err;
}

int nsc_pidfd_boot_id(char buf[NSC_BOOT_ID_SIZE])
{
	int n = nsc_file_read_text(AT_FDCWD, "/proc/sys/kernel/random/boot_id",
				   buf, NSC_BOOT_ID_SIZE);

	if (n < 0)
		return n;
	return strlen(buf) == NSC_BOOT_ID_SIZE - 1 ? 0 : -EINVAL;
}
