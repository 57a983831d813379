/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerEdits in a file of the Container Device Interface.  Runs in: nsinit,
 * login-start.
 */
#ifndef NSC_CONFIG_CDI_EDITS_H
#define NSC_CONFIG_CDI_EDITS_H

#include "config/cdi_file.h"
#include "config/field.h"

/*
 * Read the edits of a device, or of all devices of a file, to a struct
 * nsc_cdi_edits.  An error means that the file is wrong; what is right there,
 * and cannot be done here, is in unsupported.
 */
nsc_field_read nsc_cdi_read_edits;

void nsc_cdi_edits_free(struct nsc_cdi_edits *edits);

#endif
