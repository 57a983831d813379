/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of "session" in container.json. */
#ifndef NSC_CONFIG_SESSION_KEYS_H
#define NSC_CONFIG_SESSION_KEYS_H

#include "config/field.h"

extern const struct nsc_field nsc_session_fields[];

#endif
