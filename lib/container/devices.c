/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start, root of the host. */
#include "container/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/others.h"
#include "rundir/running.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/paths.h"
#include "util/process.h"
#include "util/text.h"

#define FILE_DEVICES "devices"
/* Root alone can open it, as the claims: nobody else can hold a lock. */
#define LOCK_PATH NSC_RUNDIR "/.devices"
#define LOCK_MS 10000		/* it is held for some milliseconds */
#define CLAIM_MAX 65536

static int lock_all(struct nsc_error *err)
{
	_cleanup_fd_ int dir = nsc_file_make_dir(NSC_RUNDIR, 0755, err);
	_cleanup_fd_ int fd = -1;
	int ret;

	if (dir < 0)
		return dir;
	fd = openat(dir, ".devices", O_RDONLY | O_CREAT | O_NOFOLLOW |
		    O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return nsc_error_sys(err, errno, LOCK_PATH);
	ret = nsc_lock(fd, LOCK_PATH, LOCK_EX, nsc_process_now() + LOCK_MS,
		       err);
	return ret < 0 ? ret : NSC_TAKE_FD(fd);
}

/* The user, or the directory, without what could end the line. */
static void write_holder(FILE *out, const struct nsc_plan *plan)
{
	const char *file = plan->config->file;
	char text[1024];

	if (plan->login)
		fprintf(out, "'%s'\n", nsc_text_escape(plan->user->name, text,
						       sizeof(text)));
	else
		fprintf(out, "'%.*s'\n", (int)(strrchr(file, '/') - file),
			nsc_text_escape(file, text, sizeof(text)));
}

/*
 * A claim also names the nodes themselves, so that no other name leads to a
 * device.
 */
static char *write_claim(const struct nsc_plan *plan)
{
	const struct nsc_config *config = plan->config;
	char *text = NULL, path[1024];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	write_holder(out, plan);
	for (size_t i = 0; i < config->n_cdi; i++)
		fprintf(out, "%s %s%s\n", config->cdi[i].name,
			config->cdi[i].exclusive ? "exclusive" : "shared",
			config->cdi[i].numbers ? config->cdi[i].numbers : "");
	for (size_t i = 0; i < config->n_devices; i++)
		fprintf(out, "%s shared %c:%u:%u\n",
			nsc_text_escape(config->devices[i].path, path,
					sizeof(path)),
			config->devices[i].type, config->devices[i].major,
			config->devices[i].minor);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* A line of a claim: words with a space between them. */
struct row {
	const char *text;
	size_t len;
};

static bool next_row(const char **text, struct row *row)
{
	if (!**text)
		return false;
	*row = (struct row){ *text, strcspn(*text, "\n") };
	*text += row->len + ((*text)[row->len] == '\n');
	return true;
}

static bool has_word(const struct row *row, const char *word, size_t len)
{
	for (size_t at = 0; at < row->len;) {
		size_t n = strcspn(row->text + at, " \n");

		if (n == len && !strncmp(row->text + at, word, n))
			return true;
		at += n + 1;
	}
	return false;
}

/* Two rows that have a device in common, which one has for itself. */
static bool exclude(const struct row *a, const struct row *b)
{
	static const char word[] = "exclusive";

	if (!has_word(a, word, strlen(word)) &&
	    !has_word(b, word, strlen(word)))
		return false;
	for (size_t at = 0; at < a->len;) {
		const char *text = a->text + at;
		size_t n = strcspn(text, " \n");

		/* A name, or a number. */
		if (strcspn(text, "=:/") < n && has_word(b, text, n))
			return true;
		at += n + 1;
	}
	return false;
}

static char *read_claim(int instance)
{
	_cleanup_fd_ int fd = openat(instance, FILE_DEVICES, O_RDONLY |
				     O_NOFOLLOW | O_CLOEXEC);
	char *text = NULL;

	if (fd >= 0)
		nsc_file_read(fd, FILE_DEVICES, CLAIM_MAX, &text, NULL,
			      NSC_IGNORE);
	return text;
}

bool nsc_devices_each(int instance,
		      void (*each)(const char *name, bool exclusive, void *arg),
		      void *arg)
{
	_cleanup_free_ char *text = read_claim(instance);
	const char *rest = text ? text : "";
	struct row row;

	next_row(&rest, &row);
	while (next_row(&rest, &row)) {
		_cleanup_free_ char *name = strndup(row.text, row.len);

		if (!name)
			continue;
		/* The path of a node may have spaces. */
		name[*name == '/' && strstr(name, " shared ") ?
			     (size_t)(strstr(name, " shared ") - name) :
			     strcspn(name, " ")] = '\0';
		each(name, has_word(&row, "exclusive", 9), arg);
	}
	return text;
}

/* Does the maker of the claim, or its container, still live? */
static bool claim_holds(int instance)
{
	_cleanup_fd_ int fd = openat(instance, FILE_DEVICES, O_RDONLY |
				     O_NOFOLLOW | O_CLOEXEC);
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int pidfd = -1;
	bool ending;

	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0)
		return true;
	pidfd = nsc_running_find_any(instance, &ending, &state, NSC_IGNORE);
	return pidfd >= 0;
}

static int compare_claims(const struct nsc_plan *plan, int instance,
			  bool others_only, struct nsc_error *err)
{
	_cleanup_free_ char *theirs = read_claim(instance);
	_cleanup_free_ char *ours = theirs ? write_claim(plan) : NULL;
	const char *rest_a = ours, *rest_b;
	struct row holder = { "", 0 }, own = { "", 0 }, a, b;

	if (!theirs)
		return 0;
	if (!ours)
		return nsc_error_sys(err, ENOMEM, "devices");
	next_row(&rest_a, &own);
	rest_b = theirs;
	if (!next_row(&rest_b, &holder) ||
	    (others_only && own.len == holder.len &&
	     !strncmp(own.text, holder.text, own.len)))
		return 0;
	while (next_row(&rest_a, &a)) {
		const char *rest = rest_b;

		while (next_row(&rest, &b))
			if (exclude(&a, &b) && claim_holds(instance))
				return nsc_error_set(err, EBUSY, "%s: devices: "
					"'%.*s' is held by the container of "
					"%.*s, and %s is exclusive",
					plan->config->file,
					(int)strcspn(a.text, " "), a.text,
					(int)holder.len, holder.text,
					has_word(&a, "exclusive", 9) ?
					"this one" : "that one");
	}
	return 0;
}

static int compare_others(const struct nsc_plan *plan, int instance,
			  struct nsc_error *err)
{
	return compare_claims(plan, instance, true, err);
}

static int compare_any(const struct nsc_plan *plan, int instance,
		       struct nsc_error *err)
{
	return compare_claims(plan, instance, false, err);
}

/* setgroups(2) takes no group that the user namespace does not have. */
static int check_gids(const struct nsc_plan *plan, struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;

	for (size_t i = 0; i < config->n_gids; i++)
		if (nsc_plan_gid(plan, config->gids[i]) == (gid_t)-1)
			return nsc_error_set(err, EINVAL, "%s: devices: "
					     "additionalGids: the container "
					     "does not have the group %u: see "
					     "gid_mappings", config->file,
					     config->gids[i]);
	return 0;
}

int nsc_devices_check(const struct nsc_plan *plan, struct nsc_error *err)
{
	int ret = check_gids(plan, err);

	if (ret < 0 || (!plan->config->n_cdi && !plan->config->n_devices))
		return ret;
	/*
	 * A check takes no lock, because it would leave the lock's file behind.
	 */
	return nsc_others_each(plan, compare_others, err);
}

int nsc_devices_claim(const struct nsc_plan *plan, int *claim,
		      struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int lock = -1;
	_cleanup_fd_ int fd = -1;
	int ret;

	if (!plan->config->n_cdi && !plan->config->n_devices)
		return 0;
	text = write_claim(plan);
	if (!text)
		return nsc_error_sys(err, ENOMEM, "devices");
	/* Nobody would read all of it. */
	if (strlen(text) > CLAIM_MAX)
		return nsc_error_sys(err, E2BIG, "devices");
	lock = lock_all(err);
	ret = lock < 0 ? lock : nsc_others_each(plan, compare_any, err);
	if (ret < 0)
		return ret;
	fd = openat(plan->rundir, FILE_DEVICES, O_RDWR | O_CREAT | O_EXCL |
		    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return nsc_error_sys(err, errno, "claim the devices");
	/* Locked first: a check takes a shared lock of a claim with text. */
	ret = flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno :
	      nsc_file_write_all(fd, text, strlen(text));
	if (ret < 0)
		return nsc_error_sys(err, -ret, "claim the devices");
	*claim = NSC_TAKE_FD(fd);
	return 0;
}

/* Compare with an instance that is not the plan's own. */
static int compare_apart(const struct nsc_plan *plan, int instance,
			 struct nsc_error *err)
{
	struct stat own, other;

	if (fstat(plan->rundir, &own) < 0 || fstat(instance, &other) < 0)
		return nsc_error_sys(err, errno, "claim the devices");
	return own.st_dev == other.st_dev && own.st_ino == other.st_ino ?
		       0 : compare_claims(plan, instance, false, err);
}

static bool has_row(const char *text, const struct row *row)
{
	struct row own;

	while (next_row(&text, &own))
		if (own.len == row->len &&
		    !strncmp(own.text, row->text, own.len))
			return true;
	return false;
}

/* The first claim, and the rows of the second that it does not have. */
static char *join_claims(const char *text, const char *more)
{
	char *both = malloc(strlen(text) + strlen(more) + 1);
	char *end = both ? stpcpy(both, text) : NULL;
	struct row row;

	/* Skip the row with the holder. */
	next_row(&more, &row);
	while (both && next_row(&more, &row)) {
		if (has_row(text, &row))
			continue;
		end = mempcpy(end, row.text, row.len);
		end = stpcpy(end, "\n");
	}
	return both;
}

int nsc_devices_reclaim(const struct nsc_plan *plan, bool keep,
			struct nsc_error *err)
{
	_cleanup_free_ char *text = write_claim(plan);
	_cleanup_free_ char *old = read_claim(plan->rundir);
	_cleanup_free_ char *both = NULL;
	_cleanup_fd_ int lock = -1;
	int ret;

	if (!old && !plan->config->n_cdi && !plan->config->n_devices)
		return 0;
	both = text ? join_claims(text, keep && old ? old : "") : NULL;
	if (!both)
		return nsc_error_sys(err, ENOMEM, "devices");
	if (strlen(both) > CLAIM_MAX)
		return nsc_error_sys(err, E2BIG, "devices");
	lock = lock_all(err);
	ret = lock < 0 ? lock : nsc_others_each(plan, compare_apart, err);
	return ret < 0 ? ret : nsc_file_write_at(plan->rundir, FILE_DEVICES,
						 both, strlen(both), 0600,
						 err);
}
