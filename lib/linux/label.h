/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of security modules, written through the procfs of the host; the
 * container's procfs is never used.  proc_pid_attr(5).
 */
#ifndef NSC_LINUX_LABEL_H
#define NSC_LINUX_LABEL_H

#include <stdbool.h>

#include "util/error.h"

/*
 * Set the AppArmor profile and SELinux context of the next program that the
 * calling process or a child executes; NULL or "": no change.  Call this while
 * the host's procfs is mounted.  Returns 0 or a negative errno.
 */
int nsc_label_set_exec(const char *profile, const char *context,
		       struct nsc_error *err);

/*
 * Has the calling process an SELinux context for the next program?  Call this
 * while the host's procfs is mounted.
 */
bool nsc_label_is_set(void);

/* Take it back, for a program that is not the user's.  Also on the host. */
int nsc_label_clear_exec(struct nsc_error *err);

/*
 * If SELinux may have refused what err tells, say where its own message is.
 * Call this on the host.
 */
void nsc_label_explain(struct nsc_error *err);

/*
 * Prepare a later change of the calling process's own AppArmor profile: returns
 * a descriptor for nsc_label_change(), which only this process can use, or a
 * negative errno.
 */
int nsc_label_open(struct nsc_error *err);
int nsc_label_change(int fd, const char *profile, struct nsc_error *err);

#endif
