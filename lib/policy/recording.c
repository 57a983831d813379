/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsinit. */
#include "policy/recording.h"

#include <stddef.h>

const char *const nsc_record_names[] = { "none", "terminals", "all", NULL };
const char *const nsc_on_record_error_names[] = { "end", "continue", NULL };
