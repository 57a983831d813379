/* SPDX-License-Identifier: Apache-2.0 */
#include "linux/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

int nsc_keyring_new_session(struct nsc_error *err)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 ||
	    errno == ENOSYS || errno == EPERM)
		return 0;
	return nsc_error_sys(err, errno, "make a session keyring");
}
