/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in /etc/pam.d that change together.  Everything that needs room on the
 * disk is done before the first of them changes: the new content is in a file
 * beside the old one, which has a second name.  So to change a file, and to put
 * it back, is one rename(2): a reader sees the old file or the new one, the old
 * one comes back with its owner, mode, times and labels, and a full disk stops
 * neither.
 */
#ifndef NSC_DOCTOR_ENABLE_FILES_H
#define NSC_DOCTOR_ENABLE_FILES_H

#include <stdbool.h>

#include "util/error.h"

/* Open /etc/pam.d; root must own it, and nobody else may write to it. */
int nsc_enable_open_dir(struct nsc_error *err);

/* The names beside the file of a service. */
#define NSC_ENABLE_NAME_SIZE 96
void nsc_enable_name_new(const char *service, char ret[NSC_ENABLE_NAME_SIZE]);
void nsc_enable_name_old(const char *service, char ret[NSC_ENABLE_NAME_SIZE]);

/*
 * Read the file, which must be root's alone and no link; *ret is NULL if there
 * is none.
 */
int nsc_enable_read(int dir, const char *name, char **ret,
		    struct nsc_error *err);

/*
 * Write the new content (NULL: the file is to be removed) beside the file, with
 * the owner, mode and extended attributes of the file, if it exists.
 */
int nsc_enable_prepare(int dir, const char *service, const char *after,
		       struct nsc_error *err);

/* Give the file its second name, if it exists. */
int nsc_enable_keep(int dir, const char *service, struct nsc_error *err);

/* The new content takes the place of the file, or the file goes. */
int nsc_enable_switch(int dir, const char *service, bool remove,
		      struct nsc_error *err);

/* Is the file the one that was kept? */
bool nsc_enable_is_kept(int dir, const char *service);

/* The kept file takes its place again. */
int nsc_enable_put_back(int dir, const char *service, struct nsc_error *err);

/* Remove both names beside the file. */
void nsc_enable_forget(int dir, const char *service);

#endif
