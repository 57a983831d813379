/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootfs_verity: an image of which the kernel checks each block against a hash,
 * dm-verity.  The tree of hashes is the file IMAGE.verity, as veritysetup(8)
 * makes it.
 */
#ifndef NSC_CONTAINER_VERITY_H
#define NSC_CONTAINER_VERITY_H

#include <limits.h>

#include "config/plan.h"
#include "util/error.h"

struct nsc_verity {
	int tree;		/* its loop device */
	int device;
	char path[64];		/* of the device, to mount; "": none */
};

#define NSC_VERITY_INIT { -1, -1, "" }

/*
 * Check that this host can have the plan's rootfs_verity, if it is set.
 * Returns 0 or a negative errno.
 */
int nsc_verity_check(const struct nsc_plan *plan, struct nsc_error *err);

/*
 * Open a device that shows the checked content of the loop device at path data.
 * It goes with its last mount after nsc_verity_close().
 */
int nsc_verity_open(const struct nsc_plan *plan, const char *data,
		    struct nsc_verity *ret, struct nsc_error *err);

/* Say what error means, a negative errno of the device's mount. */
void nsc_verity_explain(int error, struct nsc_error *err);

void nsc_verity_close(struct nsc_verity *verity);
#define _cleanup_verity_ __attribute__((cleanup(nsc_verity_close)))

#endif
