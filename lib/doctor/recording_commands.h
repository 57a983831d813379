/* SPDX-License-Identifier: Apache-2.0 */
/* The functions behind "nsinit recordings", "play" and "search". */
#ifndef NSC_DOCTOR_RECORDING_COMMANDS_H
#define NSC_DOCTOR_RECORDING_COMMANDS_H

#include <stdbool.h>

#include "nscontainer.h"

#define NSC_KEYS_RECORDINGS(KEY) \
	KEY("id", TEXT, "name of the recording") \
	KEY("user", TEXT, "name of the user") \
	KEY("service", TEXT, "PAM service, or nsshell; or null") \
	KEY("rhost", TEXT, "where the session is from, or null") \
	KEY("tty", TEXT, "terminal, or null") \
	KEY("pid", INT, "login process") \
	KEY("from", INT, "when it began, seconds since the epoch") \
	KEY("to", INT, "when it ended; null: it has not") \
	KEY("size", INT, "bytes of the disk") \
	KEY("gaps", INT, "times in which nothing was recorded; null: it has " \
	    "not ended") \
	KEY("chain", TEXT, "linked, open, cut; with --verify ok, open, cut, " \
	    "expired, unnamed, changed, missing")

/*
 * The recordings of a user, or of all (NULL), the oldest first.  *ret is a list
 * for the caller to free, also after an error.  With verify, the newest are
 * first, those that are gone are in the list, and *ret_wrong says whether one
 * was changed or removed by something else than retention.
 */
int nsc_recordings_list(const char *user, bool verify,
			struct nscontainer_record **ret, bool *ret_wrong,
			struct nscontainer_error *err);

/* Call told for each user who has recordings, or for each id with its user. */
void nsc_recordings_names(bool users, void (*told)(const char *name,
						   const char *about));

/* Remove what nscontainer.conf (NULL: the installed one) does not keep. */
int nsc_recordings_expire(const char *conf, struct nscontainer_error *err);

struct nsc_play {
	bool follow;
	bool text;		/* the lines that were shown, instead */
	double speed;
	double idle;		/* seconds; 0: any */
};

/* Play to standard output. */
int nsc_recordings_play(const char *id, const struct nsc_play *play,
			struct nscontainer_error *err);

/*
 * Print the lines that had this text to standard output; of one user, or of all
 * (NULL).  Returns 1 if there was one, 0 if not, or a negative errno.
 */
int nsc_recordings_search(const char *text, const char *user,
			  struct nscontainer_error *err);

#endif
