/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of recordings: NSC_LOGDIR/recordings/USER/ID.cast while it is
 * written, ID.cast.gz afterwards, and "last", which names the one that ended
 * last: docs/design/0088.
 */
#ifndef NSC_RECORD_RECORDINGS_H
#define NSC_RECORD_RECORDINGS_H

#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"
#include "record/cast.h"

#define NSC_RECORDINGS NSC_LOGDIR "/recordings"
#define NSC_CAST ".cast"
#define NSC_CAST_GZ ".cast.gz"

struct nsc_recording_file {
	int dir;		/* of the user */
	int fd;			/* locked while it is written */
	char id[NSC_CAST_ID + 1];
};

#define NSC_RECORDING_FILE_INIT { -1, -1, "" }

/*
 * Make the file of a recording with this header.  Returns 0 or a negative
 * errno.
 */
int nsc_recording_create(const struct session *s, const char *header,
			 size_t len, struct nsc_recording_file *ret,
			 struct nsc_error *err);

/*
 * It has ended: link it to the one that ended before, and compress it.  digest
 * becomes that of its content.  Returns 0 or a negative errno.
 */
int nsc_recording_finish(const struct nsc_recording_file *f,
			 char digest[NSC_SHA256_TEXT + 1],
			 struct nsc_error *err);

/*
 * Finish the recordings in f->dir whose recorder was killed; told is called for
 * each.
 */
void nsc_recording_recover(const struct nsc_recording_file *f,
			   void (*told)(const char *id, const char *digest,
					void *arg), void *arg);

void nsc_recording_close(struct nsc_recording_file *f);

#endif
