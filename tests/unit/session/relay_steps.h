/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A relay that a test has in its hands, with lib/session/tty_relay.c as a part
 * of the test.  Its caller and its terminal are sockets.  What it does to
 * terminals and processes is written on the tape.
 */
#ifndef NSC_TESTS_UNIT_SESSION_RELAY_STEPS_H
#define NSC_TESTS_UNIT_SESSION_RELAY_STEPS_H

#include "session/tty_relay.c"

#include <fcntl.h>
#include <sys/socket.h>

#include "tape.h"

#define CHILD 4242
#define POLLS 40

static struct relay r;
static struct nsc_tty_outer caller;
static struct nsc_pty pty;
static struct nsc_tap tap;
/* The other ends of the caller's input and output, of the terminal, ... */
static int typed, shown, inside, sent;

/* --- what the relay calls */

static bool background, typed_ahead, line, recorded, found;
static int read_error, write_result, write_error;
static size_t takes;		/* bytes that the caller's terminal takes */
static int calls;		/* that may still be made */
static bool only_once;		/* has that result */
static bool again;		/* what is written comes again as output */
/* What poll() finds, in turn, for each descriptor. */
static struct {
	int ret;
	short revents[POLLED];
} polled[POLLS];
static size_t polls, polls_done;
/* What waitpid() returns, in turn. */
static int waited[4];
static size_t waits, waits_done;

/* The runner of the tests calls some of these, too. */
static bool faked;

static void one_call(void)
{
	ck_assert_msg(calls-- > 0, "it goes on for ever: %s", tape);
}

ssize_t __real_read(int fd, void *data, size_t len);
ssize_t __wrap_read(int fd, void *data, size_t len);
ssize_t __wrap_read(int fd, void *data, size_t len)
{
	if (fd >= 0 && (fd == caller.in || fd == pty.master))
		one_call();
	if (!read_error)
		return __real_read(fd, data, len);
	errno = read_error;
	return -1;
}

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
	if (fd != pty.master || write_result > 0)
		return __real_write(fd, data, len);
	errno = write_error;
	return write_result;
}

ssize_t __wrap_nsc_tty_outer_write(const struct nsc_tty_outer *to,
				   const void *data, size_t len);
ssize_t __wrap_nsc_tty_outer_write(const struct nsc_tty_outer *to,
				   const void *data, size_t len)
{
	one_call();
	ck_assert_ptr_eq(to, &caller);
	if (write_result <= 0) {
		int result = write_result;

		write_result = only_once ? 1 : result;
		errno = write_error;
		return result;
	}
	if (again)
		return __real_write(inside, data, len);
	return __real_write(to->out, data, len < takes ? len : takes);
}

int __wrap_poll(struct pollfd *p, nfds_t n, int ms);
int __wrap_poll(struct pollfd *p, nfds_t n, int ms)
{
	tape_write("poll %u for %d", (unsigned int)n, ms);
	for (nfds_t i = 0; i < n; i++)
		if (p[i].fd >= 0 && p[i].events)
			tape_write("  %u: %s%s", (unsigned int)i,
				   p[i].events & POLLIN ? "in" : "",
				   p[i].events & POLLOUT ? "out" : "");
	ck_assert_msg(polls_done < polls, "poll once more: %s", tape);
	for (nfds_t i = 0; i < n; i++)
		p[i].revents = polled[polls_done].revents[i];
	return polled[polls_done++].ret;
}

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number)
{
	if (!faked)
		return __real_kill(pid, number);
	tape_write("kill %d %d", (int)pid, number);
	return 0;
}

int __wrap_raise(int number);
int __wrap_raise(int number)
{
	tape_write("raise %d", number);
	return 0;
}

pid_t __real_waitpid(pid_t pid, int *status, int flags);
pid_t __wrap_waitpid(pid_t pid, int *status, int flags);
pid_t __wrap_waitpid(pid_t pid, int *status, int flags)
{
	if (!faked)
		return __real_waitpid(pid, status, flags);
	tape_write("wait %d", (int)pid);
	ck_assert_int_eq(flags, WNOHANG | WUNTRACED);
	if (waits_done == waits)
		return 0;
	*status = waited[waits_done++];
	return pid;
}

void __wrap_nsc_tty_outer_set_raw(struct nsc_tty_outer *of);
void __wrap_nsc_tty_outer_set_raw(struct nsc_tty_outer *of)
{
	ck_assert_ptr_eq(of, &caller);
	tape_write("raw");
}

void __wrap_nsc_tty_outer_restore(struct nsc_tty_outer *of);
void __wrap_nsc_tty_outer_restore(struct nsc_tty_outer *of)
{
	ck_assert_ptr_eq(of, &caller);
	tape_write("restore");
}

bool __wrap_nsc_tty_outer_in_background(const struct nsc_tty_outer *of);
bool __wrap_nsc_tty_outer_in_background(const struct nsc_tty_outer *of)
{
	ck_assert_ptr_eq(of, &caller);
	return background;
}

bool __wrap_nsc_tty_outer_has_typed_ahead(const struct nsc_tty_outer *of);
bool __wrap_nsc_tty_outer_has_typed_ahead(const struct nsc_tty_outer *of)
{
	ck_assert_ptr_eq(of, &caller);
	return typed_ahead;
}

bool __wrap_nsc_tty_outer_is_line(const struct nsc_tty_outer *of, char last);
bool __wrap_nsc_tty_outer_is_line(const struct nsc_tty_outer *of, char last)
{
	ck_assert_ptr_eq(of, &caller);
	tape_write("line %c", last);
	return line;
}

void __wrap_nsc_pty_close(struct nsc_pty *of);
void __wrap_nsc_pty_close(struct nsc_pty *of)
{
	ck_assert_ptr_eq(of, &pty);
	tape_write("close");
	nsc_fd_close(&of->master);
	nsc_fd_close(&of->slave);
}

void __wrap_nsc_pty_renew_slave(struct nsc_pty *of);
void __wrap_nsc_pty_renew_slave(struct nsc_pty *of)
{
	ck_assert_ptr_eq(of, &pty);
	tape_write("renew");
}

int __wrap_nsc_pty_signal(const struct nsc_pty *of, int number);
int __wrap_nsc_pty_signal(const struct nsc_pty *of, int number)
{
	ck_assert_ptr_eq(of, &pty);
	tape_write("key %d", number);
	return found ? 0 : -ENOTTY;
}

void __wrap_nsc_pty_copy_size(const struct nsc_pty *of, int terminal);
void __wrap_nsc_pty_copy_size(const struct nsc_pty *of, int terminal)
{
	ck_assert_ptr_eq(of, &pty);
	ck_assert_int_eq(terminal, caller.size);
	tape_write("size");
}

bool __wrap_nsc_tap_input(struct nsc_tap *of, int master, const char *data,
			  size_t len);
bool __wrap_nsc_tap_input(struct nsc_tap *of, int master, const char *data,
			  size_t len)
{
	ck_assert(of == &tap && master == pty.master);
	tape_write("record input %.*s", (int)len, data);
	return recorded;
}

bool __wrap_nsc_tap_output(struct nsc_tap *of, int master, const char *data,
			   size_t len);
bool __wrap_nsc_tap_output(struct nsc_tap *of, int master, const char *data,
			   size_t len)
{
	ck_assert(of == &tap && master == pty.master);
	if (len < 16)
		tape_write("record %.*s", (int)len, data);
	else
		tape_write("record %zu", len);
	return recorded;
}

bool __wrap_nsc_tap_lost(struct nsc_tap *of);
bool __wrap_nsc_tap_lost(struct nsc_tap *of)
{
	ck_assert_ptr_eq(of, &tap);
	tape_write("lost");
	return recorded;
}

/* --- a relay at rest */

static inline void pair(int *ours, int *its)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
				    fds), 0);
	*ours = fds[0];
	*its = fds[1];
}

static inline void close_all(void)
{
	int *const fds[] = {
		&caller.in, &caller.out, &caller.size, &pty.master, &pty.slave,
		&typed, &shown, &inside, &sent, &r.signals,
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(fds); i++)
		nsc_fd_close(fds[i]);
}

/* Each case of a test begins with it. */
static inline void rest(void)
{
	static bool before;

	if (before)
		close_all();
	before = faked = true;
	caller = (struct nsc_tty_outer)NSC_TTY_OUTER_INIT;
	pty = (struct nsc_pty)NSC_PTY_INIT;
	tap = (struct nsc_tap)NSC_TAP_INIT;
	memset(&r, 0, sizeof(r));
	pair(&typed, &caller.in);
	pair(&shown, &caller.out);
	pair(&inside, &pty.master);
	pair(&sent, &r.signals);
	caller.size = dup(0);
	pty.slave = dup(0);
	r.caller = &caller;
	r.pty = &pty;
	r.tap = &tap;
	r.child = CHILD;
	r.end = -1;
	r.outwards = &r.output[0];
	r.next = &r.output[1];
	background = typed_ahead = line = again = only_once = false;
	recorded = found = true;
	read_error = write_error = 0;
	write_result = 1;
	takes = sizeof(r.output);
	calls = 100;
	polls = polls_done = waits = waits_done = 0;
	tape_begin(0);
	/* No result of an earlier call is taken for one of this. */
	errno = EPERM;
}

static inline void finds(int ret, int which, short revents)
{
	memset(&polled[polls], 0, sizeof(polled[0]));
	polled[polls].ret = ret;
	if (which >= 0)
		polled[polls].revents[which] = revents;
	polls++;
}

static inline void put(struct part *part, const char *text)
{
	part->at = 0;
	part->end = strlen(text);
	memcpy(part->data, text, part->end);
}

static inline bool holds(const struct part *part, const char *text)
{
	return part->end - part->at == strlen(text) &&
	       !memcmp(part->data + part->at, text, strlen(text));
}

/* What has come at the other end. */
static inline const char *got(int fd)
{
	static char text[256];
	ssize_t n = __real_read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static inline void say(int fd, const char *text)
{
	ck_assert_int_eq(__real_write(fd, text, strlen(text)),
			 (ssize_t)strlen(text));
}

static inline void went(const char *expected)
{
	ck_assert_str_eq(tape, expected);
	tape[0] = '\0';
}

static inline void was_hung_up(void)
{
	ck_assert(r.no_input && pty.master < 0);
	ck_assert(is_empty(&r.inwards) && is_empty(&r.output[0]) &&
		  is_empty(&r.output[1]) && r.next->end == 0);
}

/* A terminal whose VEOF is ^D, instead of the socket. */
static inline void with_terminal(void)
{
	close(pty.master);
	pty.master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_ge(pty.master, 0);
	ck_assert_int_eq(unlockpt(pty.master), 0);
}

#endif
