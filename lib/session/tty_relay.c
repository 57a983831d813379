/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: the stand-in of nscontainer_exec(), nsshell, and the parent of a
 * forked login program (tty_handover.c), after it has dropped all privileges.
 * It is outside of the container's pid namespace, so no process inside sees it,
 * and it has only the two terminals open.
 */
#include "session/tty_relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fd.h"

#define PART 4096		/* a writable pipe takes this much */
#define PARTS 4			/* of one message */
#define BURST ((size_t)16 * PART)	/* before signals are checked again */
#define EOF_MS 50
#define BACKGROUND_MS 250	/* no signal reports that we are in front */
/*
 * When a process ends, the kernel never holds more of its output than this: see
 * TTYB_DEFAULT_MEM_LIMIT and N_TTY_BUF_SIZE there.
 */
#define LAST_BYTES ((size_t)128 * 1024)

struct part {
	char data[PARTS * PART];
	size_t at, end;
};

/* The caller is told this if the session can no longer be recorded. */
#define UNRECORDED                                                             \
	"\r\nThis session can no longer be recorded, and ends.\r\n"
#define FULL_MS 1000		/* for a terminal that takes nothing now */

struct relay {
	struct nsc_tty_outer *caller;
	struct nsc_pty *pty;
	struct nsc_tap *tap;
	pid_t child;		/* 0: none */
	int signals;
	int hang_up;
	int end;
	struct part inwards, output[2];
	struct part *outwards;	/* one of output, which is being written */
	struct part *next;	/* the other: the recorder does not have it */
	bool no_input;		/* the caller's input has ended */
	bool paused;		/* we are in the background */
	bool quiet;		/* the slave is closed at the moment */
	bool ended;
	bool give_up;		/* do not wait for the last output */
	int status;
};

enum { SIGNALS, IN, MASTER, OUT, TAP, END, POLLED };

static bool is_empty(const struct part *part)
{
	return part->at == part->end;
}

static void relay_kill(const struct relay *r, int signal_number)
{
	if (r->child)
		kill(r->child, signal_number);
}

/*
 * Act like a lost modem line; from here on ^C belongs to the caller's terminal.
 */
static void relay_hang_up(struct relay *r)
{
	if (r->hang_up && r->pty->master >= 0)
		relay_kill(r, r->hang_up);
	nsc_pty_close(r->pty);
	nsc_tty_outer_restore(r->caller);
	r->no_input = true;
	r->inwards.at = r->inwards.end = 0;
	r->outwards->at = r->outwards->end = 0;
	r->next->end = 0;
	r->ended |= !r->child;
}

/* Nothing that could not be recorded is shown. */
static void relay_end_unrecorded(struct relay *r)
{
	static const char text[] = UNRECORDED;
	struct pollfd p = { .fd = r->caller->out, .events = POLLOUT };
	size_t done = 0;
	ssize_t n = 0;

	/* What is shown before may fill the terminal. */
	while (n >= 0 && done < sizeof(text) - 1 && poll(&p, 1, FULL_MS) > 0) {
		n = nsc_tty_outer_write(r->caller, text + done,
					sizeof(text) - 1 - done);
		done += n > 0 ? (size_t)n : 0;
	}
	relay_hang_up(r);
}

/* Returns 1 with data, 0 at end-of-file, or a negative errno. */
static int relay_fill(struct part *part, int fd)
{
	ssize_t n = read(fd, part->data, PART);

	if (n < 0)
		return -errno;
	part->at = 0;
	part->end = (size_t)n;
	return n > 0;
}

/* Nothing is echoed for VEOF, and it ends one read(2) of a program inside. */
static void add_eof(struct relay *r)
{
	struct part *p = &r->inwards;
	struct termios modes;

	if (p->end < PART && tcgetattr(r->pty->master, &modes) == 0)
		p->data[p->end++] = (char)modes.c_cc[VEOF];
}

/* Input from before the terminal became raw: one line, or the end of input. */
static void read_ahead(struct relay *r)
{
	struct part *p = &r->inwards;

	if (relay_fill(p, r->caller->in) >= 0 &&
	    (is_empty(p) || !nsc_tty_outer_is_line(r->caller,
						   p->data[p->end - 1])))
		add_eof(r);
	nsc_tty_outer_set_raw(r->caller);
}

static void read_caller(struct relay *r)
{
	const struct part *p = &r->inwards;
	int ret;

	if (nsc_tty_outer_has_typed_ahead(r->caller)) {
		read_ahead(r);
		return;
	}
	ret = relay_fill(&r->inwards, r->caller->in);

	if (ret > 0 && !nsc_tap_input(r->tap, r->pty->master, p->data, p->end))
		relay_end_unrecorded(r);
	if (ret > 0 || ret == -EAGAIN || ret == -EINTR)
		return;
	if (ret == -EIO && nsc_tty_outer_in_background(r->caller))
		r->paused = true;
	else if (r->caller->terminal)
		relay_hang_up(r);
	else
		r->no_input = true;
}

static void write_inside(struct relay *r)
{
	struct part *p = &r->inwards;
	ssize_t n = write(r->pty->master, p->data + p->at, p->end - p->at);

	if (n > 0)
		p->at += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		p->at = p->end;
}

static void write_caller(struct relay *r)
{
	struct part *p = r->outwards;
	size_t left = p->end - p->at;
	ssize_t n = nsc_tty_outer_write(r->caller, p->data + p->at,
					left < PART ? left : PART);

	if (n > 0)
		p->at += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		relay_hang_up(r);
}

/*
 * For the recorder, a message costs as much as its content: what comes while
 * one is written becomes the next one.
 */
static bool has_room(const struct relay *r)
{
	return r->tap->recorder >= 0 ?
		       r->next->end + PART <= sizeof(r->next->data) :
		       is_empty(r->outwards) && r->next->end == 0;
}

/* Returns what relay_fill() does. */
static int relay_take(struct relay *r)
{
	struct part *p = r->next;
	ssize_t n = read(r->pty->master, p->data + p->end, PART);

	if (n < 0)
		return -errno;
	p->end += (size_t)n;
	return n > 0;
}

/* The last one is written.  Returns false if there is no next one. */
static bool relay_turn(struct relay *r)
{
	struct part *p = r->next;

	if (p->end == 0)
		return false;
	if (!nsc_tap_output(r->tap, r->pty->master, p->data, p->end)) {
		relay_end_unrecorded(r);
		return false;
	}
	r->next = r->outwards;
	r->next->at = r->next->end = 0;
	r->outwards = p;
	return true;
}

/*
 * If writes cannot block, write at once: a poll() for each write would make the
 * relay slow.
 */
static void relay_output(struct relay *r, bool writable)
{
	size_t done = 0, at;
	bool more = true;

	while (more && done < BURST) {
		int ret = 1;

		while (has_room(r) && (ret = relay_take(r)) > 0 &&
		       is_empty(r->outwards))
			;
		/*
		 * -EIO: no process inside has it open, but one may open it
		 * again.
		 */
		r->quiet = ret == -EIO;
		r->ended |= r->quiet && !r->child;
		if (is_empty(r->outwards) && !relay_turn(r))
			return;
		if (!writable && !r->caller->eager)
			return;
		at = r->outwards->at;
		write_caller(r);
		if (r->pty->master < 0)
			return;
		done += r->outwards->at - at;
		more = r->outwards->at > at && r->caller->eager;
	}
	if (is_empty(r->outwards))
		relay_turn(r);
}

/*
 * A terminal has no end of input, only a character that ends one read: send it
 * again each time a program inside reads.
 */
static void press_eof(struct relay *r)
{
	struct pollfd slave = { .fd = r->pty->slave, .events = POLLIN };

	if (!is_empty(&r->inwards) || poll(&slave, 1, 0) != 0) {
		/* Earlier input is still unread; or vhangup(2) was called. */
		if (slave.revents & (POLLHUP | POLLERR))
			nsc_pty_renew_slave(r->pty);
		return;
	}
	r->inwards.at = r->inwards.end = 0;
	add_eof(r);
}

static void relay_go_on(struct relay *r)
{
	r->paused = nsc_tty_outer_in_background(r->caller);
	if (r->pty->master < 0)
		return;
	nsc_tty_outer_set_raw(r->caller);
	nsc_pty_copy_size(r->pty, r->caller->size);
}

static void stop_ourselves(struct relay *r)
{
	nsc_tty_outer_restore(r->caller);
	raise(SIGSTOP);
	relay_go_on(r);
}

static void relay_reap(struct relay *r)
{
	int status;

	while (r->child &&
	       waitpid(r->child, &status, WNOHANG | WUNTRACED) > 0) {
		if (!WIFSTOPPED(status)) {
			r->status = status;
			r->ended = true;
			return;
		}
		/*
		 * Stop, too, because the caller could not resume the child
		 * otherwise: our terminal is raw.  Without a terminal, a
		 * program inside must not stop a process outside.
		 */
		if (!r->caller->terminal)
			continue;
		stop_ourselves(r);
		relay_kill(r, SIGCONT);
	}
}

static bool ends_us(unsigned int signal_number)
{
	return signal_number == SIGHUP || signal_number == SIGINT ||
	       signal_number == SIGQUIT || signal_number == SIGTERM;
}

static void relay_on_signal(struct relay *r,
			    const struct signalfd_siginfo *info)
{
	bool sent = info->ssi_code <= 0;
	int n = (int)info->ssi_signo;

	if (r->ended && ends_us(info->ssi_signo)) {
		r->give_up = true;
	} else if (n == SIGCHLD) {
		relay_reap(r);
	} else if (n == SIGWINCH) {
		nsc_pty_copy_size(r->pty, r->caller->size);
	} else if (n == SIGCONT) {
		relay_go_on(r);
	} else if (n == SIGHUP && !sent) {
		relay_hang_up(r);
	} else if (n == SIGTSTP && !sent) {
		stop_ourselves(r);
	} else if (n == SIGTTIN || n == SIGTTOU) {
		r->paused = true;
	} else if ((n == SIGINT || n == SIGQUIT) && !sent &&
		   nsc_pty_signal(r->pty, n) == 0) {
		/*
		 * The caller pressed a key, and the rest of our job got the
		 * signal.
		 */
	} else if (sent || ends_us(info->ssi_signo)) {
		/*
		 * The child is in another session, and the kernel did not
		 * signal it.
		 */
		relay_kill(r, n);
	}
}

static void read_signals(struct relay *r)
{
	struct signalfd_siginfo info;

	while (read(r->signals, &info, sizeof(info)) == sizeof(info))
		relay_on_signal(r, &info);
}

static int timeout(const struct relay *r)
{
	if (r->pty->master < 0)
		return -1;
	if (r->paused && !r->quiet)
		return BACKGROUND_MS;
	return r->quiet || (r->no_input && is_empty(&r->inwards)) ? EOF_MS : -1;
}

static bool reads(const struct relay *r)
{
	return !r->no_input && !r->paused && !r->caller->silent;
}

/*
 * A part is written before the next one is read; but with a recorder, output is
 * read while the last part is written, see has_room().
 */
static void one_round(struct relay *r)
{
	bool in = is_empty(&r->inwards), out = is_empty(r->outwards);
	bool more = has_room(r);
	short master = (short)((more ? POLLIN : 0) | (in ? 0 : POLLOUT));
	struct pollfd p[POLLED] = {
		[SIGNALS] = { r->signals, POLLIN, 0 },
		[IN] = { reads(r) && in ? r->caller->in : -1, POLLIN, 0 },
		[MASTER] = { r->quiet || !master ? -1 : r->pty->master,
			     master, 0 },
		[OUT] = { out ? -1 : r->caller->out, POLLOUT, 0 },
		/* POLLHUP: the recorder has ended. */
		[TAP] = { r->tap->recorder, 0, 0 },
		[END] = { r->end, POLLIN, 0 },
	};
	int n = poll(p, POLLED, timeout(r));

	r->quiet = false;
	if (n == 0 && r->no_input)
		press_eof(r);
	if (n == 0 && r->paused && !nsc_tty_outer_in_background(r->caller))
		relay_go_on(r);
	if (p[TAP].revents && !nsc_tap_lost(r->tap))
		relay_end_unrecorded(r);
	if ((p[MASTER].revents & (POLLIN | POLLHUP) && more) || p[OUT].revents)
		relay_output(r, p[OUT].revents);
	if (p[MASTER].revents & POLLOUT)
		write_inside(r);
	if (p[IN].revents)
		read_caller(r);
	if (p[SIGNALS].revents)
		read_signals(r);
	r->ended |= p[END].revents != 0;
}

/* Write the buffered output completely. */
static void flush(struct relay *r)
{
	while (!is_empty(r->outwards) && !r->give_up) {
		struct pollfd p[] = {
			{ r->signals, POLLIN, 0 },
			{ r->caller->out, POLLOUT, 0 },
		};

		if (poll(p, NSC_ARRAY_SIZE(p), -1) <= 0)
			continue;
		if (p[1].revents)
			write_caller(r);
		if (p[0].revents)
			read_signals(r);
	}
}

/*
 * Read the output that the child wrote before its end: reading the master
 * returns EAGAIN only after the kernel has moved all of it.  Later output of
 * other processes is cut off.
 */
static void read_the_rest(struct relay *r)
{
	size_t total = 0;

	flush(r);
	while (r->pty->master >= 0 && total < LAST_BYTES && !r->give_up) {
		while (has_room(r) && relay_take(r) > 0)
			;
		if (!relay_turn(r))
			return;
		total += r->outwards->end;
		flush(r);
	}
}

int nsc_tty_relay(const struct nsc_tty_relay_request *request)
{
	struct relay r = {
		.caller = request->caller,
		.pty = request->pty,
		.child = request->child,
		.tap = request->tap,
		.signals = request->signals,
		.hang_up = request->hang_up,
		.end = request->end,
		.paused = nsc_tty_outer_in_background(request->caller),
	};

	r.outwards = &r.output[0];
	r.next = &r.output[1];
	/* It may have ended before the signalfd existed. */
	relay_reap(&r);
	while (!r.ended)
		one_round(&r);
	read_the_rest(&r);
	return r.status;
}
