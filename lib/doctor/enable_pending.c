/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/enable_pending.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/kv.h"
#include "util/lock.h"
#include "util/process.h"
#include "util/text.h"
#include "doctor/enable_files.h"
#include "doctor/enable_text.h"

/* No user has such a name, so it is no directory of a user's. */
#define RECORD ".enable"
#define LOCK ".enable-lock"
#define LOCK_WAIT 10000		/* milliseconds */

#define AT(member) offsetof(struct nsc_pending, member)
static const struct nsc_kv_field fields[] = {
	{ "boot_id", NSC_KV_TEXT, AT(boot_id), NSC_BOOT_ID_SIZE },
	{ "began", NSC_KV_U64, AT(began), 0 },
	{ "seconds", NSC_KV_UINT, AT(seconds), 0 },
	{ "action", NSC_KV_UINT, AT(action), 0 },
	{ "login", NSC_KV_UINT, AT(login), 0 },
	{ "service", NSC_KV_VECTOR, AT(services), 0 },
};

static const struct nsc_kv kv = {
	.name = RECORD, .version = 1, .max = 65536,
	.size = sizeof(struct nsc_pending), .fields = fields,
	.n = NSC_ARRAY_SIZE(fields),
};

int nsc_pending_lock(struct nsc_error *err)
{
	_cleanup_fd_ int dir = nsc_file_make_dir(NSC_STATEDIR, 0755, err);
	_cleanup_fd_ int fd = -1;
	int ret;

	if (dir < 0)
		return dir;
	fd = openat(dir, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return nsc_error_sys(err, errno, NSC_STATEDIR "/" LOCK);
	ret = nsc_lock(fd, NSC_STATEDIR "/" LOCK, LOCK_EX,
		       nsc_process_now() + LOCK_WAIT, err);
	if (ret == -EWOULDBLOCK)
		return nsc_error_context(err, "another nsinit changes "
					 NSC_PAM_DIR);
	return ret < 0 ? ret : NSC_TAKE_FD(fd);
}

int nsc_pending_read(struct nsc_pending *ret, struct nsc_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	_cleanup_fd_ int dir = nsc_file_open_dir(NSC_STATEDIR, &e);
	char *text;
	int error = dir < 0 ? dir : nsc_kv_read(&kv, dir, RECORD, &ret->text,
						&e);

	text = ret->text;
	if (error == 0)
		error = nsc_kv_parse(&kv, &text, ret, &e);
	if (error == 0 && ret->action > NSC_DISABLE)
		error = nsc_error_set(&e, EINVAL, "unknown action");
	for (char **s = ret->services; error == 0 && s && *s; s++)
		if (!nsc_text_word_valid(*s))
			error = nsc_error_set(&e, EINVAL, "wrong service");
	if (error < 0 && error != -ENOENT)
		nsc_error_set(err, e.code, NSC_STATEDIR "/" RECORD ": %s",
			      e.text);
	return error;
}

int nsc_pending_write(struct nsc_pending *pending, struct nsc_error *err)
{
	_cleanup_fd_ int dir = nsc_file_open_dir(NSC_STATEDIR, err);
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = -1;
	int ret = dir;

	pending->began = nsc_pending_now();
	pending->login = nsc_pending_login();
	if (ret >= 0)
		ret = nsc_pidfd_boot_id(pending->boot_id) < 0 ?
		      nsc_error_sys(err, EIO, "boot id") :
		      nsc_kv_print(&kv, pending, 1, &text, err);
	if (ret >= 0 && text)
		ret = nsc_file_write_at(dir, RECORD, text, strlen(text), 0600,
					err);
	if (ret < 0)
		return nsc_error_context(err, NSC_STATEDIR);
	fd = openat(dir, RECORD, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0 || fsync(dir) < 0)
		return nsc_error_sys(err, errno, NSC_STATEDIR "/" RECORD);
	return 0;
}

void nsc_pending_remove(void)
{
	_cleanup_fd_ int dir = nsc_file_open_dir(NSC_STATEDIR, NSC_IGNORE);

	if (dir >= 0 && unlinkat(dir, RECORD, 0) == 0)
		fsync(dir);
}

void nsc_pending_free(struct nsc_pending *pending)
{
	nsc_kv_free(&kv, pending);
	nsc_free(&pending->text);
}

unsigned int nsc_pending_login(void)
{
	char text[16];

	if (nsc_file_read_text(AT_FDCWD, "/proc/self/sessionid", text,
			       sizeof(text)) <= 0)
		return UINT_MAX;
	return (unsigned int)strtoul(text, NULL, 10);
}

uint64_t nsc_pending_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool nsc_pending_waits(const struct nsc_pending *pending, int dir)
{
	char boot_id[NSC_BOOT_ID_SIZE], name[NSC_ENABLE_NAME_SIZE];

	for (char **s = pending->services; s && *s; s++) {
		nsc_enable_name_new(*s, name);
		if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return false;
	}
	return nsc_pidfd_boot_id(boot_id) == 0 &&
	       !strcmp(boot_id, pending->boot_id) &&
	       nsc_pending_now() < pending->began +
				   (uint64_t)pending->seconds * 1000;
}

/*
 * The file was edited meanwhile: take the marked lines out of it, whatever they
 * say by now, and no others.
 */
static int take_out(int dir, const char *service, const char *now, bool *found,
		    struct nsc_error *err)
{
	_cleanup_free_ char *plain = NULL;
	int ret;

	if (nsc_enable_strip(now, false, &plain) < 0)
		return nsc_error_sys(err, ENOMEM, "%s", service);
	*found = strcmp(plain, now) != 0;
	if (!*found)
		return 0;
	ret = nsc_enable_prepare(dir, service, plain, err);
	return ret < 0 ? ret : nsc_enable_switch(dir, service, false, err);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static int undo_one(const struct nsc_pending *pending, int dir,
		    const char *service, bool *edited, struct nsc_error *err)
{
	_cleanup_free_ char *now = NULL, *kept = NULL, *after = NULL;
	char name[NSC_ENABLE_NAME_SIZE];
	int ret;

	*edited = false;
	nsc_enable_name_new(service, name);
	if (nsc_enable_is_kept(dir, service) ||
	    faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		goto done;
	nsc_enable_name_old(service, name);
	/* Somebody put a link or the like there: it is theirs. */
	*edited = nsc_enable_read(dir, service, &now, NSC_IGNORE) < 0;
	if (*edited)
		goto done;
	ret = nsc_enable_read(dir, name, &kept, err);
	if (ret == 0)
		ret = nsc_enable_apply(service, pending->action, kept, &after,
				       kept ? err : NSC_IGNORE);
	if (ret < 0 && kept)
		return ret;
	if (kept && same_text(now, after))
		return nsc_enable_put_back(dir, service, err);
	if (!kept && now && same_text(now, after))
		return nsc_enable_switch(dir, service, true, err);
	ret = now ? take_out(dir, service, now, edited, err) : 0;
	if (ret < 0)
		return ret;
	*edited = *edited || kept;
done:
	nsc_enable_forget(dir, service);
	return 0;
}

int nsc_pending_undo(const struct nsc_pending *pending, int dir,
		     char ***ret_edited, struct nsc_error *err)
{
	size_t n = 0;
	int ret = 0;

	*ret_edited = NULL;
	for (char **s = pending->services; s && *s; s++) {
		struct nsc_error e = NSC_ERROR_INIT;
		bool edited;
		int one = undo_one(pending, dir, *s, &edited, &e);

		/* The others are put back all the same. */
		if (one < 0 && ret == 0)
			ret = nsc_error_set(err, e.code, "%s", e.text);
		if (edited)
			nsc_text_append(ret_edited, &n, *s);
	}
	if (ret == 0)
		nsc_pending_remove();
	return ret;
}
