/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a dry login that is inside: in a child, which ends there. */
#ifndef NSC_DOCTOR_TRIAL_H
#define NSC_DOCTOR_TRIAL_H

#include <stdint.h>

#include "util/error.h"
#include "policy/user.h"
#include "session/session.h"

enum nsc_trial_result { NSC_TRIAL_OK, NSC_TRIAL_WARNING, NSC_TRIAL_FAILED };

/* A step that is over.  It crosses a pipe in one write. */
struct nsc_trial_step {
	char name[24];
	enum nsc_trial_result result;
	int64_t us;		/* that it took */
	struct nsc_error err;	/* the sentence, where it is not ok */
};

/*
 * Enter the container as a login does, and run a command by the user's login
 * shell.  Each step is handed to done as soon as it is over; the last one is
 * the first that failed, or the command.  A negative errno where a step failed.
 */
int nsc_trial_run(struct nsc_session *session, const struct nsc_user *user,
		  void (*done)(void *arg, const struct nsc_trial_step *step),
		  void *arg, struct nsc_error *err);

#endif
