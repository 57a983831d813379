/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel keyrings, keyrings(7). */
#ifndef NSC_LINUX_KEYRING_H
#define NSC_LINUX_KEYRING_H

#include "util/error.h"

/*
 * Give the calling process a new, empty session keyring in place of the one
 * that it inherited.  A kernel, or a system-call filter, that lets nobody have
 * keyrings has none to leave.
 */
int nsc_keyring_new_session(struct nsc_error *err);

#endif
