/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsc_doctor_run() is a list of examinations, each of which examines one part
 * of the host and adds findings.  They change nothing, and none of this code is
 * in the login path.
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
	NSC_NOTE,		/* configured, but perhaps not intended */
};

struct nsc_finding {
	enum nsc_severity severity;
	const char *check;	/* short name: see checks.h */
	const char *file;	/* NULL: no particular file */
	unsigned int line;	/* 0: no particular line */
	const char *remedy;	/* the line to write, or another remedy */
	const char *user;	/* affected user; NULL: everybody */
};

/* A user who is contained, or whose login is refused by policy. */
struct nsc_patient {
	struct nsc_user *user;
	struct nsc_policy *policy;	/* NULL if it cannot be decided */
	bool nsshell;			/* the login shell */
	bool exempt;			/* by name or group: not contained */
};

#define NSC_DOCTOR_USERS 4096	/* lines of passwd that are examined */

struct nsc_doctor {
	const char *conf_path;
	struct nsc_conf *conf;		/* NULL if the file is broken */
	struct nsc_patient *patients;
	size_t n_patients;
	bool everybody;			/* also users on the host */
	bool all;			/* no users were named */
	bool sshd_places;		/* its PAM stack, if it uses PAM */
	json_t *findings;
	/* The error of the first examination that was impossible. */
	struct nsc_error blind;
};

/* Add a finding; the same finding for two users is merged into one. */
void nsc_doctor_add(struct nsc_doctor *doctor,
		    const struct nsc_finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The findings by severity; the caller frees them.  NULL: there are none. */
struct nscontainer_record *nsc_doctor_findings(const struct nsc_doctor *doctor);

void nsc_doctor_release(struct nsc_doctor *doctor);

/* Record that an examination was impossible. */
void nsc_doctor_blind(struct nsc_doctor *doctor, const struct nsc_error *err);

/* Find the users to examine: names, or, without any, those who may log in. */
void nsc_doctor_find_users(struct nsc_doctor *doctor,
			   const char *const *names);

/*
 * Add a finding if a break-glass group has no member.  file and line are where
 * the group is named, or NULL and 0.
 */
void nsc_doctor_check_group(struct nsc_doctor *doctor, const char *name,
			    const char *file, unsigned int line);

/* The names of the services by which users usually log in; NULL after them. */
const char *nsc_doctor_door(size_t i);

struct nsc_pam_stack;

/*
 * Add findings for modules of a service that open files of the user on the
 * host: in its session stack before the line ours, and in auth and account.
 */
void nsc_doctor_readers(struct nsc_doctor *doctor, const char *service,
			const struct nsc_pam_stack *session, size_t ours);

/* --- the examinations ------------------------------------------------- */

void nsc_doctor_conf(struct nsc_doctor *doctor);
void nsc_doctor_unused(struct nsc_doctor *doctor);
void nsc_doctor_users(struct nsc_doctor *doctor);
void nsc_doctor_caught(struct nsc_doctor *doctor);
void nsc_doctor_break_glass(struct nsc_doctor *doctor);
void nsc_doctor_stacks(struct nsc_doctor *doctor);
void nsc_doctor_sshd(struct nsc_doctor *doctor);
void nsc_doctor_host(struct nsc_doctor *doctor);
void nsc_doctor_orphans(struct nsc_doctor *doctor);

#endif
