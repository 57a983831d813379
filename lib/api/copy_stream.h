/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tree of files in a stream, between a process in a container and one on the
 * host.  Neither side trusts what the other says: a name is one name, only
 * files, directories and links are made, and no file is set-user-ID.
 */
#ifndef NSC_API_COPY_STREAM_H
#define NSC_API_COPY_STREAM_H

#include <stdbool.h>

#include "util/error.h"

/*
 * Send the file or directory at path as name.  What cannot be read, or is
 * neither file nor directory, nor a link where links go along, is left out.
 * Returns 0 or a negative errno; err then has the first thing that was left
 * out, or why all was.
 */
struct nsc_copy_source {
	const char *path;
	const char *name;
	bool links;
};

int nsc_copy_send(int stream, const struct nsc_copy_source *source,
		  struct nsc_error *err);

/*
 * Receive it as path, or as path/NAME if path is a directory.  A file with the
 * name is replaced in one step, a directory is filled.  The receiver's user
 * owns what is made.  Without links, one in the stream is an error.  Returns as
 * above; after an error a part may be there, but no part of a file.
 */
int nsc_copy_receive(int stream, const char *path, bool links,
		     struct nsc_error *err);

#endif
