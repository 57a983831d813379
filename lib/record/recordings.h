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
#define NSC_RECORDING_LOCK ".lock"	/* of the chain */
#define NSC_RECORDING_STUBS "expired"	/* see chain.h */

struct nsc_recording_file {
	int dir;		/* of the user */
	int fd;			/* locked while it is written */
	char id[NSC_CAST_ID + 1];
	int64_t ended;		/* seconds since the epoch; 0: not known */
	unsigned int gaps;	/* times in which nothing was recorded */
};

#define NSC_RECORDING_FILE_INIT { -1, -1, "", 0, 0 }

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

/* "last": an id and its digest, and the link in its header. */
struct nsc_recording_last {
	char id[NSC_CAST_ID + 1];
	char digest[NSC_SHA256_TEXT + 1];
	char link[NSC_CAST_LINK + 1];
};

/* Without one, the id is NSC_CAST_NO_ID. */
void nsc_recording_last_read(int dir, struct nsc_recording_last *ret);

void nsc_recording_close(struct nsc_recording_file *f);

#endif
