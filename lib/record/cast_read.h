/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Read the text of a recording, of which nothing is trusted: a process has
 * written it that reads what the recorded session shows.
 */
#ifndef NSC_RECORD_CAST_READ_H
#define NSC_RECORD_CAST_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/text.h"
#include "rundir/recorder_socket.h"
#include "record/cast.h"

/* The first line.  Texts are "" if they are unknown. */
struct nsc_cast_info {
	int64_t timestamp, ended, gaps, width, height, pid;
	char user[NSC_NAME_MAX + 1];
	char service[64];
	char rhost[256];
	char tty[64];
	char ruser[64];
	char previous[NSC_CAST_ID + 1];
	char previous_sha256[NSC_SHA256_TEXT + 1];
};

struct nsc_cast_event {
	int64_t us;
	char type;
	const char *text;	/* len bytes */
	size_t len;
};

/*
 * Parse a line without its newline, which ends with a NUL, and is changed.
 * Returns 0 or -EBADMSG.
 */
int nsc_cast_parse_header(char *line, struct nsc_cast_info *ret);
int nsc_cast_parse_event(char *line, struct nsc_cast_event *ret);

/* End each text, after it came from another process. */
void nsc_cast_terminate(struct nsc_cast_info *info);

/* No event is longer. */
#define NSC_CAST_LINE_MAX NSC_CAST_EVENT_MAX((size_t)NSC_RECORDER_DATA)

/* The lines of a file or pipe. */
struct nsc_cast_lines {
	int fd;
	bool again;	/* it may grow, and a half line at its end change */
	size_t begin, end;
	char text[NSC_CAST_LINE_MAX + 1];
};

/*
 * The next whole line, without its newline.  Returns 1; 0 at the end; -EBADMSG
 * for a line that is too long or has a NUL; or another negative errno.
 */
int nsc_cast_line(struct nsc_cast_lines *lines, char **ret);

#endif
