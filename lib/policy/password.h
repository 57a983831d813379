/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NSC_POLICY_PASSWORD_H
#define NSC_POLICY_PASSWORD_H

#include <stdbool.h>

/*
 * Must the user change the password before anything else, according to
 * shadow(5) of the host?  False if there is no such entry.
 */
bool nsc_password_expired(const char *name);

#endif
