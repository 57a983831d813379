/* Become somebody, and prove it. */
#ifndef NSC_KERNEL_CREDENTIAL_H
#define NSC_KERNEL_CREDENTIAL_H

#include <sys/types.h>

#include "base/error.h"

/*
 * Set supplementary groups, then real, effective and saved group and user
 * ids, credentials(7), and read all of them back.  The order matters: without
 * the user id the groups could not be changed any more.
 */
int nsc_credential_become(uid_t uid, gid_t gid, const gid_t *groups,
			  size_t n_groups, struct nsc_error *err);

#endif
