/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that a command without a terminal sends or receives: sftp, scp, git and
 * rsync are known by their first bytes.  What these protocols declare as the
 * content of a file is left out of the recording, and so are attributes, lists
 * and answers of sftp; names and sizes are noted, and what else is said is
 * text.  From the first byte that the protocol does not allow, all is text:
 * another program may run after it.
 */
#ifndef NSC_RECORD_TRANSFER_H
#define NSC_RECORD_TRANSFER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRANSFER_IN, TRANSFER_OUT, TRANSFER_BOTH };

#define TRANSFER_HEAD 16	/* bytes that decide */
#define TRANSFER_NAME PATH_MAX	/* no system call takes a longer one */
#define TRANSFER_PART (2 * TRANSFER_NAME + 128)	/* of a packet: two names */
#define TRANSFER_FILES 64	/* open ones */
#define NSC_TRANSFER_NOTE TRANSFER_PART

struct nsc_transfer_sink {
	/* Text of standard input (TRANSFER_IN) or output.  0 or an errno. */
	int (*text)(void *arg, int direction, const char *data, size_t len);
	int (*note)(void *arg, const char *text);
	void *arg;
};

struct nsc_transfer_way {
	char head[TRANSFER_HEAD];
	size_t n;		/* of head */
	char part[TRANSFER_PART];
	size_t have;		/* of part */
	uint64_t skip;		/* bytes of content that come next */
	size_t plain;		/* bytes of text that come next */
	unsigned int step;	/* of the protocol */
	bool message;		/* of scp, which goes on */
};

struct nsc_transfer_file {
	char *name;		/* NULL: not in use */
	char handle[256];
	size_t handle_len;	/* 0: not open yet */
	uint32_t id;		/* of the request that opens it */
	uint64_t read, wrote;
};

struct nsc_transfer {
	struct nsc_transfer_sink sink;
	unsigned int protocol;
	struct nsc_transfer_way way[TRANSFER_BOTH];
	struct nsc_transfer_file files[TRANSFER_FILES];
	/* Of the requests that read, by the end of their number. */
	unsigned char reads[256];
	int error;		/* of the sink, or -ENOMEM */
};

/* The bytes that follow in one direction.  Returns 0 or that error. */
int nsc_transfer_feed(struct nsc_transfer *t, int direction, const char *data,
		      size_t len);

/* There are no more. */
int nsc_transfer_end(struct nsc_transfer *t);

#endif
