/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_expire.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/paths.h"
#include "util/process.h"
#include "linux/pidfd.h"

#define ROOM_MS 5000		/* less than logins and the writer wait */

void recorder_expire(const char *conf)
{
	char name[] = "nsinit", command[] = "recordings", option[] = "--expire";
	char with_conf[PATH_MAX + 16], path[] = "PATH=" NSC_PATH;
	char *const argv[] = { name, command, option, *conf ? with_conf : NULL,
			       NULL };
	char *const envp[] = { path, NULL };

	snprintf(with_conf, sizeof(with_conf), "--conf=%s", conf);
	nsc_process_default_signals();
	if (nsc_process_keep_only(NULL, 0) == 0)
		execve(NSC_NSINIT, argv, envp);
	_exit(1);
}

void recorder_make_room(const char *conf)
{
	static int running = -1;	/* its pidfd */
	pid_t pid;

	if (running >= 0 && nsc_process_wait(running, 0, NULL) != -ETIMEDOUT)
		nsc_fd_close(&running);
	if (running < 0) {
		pid = fork();
		if (pid == 0)
			recorder_expire(conf);
		running = pid > 0 ? nsc_pidfd_open(pid) : -1;
	}
	if (running >= 0 && nsc_process_wait(running, nsc_process_now() +
					     ROOM_MS, NULL) != -ETIMEDOUT)
		nsc_fd_close(&running);
}
