/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: container-recorder and nsinit, root of the host. */
#include "record/nobody.h"

#include <sys/prctl.h>
#include <unistd.h>

#include "linux/capability.h"
#include "linux/credential.h"
#include "util/process.h"

int nsc_nobody_become(uint64_t capabilities, const int *keep, unsigned int n)
{
	if (nsc_process_keep_only(keep, n) < 0 || chdir("/") < 0 ||
	    prctl(PR_SET_KEEPCAPS, 1) < 0 ||
	    nsc_credential_become(NSC_NOBODY, NSC_NOBODY, NULL, 0,
				  NSC_IGNORE) < 0 ||
	    nsc_capability_keep(capabilities, NSC_IGNORE) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0)
		return -1;
	return 0;
}
