/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of nsc_enable_open(). */
#ifndef NSC_DOCTOR_ENABLE_PLAN_H
#define NSC_DOCTOR_ENABLE_PLAN_H

#include "util/error.h"
#include "doctor/enable.h"

/* Add the files that change.  A list of services that is empty means all. */
int nsc_enable_plan(struct nsc_enable *change, const char *const *services,
		    struct nsc_error *err);

/* Add a sentence for the administrator. */
void nsc_enable_note(struct nsc_enable *change, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
