/* SPDX-License-Identifier: Apache-2.0 */
/* Files in the /etc of a rootfs, changed as a program of root inside would. */
#ifndef NSC_ROOTFS_OWN_FILE_H
#define NSC_ROOTFS_OWN_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "rootfs/rootfs.h"

struct nsc_own_file {
	const char *name;	/* in /etc */
	/*
	 * Writes the new content, from text (NULL: there is no file).  Returns
	 * false if the file needs no change.
	 */
	bool (*print)(const void *arg, const char *text, FILE *out);
	bool make;		/* also if there is no file */
};

/*
 * Write the files if they stay writable for root inside: a file below a mount
 * can be neither replaced nor renamed.  A process does it that has no right but
 * those of root inside.  Without a user namespace root inside is host root, so
 * nothing is written.  Returns false if a file could not be written.
 */
bool nsc_own_files_write(const struct nsc_rootfs *rootfs,
			 const struct nsc_own_file *files, size_t n,
			 const void *arg);

#endif
