/* SPDX-License-Identifier: Apache-2.0 */
/* Find and open recordings, for those who look at them. */
#ifndef NSC_RECORD_SHELF_H
#define NSC_RECORD_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "record/recordings.h"

/* The recordings of one user. */
struct nsc_shelf {
	const char *user;
	int dir;
	char **ids;		/* the oldest first; NULL ends them */
	size_t n;
	/* Of the same moment, if it is verified. */
	struct nsc_recording_last last;
	int64_t opened;		/* seconds since the epoch */
};

#define NSC_SHELF_INIT { NULL, -1, NULL, 0, { "", "", "" }, 0 }

/* The names of the users who have recordings, sorted; NULL ends them. */
int nsc_shelf_users(char ***ret, struct nsc_error *err);

/*
 * user must stay.  verify: no recording ends between the list and last, which
 * waits for one that ends now, however long it is.  -ENOENT: there is none.
 */
int nsc_shelf_open(const char *user, bool verify, struct nsc_shelf *ret,
		   struct nsc_error *err);
void nsc_shelf_close(struct nsc_shelf *shelf);
#define _cleanup_shelf_ __attribute__((cleanup(nsc_shelf_close)))

/* One recording. */
struct nsc_shelf_file {
	int fd;
	bool gz;
	bool written;		/* a recorder has it open */
	int64_t size;		/* bytes of the disk */
	int64_t changed;	/* seconds since the epoch */
};

#define NSC_SHELF_FILE_INIT { -1, false, false, 0, 0 }

/* -ENOENT: it has gone.  Nothing is changed, and no recorder waits. */
int nsc_shelf_file(const struct nsc_shelf *shelf, const char *id,
		   struct nsc_shelf_file *ret, struct nsc_error *err);
/* Does a recorder still write it? */
bool nsc_shelf_written(int dir, int fd);
void nsc_shelf_file_close(struct nsc_shelf_file *file);
#define _cleanup_shelf_file_ __attribute__((cleanup(nsc_shelf_file_close)))

/*
 * The text from its beginning, in a file or a pipe, for one reader at a time.
 * Returns a descriptor or a negative errno.
 */
int nsc_shelf_text(const struct nsc_shelf_file *file, pid_t *ret_gzip,
		   struct nsc_error *err);
/* Nobody reads it any more.  Returns false if gzip found it broken. */
bool nsc_shelf_text_end(int *text, pid_t gzip);

/* Is this an id? */
bool nsc_shelf_id_valid(const char *id);

#endif
