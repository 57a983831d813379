/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file "dev" of an instance says which file system is the container's /dev:
 * root inside may mount another one over it.
 */
#ifndef NSC_RUNDIR_DEV_ID_H
#define NSC_RUNDIR_DEV_ID_H

#include "util/error.h"

/* Write it for the directory dev.  Returns 0 or a negative errno. */
int nsc_dev_id_save(int instance, int dev, struct nsc_error *err);

/*
 * Is dev that directory?  Returns 0 or a negative errno: -EXDEV if not,
 * -ENOENT if it was not written.
 */
int nsc_dev_id_check(int instance, int dev, struct nsc_error *err);

#endif
