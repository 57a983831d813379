/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsc_doctor_run(): examinations, each of which looks at one thing of the
 * host and adds what it finds.  Nothing is changed, and nothing of it is in
 * the login path.
 */
#ifndef NSC_DOCTOR_DOCTOR_H
#define NSC_DOCTOR_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/error.h"
#include "policy/conf.h"
#include "policy/policy.h"
#include "policy/user.h"

enum nsc_severity {
	NSC_HOLE,		/* a way past the container */
	NSC_RISK,		/* somebody may be locked out, or let out */
	NSC_NOTE,		/* as configured, perhaps not as meant */
};

struct nsc_finding {
	enum nsc_severity severity;
	const char *check;	/* a short name that stays the same */
	const char *file;	/* NULL: of no file */
	unsigned int line;	/* 0: of no line */
	const char *remedy;	/* the line to write, or what to do */
	const char *user;	/* whom it concerns; NULL: everybody */
};

/* Somebody who is contained, or whose login is refused by policy. */
struct nsc_patient {
	struct nsc_user *user;
	struct nsc_policy *policy;	/* NULL where it cannot be decided */
	bool nsshell;			/* the login shell */
	bool exempt;			/* by name or group: not contained */
};

struct nsc_doctor {
	const char *conf_path;
	struct nsc_conf *conf;		/* NULL where it is broken */
	struct nsc_patient *patients;
	size_t n_patients;
	bool sshd_places;		/* by PAM, where it asks that */
	json_t *findings;
	/* The first thing that could not be looked at. */
	struct nsc_error blind;
};

/* What is found twice for two users is one finding for both. */
void nsc_doctor_add(struct nsc_doctor *doctor,
		    const struct nsc_finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* An examination could not be made. */
void nsc_doctor_blind(struct nsc_doctor *doctor, const struct nsc_error *err);

/* The users to look at: names, or, without any, those who may log in. */
void nsc_doctor_find_users(struct nsc_doctor *doctor,
			   const char *const *names);

/* Has a break-glass group a member?  file and line name it, or NULL and 0. */
void nsc_doctor_check_group(struct nsc_doctor *doctor, const char *name,
			    const char *file, unsigned int line);

/* --- the examinations ------------------------------------------------- */

void nsc_doctor_conf(struct nsc_doctor *doctor);
void nsc_doctor_users(struct nsc_doctor *doctor);
void nsc_doctor_break_glass(struct nsc_doctor *doctor);
void nsc_doctor_stacks(struct nsc_doctor *doctor);
void nsc_doctor_sshd(struct nsc_doctor *doctor);
void nsc_doctor_host(struct nsc_doctor *doctor);

#endif
