/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: container-monitor, root of the host, and a child for the lines.  The
 * kernel keeps what was refused; its first packet after the last lines wakes
 * the monitor, so that nothing is looked at where nothing happens.  Which ones
 * were the last is known from a file alone, which the child touches at its end:
 * whoever is killed on the way, the next lines begin there.  See
 * docs/design/0097-what-lists-refuse-is-recorded.md.
 */
#include "monitor/network_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "linux/namespace.h"
#include "linux/nft_counted.h"
#include "linux/pidfd.h"
#include "monitor/session_log_places.h"
#include "monitor/session_log_text.h"
#include "monitor/session_table.h"
#include "rundir/monitor_start.h"
#include "rundir/session_history.h"
#include "util/fd.h"
#include "util/names.h"
#include "util/process.h"

#define FIRST_MS 1000		/* to gather what comes together */
#define EVERY_MS 60000
#define OTHERS "\"(others)\""
#define END_MS 2000		/* for the last lines */
#define LINES 64		/* each time, half of them for names */
#define MOST_S 10		/* for the child */

/*
 * In the instance: empty, and its time is that of the last lines,
 * nsc_process_now().
 */
#define LAST "network_log"

/*
 * The time of the last lines; long ago if there were none, or if the child had
 * no time to note it.
 */
static int64_t last_lines(int64_t now)
{
	struct stat st;
	int64_t last = fstatat(NSC_MONITOR_RUNDIR, LAST, &st,
			       AT_SYMLINK_NOFOLLOW) < 0 ? INT64_MAX :
		st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;

	return last <= now ? last : now - 1000L * NSC_COUNTED_SECONDS;
}

static void note_lines(int64_t when)
{
	const struct timespec at = {
		.tv_sec = when / 1000, .tv_nsec = when % 1000 * 1000000,
	};
	const struct timespec times[] = { at, at };
	_cleanup_fd_ int fd = openat(NSC_MONITOR_RUNDIR, LAST, O_WRONLY |
				     O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0)
		futimens(fd, times);
}

void network_log_open(struct network_log *log, const struct nsc_state *state)
{
	*log = (struct network_log){ -1, -1, -1, INT64_MAX, 0 };
	if (faccessat(NSC_MONITOR_RUNDIR, NSC_FILE_NAMES, F_OK,
		      AT_SYMLINK_NOFOLLOW) < 0)
		return;
	log->net = nsc_namespace_open(state->pid, CLONE_NEWNET);
	if (log->net >= 0 && !nsc_pidfd_alive(NSC_MONITOR_PID1))
		nsc_fd_close(&log->net);
	if (log->net < 0)
		return;
	log->packets = nsc_nft_counted_watch(log->net);
	log->names = nsc_names_wake_open(NSC_MONITOR_RUNDIR);
	/* A monitor that was killed may not have written everything. */
	log->due = nsc_process_now() + FIRST_MS;
}

/*
 * The bytes say only that there is something to write.  The user may fill the
 * FIFO for ever: logins come in between.
 */
void network_log_notice(struct network_log *log)
{
	int64_t soon = nsc_process_now() + FIRST_MS;
	char bytes[32768];

	while (recv(log->packets, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	(void)!read(log->names, bytes, sizeof(bytes));
	if (log->due == INT64_MAX)
		log->due = soon > log->next ? soon : log->next;
	log->next = log->due + EVERY_MS;
}

/* The child that writes the lines. */
struct writer {
	const struct nsc_state *state;
	const char *action;
	int64_t age;		/* seconds: what is older was written */
	int64_t at;		/* since the epoch */
	unsigned int lines, most, more;
};

static void write_line(struct writer *w, const char *what)
{
	char text[RECORD_MAX];
	size_t n = session_log_text_begin("network", w->state->user, text);

	if (w->lines >= w->most) {
		w->more++;
		return;
	}
	w->lines++;
	snprintf(text + n, sizeof(text) - n, " at=%" PRId64 " generation=%u "
		 "action=%s %s", w->at, w->state->generation, w->action, what);
	session_log_syslog(w->state->pid, text);
	(void)nsc_session_history_add(text, strlen(text));
}

static void write_address(void *arg, const struct nsc_counted *one)
{
	struct writer *w = arg;
	char what[256], to[NSC_ADDRESS_SIZE], protocol[16];

	if (one->age > w->age)
		return;
	snprintf(what, sizeof(what), "to=%s protocol=%s port=%u packets=%"
		 PRIu64, nsc_address_print(&one->to, false, to),
		 nsc_counted_protocol(one->protocol, protocol), one->port,
		 one->packets);
	write_line(w, what);
}

static void write_names(struct writer *w)
{
	_cleanup_free_ struct nsc_names_asked *all =
		nsc_names_asked_read(NSC_MONITOR_RUNDIR);

	for (size_t i = 0; all && i < NSC_NAMES_ASKED_MAX; i++) {
		const struct nsc_names_asked *one = &all[i];
		char what[512];

		/* Nobody has checked this number. */
		if (!one->refused || one->last < 0 || one->last > w->at ||
		    w->at - one->last > w->age)
			continue;
		snprintf(what, sizeof(what), "to=%s protocol=dns port=0 "
			 "packets=%" PRIu64,
			 *one->name ? one->name : OTHERS, one->refused);
		write_line(w, what);
	}
}

static void write_all(int sock, const struct nsc_state *state, int64_t now)
{
	struct writer w = {
		.state = state, .at = time(NULL), .most = LINES / 2,
		.age = (now - last_lines(now)) / 1000 + 1,
		.action = nsc_names_has(NSC_MONITOR_RUNDIR, NSC_NAMES_OPEN) ?
			  "outside" : "refused",
	};
	char what[64];

	if (!nsc_names_has(NSC_MONITOR_RUNDIR, NSC_NAMES_LOG))
		return;
	write_names(&w);
	w.most = LINES;
	if (sock >= 0)
		nsc_nft_counted_each(sock, NSC_NAMES_TABLE,
				     NSC_COUNTED_REFUSED, write_address, &w);
	snprintf(what, sizeof(what), "to=" OTHERS " protocol=any port=0 "
		 "packets=%u", w.more);
	w.most++;
	if (w.more)
		write_line(&w, what);
	if (w.lines && sock >= 0)
		note_lines(now);
}

/* Returns the pid of the child, or a negative errno. */
static pid_t start_writer(struct network_log *log,
			  const struct nsc_state *state)
{
	_cleanup_fd_ int sock = nsc_nft_counted_open(log->net);
	const int keep[] = { NSC_MONITOR_RUNDIR, sock };
	int64_t now = nsc_process_now();
	/* From now on, a refusal wakes the monitor again. */
	int ret = sock < 0 ? sock :
			     nsc_nft_counted_reset(sock, NSC_NAMES_TABLE);
	pid_t pid = nsc_process_fork_unwatched();

	/* -ENOENT: without "log" there is nothing that tells. */
	log->due = pid < 0 || (ret < 0 && ret != -ENOENT) ? now + EVERY_MS :
							    INT64_MAX;
	if (pid != 0)
		return pid;
	close(NSC_MONITOR_LOCK);
	close(NSC_MONITOR_SESSIONS);
	if (nsc_process_keep_only(keep, NSC_ARRAY_SIZE(keep)) == 0) {
		alarm(MOST_S);
		write_all(sock, state, now);
	}
	_exit(0);
}

/* Another monitor, or the first look of this one, may just have written. */
void network_log_go_on(struct network_log *log, const struct nsc_state *state)
{
	int64_t now = nsc_process_now(), next;

	if (log->due > now)
		return;
	next = last_lines(now) + EVERY_MS;
	if (next > now)
		log->due = next;
	else
		start_writer(log, state);
}

/* The child reads files of the instance, which is removed next. */
void network_log_end(struct network_log *log, const struct nsc_state *state)
{
	_cleanup_fd_ int pidfd = -1;
	pid_t pid;

	if (log->net < 0)
		return;
	pid = start_writer(log, state);
	pidfd = pid > 0 ? nsc_pidfd_open(pid) : -1;
	if (pidfd >= 0)
		nsc_process_poll(pidfd, nsc_process_now() + END_MS);
	nsc_fd_close(&log->net);
	nsc_fd_close(&log->packets);
	nsc_fd_close(&log->names);
}
