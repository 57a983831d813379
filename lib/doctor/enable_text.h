/* SPDX-License-Identifier: Apache-2.0 */
/* The lines that "nsinit enable" writes into the text of a PAM service. */
#ifndef NSC_DOCTOR_ENABLE_TEXT_H
#define NSC_DOCTOR_ENABLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "doctor/enable.h"
#include "doctor/pam.h"

/*
 * *ret = the text without the marked lines.  With by_hand, other lines that
 * name the module become comments.  Returns 0 or -ENOMEM.
 */
int nsc_enable_strip(const char *text, bool by_hand, char **ret);

/* Does a line that is no comment name the module? */
bool nsc_enable_names_module(const char *text);

/*
 * *ret = the text with the lines of the action: an account line before all
 * others, if account is true, and the session line after all others.
 */
int nsc_enable_insert(const char *text, enum nsc_enable_action action,
		      bool account, char **ret, struct nsc_error *err);

/*
 * *ret = the text as the copy of a file in another directory.  The others tell
 * whether a text is such a copy of original, or was made as one.
 */
int nsc_enable_copy(const char *text, const char *from, char **ret);
bool nsc_enable_is_copy(const char *text, const char *original);
bool nsc_enable_was_copy(const char *text);

/*
 * *ret = the content that the action gives the file of a service; before is
 * what it has, or NULL if there is no such file in /etc/pam.d.
 */
int nsc_enable_apply(const char *service, enum nsc_enable_action action,
		     const char *before, char **ret, struct nsc_error *err);

#endif
