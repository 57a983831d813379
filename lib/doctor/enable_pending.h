/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record of a change that is at work or waits for "nsinit confirm".  It is
 * written before the first file changes, and goes with the last step, so that
 * whoever finds it knows what to put back.
 */
#ifndef NSC_DOCTOR_ENABLE_PENDING_H
#define NSC_DOCTOR_ENABLE_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "linux/pidfd.h"
#include "util/error.h"

struct nsc_pending {
	char boot_id[NSC_BOOT_ID_SIZE];
	uint64_t began;		/* CLOCK_BOOTTIME in milliseconds */
	unsigned int seconds;	/* time for "nsinit confirm"; 0: none */
	unsigned int action;	/* enum nsc_enable_action */
	unsigned int login;	/* nsc_pending_login() of who made it */
	char **services;
	char *text;		/* the strings are in it */
};

/* Take the lock of all who change the record; returns its descriptor. */
int nsc_pending_lock(struct nsc_error *err);

/* -ENOENT: there is none. */
int nsc_pending_read(struct nsc_pending *ret, struct nsc_error *err);
int nsc_pending_write(struct nsc_pending *pending, struct nsc_error *err);
void nsc_pending_remove(void);
void nsc_pending_free(struct nsc_pending *pending);
#define _cleanup_pending_ __attribute__((cleanup(nsc_pending_free)))

/* CLOCK_BOOTTIME in milliseconds. */
uint64_t nsc_pending_now(void);

/*
 * The login that this process belongs to, which sudo, su and tmux leave as it
 * is: the kernel's audit session; UINT_MAX if no PAM module has made one.
 */
unsigned int nsc_pending_login(void);

/* Is it complete, of this boot, and is there still time? */
bool nsc_pending_waits(const struct nsc_pending *pending, int dir);

/*
 * Put everything back.  A file that was edited meanwhile keeps the edit, and
 * only loses our lines.  *ret_edited is a list of such files, or NULL.
 */
int nsc_pending_undo(const struct nsc_pending *pending, int dir,
		     char ***ret_edited, struct nsc_error *err);

/* Wait for the confirmation in a process of its own, and undo without it. */
int nsc_pending_watch(const struct nsc_pending *pending,
		      struct nsc_error *err);

#endif
