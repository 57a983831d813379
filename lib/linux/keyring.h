/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel keyrings, keyrings(7). */
#ifndef NSC_LINUX_KEYRING_H
#define NSC_LINUX_KEYRING_H

#include "util/error.h"

/*
 * Give the calling process a new, empty session keyring instead of the
 * inherited one.  If the kernel or a system-call filter denies keyrings to
 * everybody, there is nothing to replace.  Returns 0 or a negative errno.
 */
int nsc_keyring_new_session(struct nsc_error *err);

#endif
