/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, the container's root, just after entering. */
#include "selinux.h"

/* Of libselinux, if the program is linked with it: selinux/selinux.h. */
extern void fini_selinuxmnt(void) __attribute__((weak));

void nsc_selinux_keep(void)
{
	if (fini_selinuxmnt)
		fini_selinuxmnt();
}
