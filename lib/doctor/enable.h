/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions behind "nsinit enable", "disable" and "confirm": they write the
 * module's lines to /etc/pam.d and take them out.  The steps are open (which
 * plans), stage, look, commit.  A change that was not committed leaves nothing.
 */
#ifndef NSC_DOCTOR_ENABLE_H
#define NSC_DOCTOR_ENABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "nscontainer.h"

enum nsc_enable_action { NSC_ENABLE, NSC_ENABLE_AUDIT, NSC_DISABLE };

struct nsc_enable_file {
	char *service;
	char *before;		/* content; NULL: it does not exist */
	char *after;		/* NULL: it is removed */
};

struct nsc_enable {
	int lock, dir;
	enum nsc_enable_action action;
	struct nsc_enable_file *files;	/* those that change */
	size_t n;
	char **notes;		/* sentences for the administrator, or NULL */
	size_t n_notes;
};

/*
 * Plan the change for the services (a list that ends with NULL; an empty list
 * is the standard ones, or to disable all).  Unless dry is true, first take the
 * lock, and take back what an earlier change left unfinished.  *ret is NULL
 * after an error.
 */
int nsc_enable_open(enum nsc_enable_action action,
		    const char *const *services, bool dry,
		    struct nsc_enable **ret, struct nscontainer_error *err);

/* Write the new files beside the old ones.  No login notices. */
int nsc_enable_stage(const struct nsc_enable *change,
		     struct nscontainer_error *err);

/* Undo that. */
void nsc_enable_unstage(const struct nsc_enable *change);

/*
 * In a child: see the host as it will be, in mounts of the child's own.
 * Afterwards doctor and try examine that.
 */
int nsc_enable_look(const struct nsc_enable *change,
		    struct nscontainer_error *err);

/*
 * *ret = the name of a user who has a container and is not let past it, or NULL
 * if there is none.  The caller frees it.
 */
int nsc_enable_find_user(char **ret, struct nscontainer_error *err);

/*
 * Change the files, all or none.  With seconds, a process waits so long for
 * nsc_enable_confirm(), and otherwise puts everything back.
 */
int nsc_enable_commit(const struct nsc_enable *change, unsigned int seconds,
		      struct nscontainer_error *err);

/*
 * *ret = a sentence about a file that still names the module, and is not
 * changed here; NULL: there is none.  The caller frees it.
 */
int nsc_enable_find_left(char **ret, struct nscontainer_error *err);

void nsc_enable_close(struct nsc_enable *change);

/*
 * Keep a change that waits.  A change of an earlier boot, or one that came to
 * its end, is put back instead, and the error says so.  With only_expired, keep
 * none, and to put one back is no error.
 */
int nsc_enable_confirm(bool only_expired, struct nscontainer_error *err);

#endif
