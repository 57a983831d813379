/* SPDX-License-Identifier: Apache-2.0 */
/* YAML as JSON, for the files of CDI.  Runs in: nsinit, login-start. */
#ifndef NSC_CONFIG_CDI_YAML_H
#define NSC_CONFIG_CDI_YAML_H

#include <jansson.h>

#include "util/error.h"

/*
 * Parse a text with one document, by libyaml, which is loaded here.  Plain
 * scalars are numbers, booleans and null as in JSON, and octal numbers such as
 * 0660; others are strings.  A key that is there twice, an alias that repeats
 * itself, and more than a file of devices can need is refused.  NULL with an
 * error that begins with file.
 */
json_t *nsc_cdi_yaml(const char *file, const char *text, struct nsc_error *err);

#endif
