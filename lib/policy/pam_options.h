/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of the PAM module. */
#ifndef NSC_POLICY_PAM_OPTIONS_H
#define NSC_POLICY_PAM_OPTIONS_H

#include <stdbool.h>

#include "util/error.h"
#include "policy/conf.h"

struct nsc_pam_options {
	const char *conf;		/* conf=PATH */
	bool debug;
	bool has_placement;		/* overrides nscontainer.conf */
	enum nsc_placement placement;	/* placement=session|start */
	bool has_mode;			/* overrides nscontainer.conf */
	enum nsc_mode mode;		/* mode=enforce|audit */
	const char *break_glass;	/* break_glass=GROUP; "": nobody */
};

/*
 * An unknown argument or an invalid value is an error: the first one is
 * reported.  Even then, *ret has the values of the other arguments, so that a
 * mistake in one does not disable the break-glass group.  Returns 0 or a
 * negative errno.
 */
int nsc_pam_options_parse(int argc, const char **argv,
			  struct nsc_pam_options *ret, struct nsc_error *err);

#endif
