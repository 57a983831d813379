/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: a child of container-recorder, nobody on the host. */
#include "record/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "record/cast.h"
#include "record/transfer.h"
#include "rundir/recorder_socket.h"

#define ALONE 1024
/* Less than the relay waits for the writer. */
#define ROOM_MS (1000 * (NSC_RECORDER_PATIENCE_S - 2))

struct writing {
	const struct nsc_writer *w;
	int64_t began;
	off_t end;		/* of the last whole event */
	struct nsc_cast_rest in, out;
	struct nsc_record_gap gap;	/* from 0: none */
	uint64_t bytes_in, bytes_out;	/* of a command */
	struct nsc_transfer transfer;
	bool command;		/* its first part has been written */
	int direction;		/* of the text that is not written yet */
	char text[4 * ALONE];
	size_t len;
	char *event;		/* room for a whole one */
};

/*
 * Whoever may remove old recordings does it now, if they are to go.  An answer
 * that comes too late is none to the next question.
 */
static void ask_for_room(const struct writing *f)
{
	const struct nsc_record_gap ask = { .from = NSC_RECORD_FULL };
	struct pollfd p = { .fd = f->w->gaps, .events = POLLIN };
	char answer;

	while (recv(f->w->gaps, &answer, 1, MSG_DONTWAIT) > 0)
		;
	if (write(f->w->gaps, &ask, sizeof(ask)) == sizeof(ask) &&
	    poll(&p, 1, ROOM_MS) > 0)
		(void)!read(f->w->gaps, &answer, 1);
}

static int write_once(struct writing *f, const char *text, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(f->w->file, text + done, len - done,
				   f->end + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = n < 0 ? errno : ENOSPC;

			(void)!ftruncate(f->w->file, f->end);
			return -error;
		}
		done += (size_t)n;
	}
	f->end += (off_t)len;
	return 0;
}

static int write_whole(struct writing *f, const char *text, size_t len)
{
	int ret = write_once(f, text, len);

	if ((ret == -ENOSPC || ret == -EDQUOT) && !f->gap.from) {
		ask_for_room(f);
		ret = write_once(f, text, len);
	}
	return ret;
}

static void gap_close(struct writing *f)
{
	struct nsc_record_gap gap = f->gap;

	gap.to = (int64_t)time(NULL);
	(void)!write(f->w->gaps, &gap, sizeof(gap));
	f->gap.from = 0;
}

/* The recording itself says so, too. */
static int gap_mark(struct writing *f, int64_t now)
{
	char text[128], event[NSC_CAST_EVENT_MAX(sizeof(text))];
	struct nsc_cast_rest rest = { "", 0 };
	int n = snprintf(text, sizeof(text), "nothing was recorded for %lld "
			 "seconds", (long long)(time(NULL) - f->gap.from));
	const struct nsc_cast_text mark = { 'm', text, (size_t)n };

	return write_whole(f, event, nsc_cast_event(now, &mark, &rest,
						    event));
}

static int write_event(struct writing *f, const char *event, size_t len,
		       int64_t now)
{
	int ret = f->gap.from ? gap_mark(f, now) : 0;

	if (ret == 0 && f->gap.from)
		gap_close(f);
	if (ret == 0)
		ret = write_whole(f, event, len);
	if (ret == 0)
		return 0;
	if (!f->gap.from)
		f->gap = (struct nsc_record_gap){ (int64_t)time(NULL), 0,
						  -ret };
	return f->w->go_on ? 0 : ret;
}

static int write_text(struct writing *f, char type, const char *data,
		      size_t len)
{
	int64_t now = nsc_process_now_us() - f->began;
	struct nsc_cast_rest none = { "", 0 };
	const struct nsc_cast_text t = { type, data, len };

	len = nsc_cast_event(now, &t, type == 'o' ? &f->out :
			     type == 'i' ? &f->in : &none, f->event);
	return write_event(f, f->event, len, now);
}

static int __attribute__((format(printf, 2, 3)))
write_mark(struct writing *f, const char *fmt, ...)
{
	char text[NSC_TRANSFER_NOTE];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	return write_text(f, 'm', text, (size_t)n);
}

static int write_direction(struct writing *f, const char *data, size_t len)
{
	return write_text(f, f->direction == TRANSFER_IN ? 'i' : 'o', data,
			  len);
}

/* What belongs together is one event. */
static int flush_text(struct writing *f)
{
	size_t len = f->len;

	f->len = 0;
	return len ? write_direction(f, f->text, len) : 0;
}

static int feed(struct writing *f, int direction, const char *data, size_t len)
{
	int ret = nsc_transfer_feed(&f->transfer, direction, data, len);

	return ret == 0 ? flush_text(f) : ret;
}

static int take_text(void *arg, int direction, const char *data, size_t len)
{
	struct writing *f = arg;
	int ret;

	if (direction == TRANSFER_IN && !f->w->input)
		return 0;
	ret = f->direction == direction && len <= sizeof(f->text) - f->len ?
	      0 : flush_text(f);
	f->direction = direction;
	if (ret < 0)
		return ret;
	/* A large part is an event of its own, without a copy. */
	if (f->len == 0 && len >= ALONE)
		return write_direction(f, data, len);
	memcpy(f->text + f->len, data, len);
	f->len += len;
	return 0;
}

static int take_note(void *arg, const char *text)
{
	int ret = flush_text(arg);

	return ret == 0 ? write_text(arg, 'm', text, strlen(text)) : ret;
}

/* A long command line has several parts. */
static int write_command(struct writing *f, const char *data, size_t len)
{
	const char *name = f->command ? NSC_CAST_CONTINUED : "command: ";

	f->command = true;
	return write_mark(f, "%s%.*s", name, (int)len, data);
}

/* A message of the streams of a command. */
static int write_stream(struct writing *f, char kind, const char *data,
			size_t len)
{
	switch (kind) {
	case NSC_RECORDER_COMMAND:
		return write_command(f, data, len);
	case NSC_RECORDER_INPUT:
		f->bytes_in += len;
		return feed(f, TRANSFER_IN, data, len);
	case NSC_RECORDER_OUTPUT:
		f->bytes_out += len;
		return feed(f, TRANSFER_OUT, data, len);
	case NSC_RECORDER_ERRORS:
		return write_text(f, 'o', data, len);
	default:
		return 0;
	}
}

static int write_message(struct writing *f, const char *message, size_t len)
{
	const char kind = *message++;
	char text[32];
	struct winsize size;

	len--;
	if (f->w->streams)
		return write_stream(f, kind, message, len);
	if (kind == NSC_RECORDER_OUTPUT || kind == NSC_RECORDER_INPUT)
		return write_text(f, kind, message, len);
	if (kind != NSC_RECORDER_SIZE || len != sizeof(size))
		return 0;
	memcpy(&size, message, sizeof(size));
	snprintf(text, sizeof(text), "%ux%u", size.ws_col, size.ws_row);
	return write_text(f, kind, text, strlen(text));
}

/* The relay has given up, and its session goes on: until when? */
static void wait_for_end(struct writing *f)
{
	struct pollfd p = { .fd = f->w->messages };

	poll(&p, 1, 0);
	if (!(p.revents & POLLHUP) && !f->gap.from)
		f->gap = (struct nsc_record_gap){ (int64_t)time(NULL), 0,
						  ETIMEDOUT };
	while (!(p.revents & POLLHUP))
		poll(&p, 1, -1);
}

int nsc_writer_run(const struct nsc_writer *w)
{
	/* On the stack, the compiler would clear them. */
	_cleanup_free_ char *message = malloc(1 + NSC_RECORDER_DATA);
	_cleanup_free_ char *event = malloc(NSC_CAST_EVENT_MAX(
						NSC_RECORDER_DATA));
	struct writing f = {
		.w = w, .event = event, .began = nsc_process_now_us(),
		.end = lseek(w->file, 0, SEEK_END),
		.transfer.sink = { take_text, take_note, &f },
	};
	int ret = f.end < 0 ? -errno : message && event ? 0 : -ENOMEM;

	while (ret == 0) {
		ssize_t n = recv(w->messages, message, 1 + NSC_RECORDER_DATA,
				 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			wait_for_end(&f);
		if (n <= 0)
			break;
		ret = write_message(&f, message, (size_t)n);
	}
	if (ret == 0)
		ret = nsc_transfer_end(&f.transfer);
	if (ret == 0)
		ret = flush_text(&f);
	if (ret == 0 && w->streams)
		ret = write_mark(&f, "input: %" PRIu64 " bytes, output: %"
				 PRIu64 " bytes", f.bytes_in, f.bytes_out);
	if (f.gap.from)
		gap_close(&f);
	return ret;
}
