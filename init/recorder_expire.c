/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_expire.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/paths.h"
#include "util/process.h"

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
	pid_t pid = fork();

	if (pid == 0)
		recorder_expire(conf);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
