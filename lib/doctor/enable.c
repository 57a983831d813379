/* SPDX-License-Identifier: Apache-2.0 */
/* Write the module's lines to /etc/pam.d, and take them out. */
#include "doctor/enable.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/proc.h"
#include "util/text.h"
#include "doctor/enable_files.h"
#include "doctor/enable_pending.h"
#include "doctor/enable_plan.h"
#include "doctor/enable_text.h"

/* Remove what a run that was killed before its first change has left. */
static void sweep(int dirfd)
{
	DIR *dir = nsc_file_list(dirfd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] == '.' &&
		    (nsc_text_ends_with(entry->d_name, ".nsinit-new") ||
		     nsc_text_ends_with(entry->d_name, ".nsinit-old")))
			unlinkat(dirfd, entry->d_name, 0);
	if (dir)
		closedir(dir);
}

/* Undo, and tell the administrator. */
static int take_back(struct nsc_enable *change,
		     const struct nsc_pending *pending, const char *what,
		     struct nsc_error *err)
{
	char **edited = NULL;
	int ret = nsc_pending_undo(pending, change->dir, &edited, err);

	if (ret == 0)
		nsc_enable_note(change, "%s", what);
	for (char **s = edited; ret == 0 && s && *s; s++)
		nsc_enable_note(change, NSC_PAM_DIR "/%s was edited meanwhile: "
				"it keeps the edit, without the lines of "
				"nsinit", *s);
	nsc_text_free_vector(edited);
	return ret;
}

/* An earlier change may be unfinished, or wait for its confirmation. */
static int settle(struct nsc_enable *change, struct nsc_error *err)
{
	_cleanup_pending_ struct nsc_pending pending = { .began = 0 };
	int ret = nsc_pending_read(&pending, err);

	if (ret == -ENOENT) {
		sweep(change->dir);
		return 0;
	}
	if (ret < 0)
		return ret;
	if (!nsc_pending_waits(&pending, change->dir))
		return take_back(change, &pending, "An earlier change that "
				 "came to no end is put back.", err);
	if (change->action == NSC_DISABLE)
		return take_back(change, &pending, "The change that waited "
				 "for 'nsinit confirm' is put back.", err);
	return nsc_error_set(err, EBUSY, "an earlier change waits for 'nsinit "
			     "confirm'; 'nsinit disable' takes it back");
}

static int change_open(struct nsc_enable *change, const char *const *services,
		       bool dry, struct nsc_error *err)
{
	const char *dirs[NSC_PAM_DIRS_MAX];
	int ret = 0;

	if (nsc_pam_dirs(dirs) == 0)
		return nsc_error_set(err, ENOTSUP, "this host has no "
				     NSC_PAM_DIR ": see pam_container(8) for "
				     "the lines of " NSC_PAM_CONF);
	change->dir = nsc_enable_open_dir(err);
	if (change->dir < 0)
		return change->dir;
	if (!dry) {
		change->lock = nsc_pending_lock(err);
		ret = change->lock < 0 ? change->lock : settle(change, err);
	}
	return ret < 0 ? ret : nsc_enable_plan(change, services, err);
}

int nsc_enable_open(enum nsc_enable_action action,
		    const char *const *services, bool dry,
		    struct nsc_enable **ret, struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	struct nsc_enable *change = calloc(1, sizeof(*change));
	int error;

	*ret = NULL;
	if (!change)
		return nsc_api_result(nsc_error_sys(&e, ENOMEM, "change"), &e,
				      err);
	*change = (struct nsc_enable){ .lock = -1, .dir = -1,
				       .action = action };
	error = change_open(change, services, dry, &e);
	if (error == 0)
		*ret = change;
	else
		nsc_enable_close(change);
	return nsc_api_result(error, &e, err);
}

void nsc_enable_close(struct nsc_enable *change)
{
	for (size_t i = 0; i < change->n; i++) {
		free(change->files[i].service);
		free(change->files[i].before);
		free(change->files[i].after);
	}
	free(change->files);
	nsc_text_free_vector(change->notes);
	nsc_fd_close(&change->dir);
	nsc_fd_close(&change->lock);
	free(change);
}

void nsc_enable_unstage(const struct nsc_enable *change)
{
	for (size_t i = 0; i < change->n; i++)
		nsc_enable_forget(change->dir, change->files[i].service);
}

int nsc_enable_stage(const struct nsc_enable *change,
		     struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < change->n; i++) {
		const struct nsc_enable_file *file = &change->files[i];

		ret = nsc_enable_prepare(change->dir, file->service,
					 file->after, &e);
		if (ret == 0)
			ret = nsc_enable_keep(change->dir, file->service, &e);
	}
	if (ret < 0)
		nsc_enable_unstage(change);
	return nsc_api_result(ret, &e, err);
}

/* The new file hides the one that libpam would read now. */
static int cover(const struct nsc_enable_file *file, struct nsc_error *err)
{
	_cleanup_pam_ struct nsc_pam_stack stack = NSC_PAM_STACK_INIT;
	char name[NSC_ENABLE_NAME_SIZE], from[128], to[128];

	nsc_enable_name_new(file->service, name);
	snprintf(from, sizeof(from), NSC_PAM_DIR "/%s", name);
	snprintf(to, sizeof(to), NSC_PAM_DIR "/%s", file->service);
	if (!file->before &&
	    nsc_pam_load(file->service, "session", &stack, err) < 0)
		return -err->code;
	if (mount(from, file->before ? to : stack.path, NULL, MS_BIND, NULL))
		return nsc_error_sys(err, errno, "show the new %s", to);
	return 0;
}

int nsc_enable_look(const struct nsc_enable *change,
		    struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = 0;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		ret = nsc_error_sys(&e, errno, "look at the new files");
	for (size_t i = 0; ret == 0 && i < change->n; i++)
		if (change->files[i].after)
			ret = cover(&change->files[i], &e);
	return nsc_api_result(ret, &e, err);
}

/* Between the plan and now, somebody may have edited the file. */
static int check_unchanged(int dir, const struct nsc_enable_file *file,
			   struct nsc_error *err)
{
	_cleanup_free_ char *now = NULL;
	int ret = nsc_enable_read(dir, file->service, &now, err);

	if (ret < 0)
		return ret;
	if (file->before ? now && !strcmp(now, file->before) : !now)
		return 0;
	return nsc_error_set(err, EAGAIN, NSC_PAM_DIR "/%s: somebody else has "
			     "changed it just now: try again", file->service);
}

static int switch_all(const struct nsc_enable *change, struct nsc_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < change->n; i++) {
		const struct nsc_enable_file *file = &change->files[i];

		ret = check_unchanged(change->dir, file, err);
		if (ret == 0)
			ret = nsc_enable_switch(change->dir, file->service,
						!file->after, err);
	}
	return ret;
}

/*
 * The kernel tells the start of a session in ticks, rounded down.  Whoever logs
 * in after this command shall have a later one than the change.
 */
static void wait_for_next_tick(uint64_t began)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	uint64_t tick = 1000 / (uint64_t)sysconf(_SC_CLK_TCK);

	while (nsc_pending_now() / tick == began / tick)
		nanosleep(&moment, NULL);
}

static int commit(const struct nsc_enable *change, unsigned int seconds,
		  struct nsc_error *err)
{
	_cleanup_pending_ struct nsc_pending pending = {
		.seconds = seconds, .action = change->action,
	};
	char **edited = NULL;
	int ret;

	pending.services = calloc(change->n + 1, sizeof(char *));
	if (!pending.services)
		return nsc_error_sys(err, ENOMEM, "services");
	for (size_t i = 0; i < change->n; i++)
		pending.services[i] = change->files[i].service;
	ret = nsc_pending_write(&pending, err);
	if (ret == 0 && seconds)
		ret = nsc_pending_watch(&pending, err);
	if (ret == 0)
		ret = switch_all(change, err);
	if (ret < 0) {
		(void)nsc_pending_undo(&pending, change->dir, &edited,
				       NSC_IGNORE);
		nsc_text_free_vector(edited);
	} else if (seconds) {
		wait_for_next_tick(pending.began);
	} else {
		nsc_pending_remove();
	}
	return ret;
}

int nsc_enable_commit(const struct nsc_enable *change, unsigned int seconds,
		      struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	int ret = commit(change, seconds, &e);

	if (ret == 0 && !seconds)
		nsc_enable_unstage(change);
	return nsc_api_result(ret, &e, err);
}

/*
 * A session that is older than the change does not show that somebody can log
 * in.
 */
static int check_session(const struct nsc_pending *pending,
			 struct nsc_error *err)
{
	struct nsc_proc_stat leader;
	uint64_t hertz = (uint64_t)sysconf(_SC_CLK_TCK);
	bool same = pending->login != UINT_MAX &&
		    pending->login == nsc_pending_login();

	/* sudo and tmux begin a session, but nobody has logged in. */
	if (!same && (nsc_proc_stat(getsid(0), &leader) < 0 ||
		      leader.start * 1000 / hertz >= pending->began))
		return 0;
	return nsc_error_set(err, EPERM, "this session is older than the "
			     "change: log in again, and confirm there");
}

static int confirm(struct nsc_enable *change, bool only_expired,
		   struct nsc_error *err)
{
	_cleanup_pending_ struct nsc_pending pending = { .began = 0 };
	int ret;

	change->dir = nsc_enable_open_dir(err);
	change->lock = change->dir < 0 ? change->dir : nsc_pending_lock(err);
	if (change->lock < 0)
		return change->lock;
	ret = nsc_pending_read(&pending, err);
	if (ret == -ENOENT)
		return only_expired ? 0 :
		       nsc_error_set(err, ENOENT, "no change waits for a "
				     "confirmation");
	if (ret < 0)
		return ret;
	if (!nsc_pending_waits(&pending, change->dir)) {
		ret = take_back(change, &pending, "a change of " NSC_PAM_DIR
				" that nobody confirmed is put back", err);
		for (size_t i = 0; i < change->n_notes; i++)
			syslog(LOG_AUTH | LOG_WARNING, "%s",
			       change->notes[i]);
		return ret < 0 || only_expired ? ret :
		       nsc_error_set(err, ETIME, "the change was unfinished, "
				     "or its time had passed: it is put back");
	}
	ret = only_expired ? 0 : check_session(&pending, err);
	if (ret < 0 || only_expired)
		return ret;
	nsc_pending_remove();
	for (char **s = pending.services; s && *s; s++)
		nsc_enable_forget(change->dir, *s);
	return 0;
}

int nsc_enable_confirm(bool only_expired, struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	struct nsc_enable change = { .lock = -1, .dir = -1 };
	int ret = confirm(&change, only_expired, &e);

	nsc_text_free_vector(change.notes);
	nsc_fd_close(&change.dir);
	nsc_fd_close(&change.lock);
	return nsc_api_result(ret, &e, err);
}
