/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the account of a name the one for which a home and a layer are kept?  Unix
 * has no time of an account's creation.  The home that passwd names tells most:
 * see docs/design/0069-what-outlives-its-user.md.
 */
#ifndef NSC_CONTAINER_ACCOUNT_H
#define NSC_CONTAINER_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/plan.h"
#include "policy/user.h"
#include "util/error.h"

/* Times are nanoseconds since the epoch; 0: unknown. */
struct nsc_account {
	uint64_t made;		/* when the data was first kept, or adopted */
	uint64_t inode;		/* of the home; 0: none, or only its user's */
	uint64_t born;		/* when the home was made */
	uint64_t system;	/* when its file system was made: its root */
};

enum nsc_account_verdict {
	NSC_ACCOUNT_SAME,
	NSC_ACCOUNT_UNKNOWN,	/* a home that another one may have */
	NSC_ACCOUNT_REMADE,	/* the home was made anew, in its old place */
};

/* Judge the account by what is recorded, and find its present home. */
enum nsc_account_verdict nsc_account_judge(const struct nsc_user *user,
					   const struct nsc_account *recorded,
					   struct nsc_account *ret);

/*
 * Read and write the record in a directory of /var/lib/nscontainer.  Without
 * one, made is the time when the directory was made.  Return 0 or a negative
 * errno.
 */
int nsc_account_read(int dir, struct nsc_account *ret, struct nsc_error *err);
int nsc_account_write(int dir, const struct nsc_account *account,
		      struct nsc_error *err);

/* The present account, as of now. */
void nsc_account_now(const struct nsc_user *user, struct nsc_account *ret);

/*
 * For a plan of a login that keeps data: refuse an account that was made again.
 * With record, note its present home, in a directory that is made if there is
 * none.  Returns 0 or a negative errno.
 */
int nsc_account_check(const struct nsc_plan *plan, bool record,
		      struct nsc_error *err);

#endif
