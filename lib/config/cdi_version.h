/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of the Container Device Interface. */
#ifndef NSC_CONFIG_CDI_VERSION_H
#define NSC_CONFIG_CDI_VERSION_H

#include <jansson.h>
#include <stdbool.h>

#include "util/error.h"

/* Does the value mean the same as an absent member, as "" and [] do? */
bool nsc_cdi_is_empty(const json_t *value);

/*
 * Check that the cdiVersion of a file that reads well is known, and has what
 * the file uses, as the specification demands.
 */
int nsc_cdi_version_check(const char *path, const json_t *root,
			  struct nsc_error *err);

#endif
