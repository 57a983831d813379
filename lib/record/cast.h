/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a recording: asciicast v2, one JSON value a line.  The first line
 * is the header, the others are events: [seconds, "o", "text"].
 */
#ifndef NSC_RECORD_CAST_H
#define NSC_RECORD_CAST_H

#include <sha2.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "rundir/session_info.h"

#define NSC_SHA256_TEXT (SHA256_DIGEST_STRING_LENGTH - 1)

/* YYYYMMDDThhmmssZ-PPPPPPP-NN: when, pid, and how many of that second. */
#define NSC_CAST_ID 27

/*
 * The header begins with the place of what is known at the end: the recording
 * that ended before, the time, and the number of gaps.
 */
#define NSC_CAST_HEAD "{\"version\": 2, \"previous\": \""
#define NSC_CAST_LINK                                                          \
	(NSC_CAST_ID + NSC_SHA256_TEXT + 10 + 4 +                             \
	 sizeof("\", \"previous_sha256\": \"\", \"ended\": , \"gaps\": ") - 1)
#define NSC_CAST_NO_ID "---------------------------"
#define NSC_CAST_NO_SHA256                                                     \
	"00000000000000000000000000000000"                                    \
	"00000000000000000000000000000000"

#define NSC_CAST_HEADER_MAX 8192
/* Begins each note of a command line but its first. */
#define NSC_CAST_CONTINUED "command, continued: "
/* Each byte may become \u00XX; and what is around it. */
#define NSC_CAST_EVENT_MAX(len) (6 * ((len) + 4) + 64)

/* Write that place; the time is in seconds since the epoch, 0 for none. */
void nsc_cast_link(const char *previous, const char *sha256, int64_t ended,
		   unsigned int gaps, char to[NSC_CAST_LINK + 1]);

/* Write the header, a whole line; returns its length. */
size_t nsc_cast_header(const struct session *s, const struct winsize *size,
		       int64_t now, char to[NSC_CAST_HEADER_MAX]);

/* Bytes that begin a character whose end did not come yet. */
struct nsc_cast_rest {
	char bytes[4];
	size_t n;
};

struct nsc_cast_text {
	char type;		/* 'o', 'i', 'r', 'm' */
	const char *data;
	size_t len;
};

/*
 * Write an event with this text, at us microseconds.  Control characters are
 * escaped; bytes that are not UTF-8 become U+FFFD.  NSC_CAST_EVENT_MAX(len)
 * bytes have room for it.  Returns its length.
 */
size_t nsc_cast_event(int64_t us, const struct nsc_cast_text *text,
		      struct nsc_cast_rest *rest, char *to);

#endif
