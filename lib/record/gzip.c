/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: container-recorder and nsinit, root of the host. */
#include "record/gzip.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "util/process.h"
#include "linux/credential.h"

#define GZIP "/bin/gzip"

static void __attribute__((noreturn))
run_gzip(const char *option, int in, int out)
{
	char name[] = "gzip", how[8];
	char *const argv[] = { name, how, NULL };
	char *const envp[] = { NULL };

	snprintf(how, sizeof(how), "%s", option);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || lseek(0, 0, SEEK_SET) < 0 ||
	    nsc_process_keep_only(NULL, 0) < 0 ||
	    nsc_credential_become(NSC_NOBODY, NSC_NOBODY, NULL, 0,
				  NSC_IGNORE) < 0)
		_exit(1);
	(void)!nice(10);
	execve(GZIP, argv, envp);
	_exit(1);
}

pid_t nsc_gzip_start(const char *option, int in, int out)
{
	pid_t pid = fork();

	if (pid == 0)
		run_gzip(option, in, out);
	return pid < 0 ? -errno : pid;
}
