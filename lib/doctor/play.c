/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsinit play and search.  Children without rights read recordings, see
 * record/player.h: here, their output is only copied.
 */
#include "doctor/recording_commands.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/api.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "record/harmless.h"
#include "record/player.h"
#include "record/shelf.h"

#define ENDED_MS 500		/* between two looks whether it has ended */

/* A recording that is read, from its file to standard output. */
struct show {
	struct nsc_shelf shelf;
	struct nsc_shelf_file file;
	int text;
	pid_t gzip;
	int stop;		/* tells the child that nothing more comes */
	int from;		/* what the child prints */
	pid_t child;
	int signals;
	int caught;		/* the signal that has ended it */
	bool printed;
};

static const struct show show_init = {
	.shelf = NSC_SHELF_INIT, .file = NSC_SHELF_FILE_INIT, .text = -1,
	.stop = -1, .from = -1, .signals = -1,
};

static int show_find(const char *id, struct show *s, char **users,
		     struct nsc_error *err)
{
	for (char **user = users; *user; user++) {
		int ret = nsc_shelf_open(*user, false, &s->shelf, err);

		if (ret == 0)
			ret = nsc_shelf_file(&s->shelf, id, &s->file, err);
		if (ret != -ENOENT)
			return ret;
		nsc_error_clear(err);
		nsc_shelf_close(&s->shelf);
	}
	return nsc_error_set(err, ENOENT, "%s: there is no such recording: "
			     "'nsinit recordings' lists them", id);
}

/* The child reads s->text; stop is for its player, from the caller. */
static int show_start(struct show *s, struct nsc_player *p,
		      struct nsc_error *err)
{
	_cleanup_fd_ int out = -1;
	_cleanup_fd_ int stop = -1;
	pid_t pid;

	if (nsc_fd_pipe(&s->from, &out) < 0 ||
	    (p->live && nsc_fd_pipe(&stop, &s->stop) < 0))
		return nsc_error_sys(err, errno, "pipe");
	s->text = nsc_shelf_text(&s->file, &s->gzip, err);
	if (s->text < 0)
		return s->text;
	p->in = s->text;
	p->out = out;
	p->stop = stop;
	pid = nsc_player_start(p, err);
	if (pid > 0)
		s->child = pid;
	return pid < 0 ? pid : 0;
}

/* Returns 1 if there may be more. */
static int show_copy(struct show *s, struct nsc_error *err)
{
	char data[16384];
	ssize_t n = read(s->from, data, sizeof(data));
	int ret;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	s->printed = true;
	ret = nsc_file_write_all(STDOUT_FILENO, data, (size_t)n);
	return ret < 0 ? nsc_error_sys(err, -ret, "standard output") : 1;
}

static int show_run(struct show *s, struct nsc_error *err)
{
	struct pollfd p[] = {
		{ .fd = s->from, .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	int ret = 1;

	while (ret > 0) {
		int n = poll(p, 2, s->stop < 0 ? -1 : ENDED_MS);

		if (n > 0 && p[1].revents &&
		    read(s->signals, &info, sizeof(info)) == sizeof(info)) {
			s->caught = (int)info.ssi_signo;
			return 0;
		}
		if (n > 0 && p[0].revents)
			ret = show_copy(s, err);
		if (s->stop >= 0 &&
		    !nsc_shelf_written(s->shelf.dir, s->file.fd))
			nsc_fd_close(&s->stop);
	}
	return ret;
}

/* Returns the child's status.  failed: what it shows is of no use any more. */
static int show_end(struct show *s, bool failed)
{
	int status = 0;

	nsc_fd_close(&s->stop);
	nsc_fd_close(&s->from);
	if (s->child && (s->caught || failed))
		kill(s->child, SIGKILL);
	while (s->child && waitpid(s->child, &status, 0) < 0 &&
	       errno == EINTR)
		;
	if (s->text >= 0)
		nsc_shelf_text_end(&s->text, s->gzip);
	nsc_shelf_file_close(&s->file);
	nsc_shelf_close(&s->shelf);
	nsc_fd_close(&s->signals);
	return status;
}

static int show_judge(const struct show *s, const char *id, int status,
		      struct nsc_error *err)
{
	if (s->caught || (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE) ||
	    status == 0)
		return 0;
	if (WIFEXITED(status))
		return nsc_error_sys(err, WEXITSTATUS(status), "%s cannot be "
				     "read to its end", id);
	if (WTERMSIG(status) == SIGXCPU)
		return nsc_error_set(err, ETIMEDOUT, "%s: searching takes more "
				     "than a minute: play it", id);
	return nsc_error_set(err, EBADMSG, "%s: its reader was killed by "
			     "signal %d", id, WTERMSIG(status));
}

/* Catch the signals that end this, so that the terminal is put in order. */
static int show_signals(struct show *s, struct nsc_error *err)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGQUIT);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	s->signals = signalfd(-1, &mask, SFD_CLOEXEC);
	return s->signals < 0 ? nsc_error_sys(err, errno, "signalfd") : 0;
}

/* A larger terminal than this one does not fit. */
static void warn_size(const struct show *s)
{
	struct nsc_cast_info info = { .timestamp = 0 };
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    nsc_player_info(&s->file, &info, NSC_IGNORE) == 0 &&
	    (info.width > size.ws_col || info.height > size.ws_row))
		fprintf(stderr, "nsinit: this terminal has %ux%u, and the "
			"recorded one had %dx%d\n", size.ws_col, size.ws_row,
			(int)info.width, (int)info.height);
}

static int play(struct show *s, const struct nsc_play *how,
		struct nsc_error *err)
{
	struct nsc_player p = {
		.live = how->follow && s->file.written,
		.speed = how->text ? 0 : how->speed,
		.idle_us = (int64_t)(how->idle * 1e6),
		.search = how->text ? "" : NULL, .id = "", .stop = -1,
	};
	bool terminal = !how->text && isatty(STDOUT_FILENO);
	int ret;

	if (terminal)
		warn_size(s);
	ret = show_signals(s, err);
	if (ret == 0)
		ret = show_start(s, &p, err);
	if (ret == 0)
		ret = show_run(s, err);
	if (terminal && s->printed)
		(void)nsc_file_write_all(STDOUT_FILENO, NSC_HARMLESS_END,
					 strlen(NSC_HARMLESS_END));
	return ret;
}

int nsc_recordings_play(const char *id, const struct nsc_play *how,
			struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	struct show s = show_init;
	char **users = NULL;
	int ret = -EINVAL, status;

	if (!nsc_shelf_id_valid(id))
		nsc_error_set(&e, EINVAL, "'%s' is not the name of a "
			      "recording: 'nsinit recordings' lists them", id);
	else
		ret = nsc_shelf_users(&users, &e);
	if (ret == -ENOENT)
		ret = nsc_error_set(&e, ENOENT, "nothing was recorded on this "
				    "host");
	if (ret == 0)
		ret = show_find(id, &s, users, &e);
	if (ret == 0)
		ret = play(&s, how, &e);
	status = show_end(&s, ret < 0);
	if (ret == 0)
		ret = show_judge(&s, id, status, &e);
	nsc_text_free_vector(users);
	return nsc_api_result(ret, &e, err);
}

/* --- searching */

static int search_one(const struct nsc_shelf *shelf, const char *id,
		      const char *text, struct nsc_error *err)
{
	struct nsc_player p = { .search = text, .id = id, .stop = -1 };
	struct show s = show_init;
	int ret = nsc_shelf_file(shelf, id, &s.file, err), status;
	bool printed;

	/* Retention has removed it meanwhile. */
	if (ret == -ENOENT)
		return nsc_error_clear(err);
	if (ret == 0)
		ret = show_start(&s, &p, err);
	while (ret == 0 || ret == 1) {
		ret = show_copy(&s, err);
		if (ret == 0)
			break;
	}
	printed = s.printed;
	status = show_end(&s, ret < 0);
	if (ret == 0)
		ret = show_judge(&s, id, status, err);
	return ret < 0 ? ret : printed;
}

/* One that cannot be read does not hide what is in the others. */
static int search_user(const char *user, const char *text,
		       struct nsc_error *err)
{
	_cleanup_shelf_ struct nsc_shelf shelf = NSC_SHELF_INIT;
	int ret = nsc_shelf_open(user, false, &shelf, err), found = 0;

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < shelf.n; i++) {
		struct nsc_error e = NSC_ERROR_INIT;
		int one = search_one(&shelf, shelf.ids[i], text, &e);

		found |= one > 0;
		if (one < 0)
			*err = e;
	}
	return err->code ? -err->code : found;
}

int nsc_recordings_search(const char *text, const char *user,
			  struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	char **users = NULL;
	int found = 0;

	if (user)
		found = search_user(user, text, &e);
	else
		(void)nsc_shelf_users(&users, &e);
	for (char **u = users; u && *u; u++) {
		struct nsc_error one = NSC_ERROR_INIT;
		int n = search_user(*u, text, &one);

		found |= n > 0;
		if (n < 0 && one.code != ENOENT)
			e = one;
	}
	nsc_text_free_vector(users);
	if (e.code == ENOENT)
		nsc_error_clear(&e);
	return nsc_api_result(e.code ? -e.code : found > 0, &e, err);
}
