/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of security modules, written through the procfs of the host: the
 * container's is never asked.  proc_pid_attr(5).
 */
#ifndef NSC_LINUX_LABEL_H
#define NSC_LINUX_LABEL_H

#include "util/error.h"

/*
 * The next program that the calling process, or a child of it, executes gets
 * this AppArmor profile and this SELinux context; NULL or "": no change.
 * Before the host's procfs is left.
 */
int nsc_label_set_exec(const char *profile, const char *context,
		       struct nsc_error *err);

/*
 * To change the AppArmor profile of the calling process itself, later: a
 * descriptor for nsc_label_change(), which this process alone can use.
 */
int nsc_label_open(struct nsc_error *err);
int nsc_label_change(int fd, const char *profile, struct nsc_error *err);

#endif
