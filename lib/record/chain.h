/* SPDX-License-Identifier: Apache-2.0 */
/* Follow the chain of one user's recordings, see docs/design/0088 and 0095. */
#ifndef NSC_RECORD_CHAIN_H
#define NSC_RECORD_CHAIN_H

#include "record/cast_read.h"
#include "record/shelf.h"

enum nsc_chain_state {
	NSC_CHAIN_OK,
	NSC_CHAIN_OPEN,		/* it goes on */
	NSC_CHAIN_CUT,		/* its recorder was killed; the next ends it */
	NSC_CHAIN_EXPIRED,	/* retention has removed it */
	NSC_CHAIN_UNNAMED,	/* not by the next one, and not by "last" */
	NSC_CHAIN_CHANGED,	/* its digest is not the one that was noted */
	NSC_CHAIN_MISSING,
	NSC_CHAIN_STATES
};

extern const char *const nsc_chain_names[NSC_CHAIN_STATES];

/* Is the recording not as it was when it ended? */
static inline bool nsc_chain_is_wrong(enum nsc_chain_state state)
{
	return state >= NSC_CHAIN_UNNAMED;
}

struct nsc_chain_call {
	/*
	 * Once for each recording that is there or named, from the newest.
	 * info is its first line, zeros if there is none.
	 */
	int (*told)(void *arg, const char *id, enum nsc_chain_state state,
		    const struct nsc_cast_info *info, struct nsc_error *err);
	void *arg;
};

/*
 * The shelf was opened to be verified.  Returns 0 whatever is found, or a
 * negative errno.
 */
int nsc_chain_verify(const struct nsc_shelf *shelf,
		     const struct nsc_chain_call *call, struct nsc_error *err);

/*
 * The digest of the text of a recording.  Returns 0 or a negative errno;
 * -EBADMSG: gzip cannot read it.
 */
int nsc_chain_digest(const struct nsc_shelf_file *file,
		     char ret[NSC_SHA256_TEXT + 1], struct nsc_error *err);

/* What is left of a recording that retention has removed. */
struct nsc_chain_stub {
	char id[NSC_CAST_ID + 1];
	char digest[NSC_SHA256_TEXT + 1];
	char previous[NSC_CAST_ID + 1];
	char previous_digest[NSC_SHA256_TEXT + 1];
};

/* All of them, in memory that the caller frees.  Returns 0 or -errno. */
int nsc_chain_stubs(const struct nsc_shelf *shelf,
		    struct nsc_chain_stub **ret, size_t *ret_n,
		    struct nsc_error *err);
/* Add one, and have it on the disk. */
int nsc_chain_add_stub(const struct nsc_shelf *shelf,
		       const struct nsc_chain_stub *stub,
		       struct nsc_error *err);

/*
 * When there are twice as many as NSC_CHAIN_STUBS, leave so many of the newest:
 * the chain begins with the oldest of these then.  If there is a recording
 * between them, all stay.  Returns 0 or a negative errno.
 */
#define NSC_CHAIN_STUBS 1000
int nsc_chain_trim_stubs(const struct nsc_shelf *shelf, struct nsc_error *err);

#endif
