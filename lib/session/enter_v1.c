/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsshell, nsinit exec, still on the host. */
#include "session/enter_v1.h"

#include <errno.h>
#include <unistd.h>

int nsc_v1_enter(const int *fds, int n, bool *entered, struct nsc_error *err)
{
	for (int i = 0; i < n; i++) {
		if (write(fds[i], "0", 1) != 1)
			return nsc_error_sys(err, errno, "enter the "
					     "container's control groups");
		*entered = true;
	}
	return 0;
}

void nsc_v1_close(const int *fds, int n)
{
	while (n > 0)
		close(fds[--n]);
}
