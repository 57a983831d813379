/* SPDX-License-Identifier: Apache-2.0 */
/* Which sessions are recorded: keys "session.record..." of container.json. */
#ifndef NSC_POLICY_RECORDING_H
#define NSC_POLICY_RECORDING_H

#include <stdbool.h>

enum nsc_record { NSC_RECORD_NONE, NSC_RECORD_TERMINALS, NSC_RECORD_ALL };
enum nsc_on_record_error { NSC_RECORD_END, NSC_RECORD_CONTINUE };

struct nsc_recording {
	unsigned int mode;	/* enum nsc_record */
	unsigned int on_error;	/* enum nsc_on_record_error */
	bool input;		/* what is typed, too, while it is echoed */
	bool hidden;		/* and while it is not */
};

/* The names of the two enums, then NULL. */
extern const char *const nsc_record_names[];
extern const char *const nsc_on_record_error_names[];

#endif
