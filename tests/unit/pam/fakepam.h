/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The functions of libpam that the module calls, in a process without PAM:
 * items, data and environment are in a struct, and messages go to a file.
 */
#ifndef NSC_TESTS_FAKEPAM_H
#define NSC_TESTS_FAKEPAM_H

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>

#define FAKEPAM_ITEMS 16
#define FAKEPAM_MOST 16

typedef void fakepam_cleanup(pam_handle_t *pamh, void *data, int status);

struct pam_handle {
	FILE *log;			/* belongs to the caller */
	char *items[FAKEPAM_ITEMS];	/* by item type, such as PAM_USER */
	char *environment[FAKEPAM_MOST];
	struct {
		char *name;
		void *data;
		fakepam_cleanup *cleanup;
	} data[FAKEPAM_MOST];
	int putenv_fails, set_data_fails;	/* from now on */
};

/* Set an item for the module to find; text is copied. */
void fakepam_set(pam_handle_t *pamh, int item, const char *text);

/* pam_end(): free the module's data. */
void fakepam_end(pam_handle_t *pamh);

#endif
