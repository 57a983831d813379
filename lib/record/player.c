/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit, root of the host, and its children, which become nobody
 * before they read anything.
 */
#include "record/player.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "linux/seccomp_only.h"
#include "record/harmless.h"
#include "record/nobody.h"
#include "record/screen.h"

#define CPU_MAX_S 60		/* to search one recording */
#define LOOK_MS 100		/* for more of a recording that goes on */
#define ANSWER_MS 20000

/* --- the child's rights */

/* Memory, and what reads, writes and waits. */
static const int player_calls[] = {
	SYS_read, SYS_write, SYS_lseek, SYS_close, SYS_exit, SYS_exit_group,
	SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise,
	SYS_clock_gettime, SYS_clock_nanosleep, SYS_ppoll, SYS_getrandom,
	SYS_futex, SYS_rt_sigreturn, SYS_restart_syscall,
#ifdef SYS_poll
	SYS_poll,
#endif
};

/* The locale says how wide a character is. */
static void player_step_down(const int *keep, unsigned int n, pid_t parent)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setlocale(LC_CTYPE, "C.UTF-8");
	tzset();
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			_exit(EBADF);
	if (nsc_nobody_become(0, keep, n) < 0)
		_exit(EPERM);
	/* Another user id has taken back an earlier one. */
	nsc_process_die_with(parent);
	if (nsc_seccomp_only(player_calls, NSC_ARRAY_SIZE(player_calls),
			     NSC_IGNORE) < 0)
		_exit(EPERM);
}

/* --- playing */

struct playing {
	const struct nsc_player *p;
	struct nsc_cast_info info;
	struct nsc_cast_lines lines;
	struct nsc_vt vt;
	struct nsc_screen *screen;
	int64_t at;		/* of the last event, microseconds */
	char out[NSC_HARMLESS_MAX(NSC_CAST_LINE_MAX)];
};

static void player_pause(struct playing *s, int64_t until)
{
	int64_t us = until - s->at;
	struct timespec t;

	if (us <= 0)
		return;
	s->at = until;
	if (s->p->live || s->p->speed <= 0)
		return;
	if (s->p->idle_us && us > s->p->idle_us)
		us = s->p->idle_us;
	us = (int64_t)((double)us / s->p->speed);
	t = (struct timespec){ us / 1000000, us % 1000000 * 1000 };
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

static int player_put(struct playing *s, const char *text, size_t len)
{
	size_t n = nsc_harmless(&s->vt, text, len, s->out);

	return nsc_file_write_all(s->p->out, s->out, n);
}

/* A note of the recorder, such as a time in which nothing was recorded. */
static int player_mark(struct playing *s, const struct nsc_cast_event *e)
{
	int ret = player_put(s, "\r\n[", 3);

	if (ret == 0)
		ret = player_put(s, e->text, e->len);
	return ret == 0 ? player_put(s, "]\r\n", 3) : ret;
}

static int play_event(struct playing *s, const struct nsc_cast_event *e)
{
	player_pause(s, e->us);
	return e->type == 'o' ? player_put(s, e->text, e->len) :
	       e->type == 'm' ? player_mark(s, e) : 0;
}

/* --- searching */

static void search_found(void *arg, int64_t at, const char *line)
{
	const struct playing *s = arg;
	const time_t when = (time_t)(s->info.timestamp + at / 1000000);
	char text[128] = "";
	struct tm tm;

	if (*s->p->id) {
		int n = snprintf(text, sizeof(text), "%s  ", s->p->id);

		/* The time zone is known since player_step_down(). */
		if (!localtime_r(&when, &tm) ||
		    !strftime(text + n, sizeof(text) - (size_t)n,
			      "%Y-%m-%d %H:%M:%S  ", &tm))
			text[n] = '\0';
	}
	if (nsc_file_write_all(s->p->out, text, strlen(text)) < 0 ||
	    nsc_file_write_all(s->p->out, line, strlen(line)) < 0 ||
	    nsc_file_write_all(s->p->out, "\n", 1) < 0)
		_exit(EPIPE);
}

/* "COLUMNSxLINES" */
static int search_size(struct playing *s, const struct nsc_cast_event *e)
{
	char text[32];
	int width, height;

	if (e->len >= sizeof(text))
		return 0;
	memcpy(text, e->text, e->len);
	text[e->len] = '\0';
	return sscanf(text, "%9dx%9d", &width, &height) == 2 ?
	       nsc_screen_resize(s->screen, width, height) : 0;
}

static int search_event(struct playing *s, const struct nsc_cast_event *e)
{
	const struct nsc_cast_event *mark = e->type == 'm' ? e : NULL;

	if (mark && !*s->p->search) {
		nsc_screen_show(s->screen, e->us, "\r\n[", 3);
		nsc_screen_show(s->screen, e->us, e->text, e->len);
		nsc_screen_show(s->screen, e->us, "]\r\n", 3);
	} else if (e->type == 'o') {
		nsc_screen_show(s->screen, e->us, e->text, e->len);
	}
	return e->type == 'r' ? search_size(s, e) : 0;
}

static int search_begin(struct playing *s)
{
	const struct nsc_screen_search search = {
		s->p->search, search_found, s,
	};

	s->screen = nsc_screen_new(s->info.width, s->info.height, &search);
	return s->screen ? 0 : -ENOMEM;
}

/* --- both */

/* The next line; waits for one as long as the recording goes on. */
static int player_line(struct playing *s, char **ret)
{
	struct pollfd p = { .fd = s->p->stop, .events = POLLIN };
	bool ended = !s->p->live;
	int more;

	while ((more = nsc_cast_line(&s->lines, ret)) == 0 && !ended)
		ended = poll(&p, 1, LOOK_MS) != 0;
	return more;
}

static int player_run(struct playing *s)
{
	struct nsc_cast_event event;
	char *line;
	int ret = player_line(s, &line);

	if (ret > 0)
		ret = nsc_cast_parse_header(line, &s->info);
	else if (ret == 0)
		ret = -EBADMSG;
	if (ret == 0 && s->p->header)
		return nsc_file_write_all(s->p->out, &s->info,
					  sizeof(s->info));
	if (ret == 0 && s->p->search)
		ret = search_begin(s);
	while (ret == 0 && (ret = player_line(s, &line)) > 0) {
		ret = nsc_cast_parse_event(line, &event);
		if (ret == 0)
			ret = (s->p->search ? search_event : play_event)
				(s, &event);
	}
	if (s->screen)
		nsc_screen_end(s->screen);
	return ret;
}

static void __attribute__((noreturn))
be_player(const struct nsc_player *p, pid_t parent)
{
	static struct playing s;

	nsc_process_default_signals();
	/* Whoever was recorded chose the size of the screen. */
	if (p->search && setrlimit(RLIMIT_CPU, &(struct rlimit){
				CPU_MAX_S, CPU_MAX_S + 1 }) < 0)
		_exit(errno);
	player_step_down((int[]){ p->in, p->out, p->stop }, 3, parent);
	s.p = p;
	s.lines.fd = p->in;
	s.lines.again = p->live;
	_exit(-player_run(&s));
}

pid_t nsc_player_start(const struct nsc_player *p, struct nsc_error *err)
{
	const pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0)
		be_player(p, parent);
	return pid < 0 ? nsc_error_sys(err, errno, "fork") : pid;
}

/* --- the first line */

/* The child may be anybody's by now: a text that does not end, ends here. */
static int take_header(int from, struct nsc_cast_info *ret)
{
	if (nsc_process_poll(from, nsc_process_now() + ANSWER_MS) <= 0 ||
	    read(from, ret, sizeof(*ret)) != sizeof(*ret)) {
		memset(ret, 0, sizeof(*ret));
		return -EBADMSG;
	}
	nsc_cast_terminate(ret);
	return 0;
}

static int header_of(int in, struct nsc_cast_info *ret, struct nsc_error *err)
{
	struct nsc_player p = { .in = in, .stop = -1, .header = true };
	_cleanup_fd_ int from = -1;
	int error;
	pid_t pid;

	if (nsc_fd_pipe(&from, &p.out) < 0)
		return nsc_error_sys(err, errno, "pipe");
	pid = nsc_player_start(&p, err);
	close(p.out);
	if (pid < 0)
		return pid;
	error = take_header(from, ret);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return error < 0 ? nsc_error_sys(err, -error, "its first line") : 0;
}

int nsc_player_info(const struct nsc_shelf_file *file,
		    struct nsc_cast_info *ret, struct nsc_error *err)
{
	pid_t gzip;
	int text = nsc_shelf_text(file, &gzip, err), error;

	memset(ret, 0, sizeof(*ret));
	if (text < 0)
		return text;
	error = header_of(text, ret, err);
	nsc_shelf_text_end(&text, gzip);
	return error;
}
