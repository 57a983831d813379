/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a trial login that runs inside, in a child. */
#ifndef NSC_DOCTOR_TRIAL_H
#define NSC_DOCTOR_TRIAL_H

#include <stdint.h>

#include "util/error.h"
#include "policy/user.h"
#include "session/session.h"

enum nsc_trial_result { NSC_TRIAL_OK, NSC_TRIAL_WARNING, NSC_TRIAL_FAILED };

/* A finished step, which one write sends through a pipe. */
struct nsc_trial_step {
	char name[24];
	enum nsc_trial_result result;
	int64_t us;		/* duration in microseconds */
	struct nsc_error err;	/* the sentence, if the result is not ok */
};

/*
 * Enter the container as a login does, and run a command by the user's login
 * shell.  done is called after each step; the last step is the first one that
 * failed, or the command.  Returns a negative errno if a step failed.
 */
int nsc_trial_run(struct nsc_session *session, const struct nsc_user *user,
		  void (*done)(void *arg, const struct nsc_trial_step *step),
		  void *arg, struct nsc_error *err);

#endif
