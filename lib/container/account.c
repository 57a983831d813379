/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and the helper of a login, root of the host. */
#include "container/account.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "rootfs/root.h"
#include "rundir/statedir.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/kv.h"

#define FILE_NAME "account"
#define NS UINT64_C(1000000000)

#define FIELD(key) { #key, NSC_KV_U64, offsetof(struct nsc_account, key), 0 }

static const struct nsc_kv_field fields[] = {
	FIELD(made), FIELD(inode), FIELD(born), FIELD(system),
};

static const struct nsc_kv account_kv = {
	.name = FILE_NAME, .max = 4096, .size = sizeof(struct nsc_account),
	.fields = fields, .n = NSC_ARRAY_SIZE(fields),
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * NS + (uint64_t)ts.tv_nsec;
}

static int account_look(int fd, struct statx *st)
{
	/* The file system of another user tells root nothing. */
	return statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT |
		     AT_STATX_DONT_SYNC, STATX_INO | STATX_BTIME, st) < 0 ?
		       -errno : 0;
}

static uint64_t born(const struct statx *st)
{
	return st->stx_mask & STATX_BTIME && st->stx_btime.tv_sec > 0 ?
		       (uint64_t)st->stx_btime.tv_sec * NS +
			       st->stx_btime.tv_nsec :
		       0;
}

/* A device number may be another disk's tomorrow; this time is not. */
static uint64_t system_of(int home)
{
	_cleanup_fd_ int fd = fcntl(home, F_DUPFD_CLOEXEC, 3);
	struct statx st = { .stx_ino = 0 };
	uint64_t below;

	/* In a chroot, "/" need not be a mount's root. */
	while (below = st.stx_ino, fd >= 0 && account_look(fd, &st) == 0 &&
				   st.stx_ino != below) {
		int up;

		if (st.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			return born(&st);
		up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = up;
	}
	return 0;
}

static void find_home(const struct nsc_user *user, struct nsc_account *ret)
{
	_cleanup_fd_ int fd = open(user->home, O_PATH | O_DIRECTORY |
				   O_CLOEXEC);
	struct statx st;

	ret->inode = ret->born = ret->system = 0;
	if (fd < 0 || !strcmp(user->home, "/") || account_look(fd, &st) < 0)
		return;
	ret->inode = st.stx_ino;
	ret->born = born(&st);
	ret->system = system_of(fd);
}

enum nsc_account_verdict nsc_account_judge(const struct nsc_user *user,
					   const struct nsc_account *recorded,
					   struct nsc_account *ret)
{
	*ret = *recorded;
	find_home(user, ret);
	if (!ret->inode)
		*ret = *recorded;
	if (ret->inode == recorded->inode && ret->born == recorded->born)
		return NSC_ACCOUNT_SAME;
	/* It was there before anything was kept. */
	if (ret->born && ret->born <= recorded->made)
		return NSC_ACCOUNT_SAME;
	return ret->born && recorded->inode && recorded->system &&
			       ret->system == recorded->system ?
		       NSC_ACCOUNT_REMADE :
		       NSC_ACCOUNT_UNKNOWN;
}

int nsc_account_read(int dir, struct nsc_account *ret, struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	struct statx st;
	int error = nsc_kv_read(&account_kv, dir, FILE_NAME, &text, err);

	*ret = (struct nsc_account){ .made = 0 };
	if (error == 0)
		nsc_kv_scan(&account_kv, text, ret);
	else if (error != -ENOENT)
		return error;
	nsc_error_clear(err);
	if (!ret->made && account_look(dir, &st) == 0)
		ret->made = born(&st);
	if (!ret->made)
		ret->made = now();
	return 0;
}

int nsc_account_write(int dir, const struct nsc_account *account,
		      struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	int ret = nsc_kv_print(&account_kv, account, 1, &text, err);

	return ret < 0 ? ret : nsc_file_write_at(dir, FILE_NAME, text,
						 strlen(text), 0600, err);
}

void nsc_account_now(const struct nsc_user *user, struct nsc_account *ret)
{
	ret->made = now();
	find_home(user, ret);
}

static int remade(const struct nsc_user *user, const char *path,
		  struct nsc_error *err)
{
	return nsc_error_set(err, EOWNERDEAD, "%s: is older than the home "
			     "'%s', so that another '%s' may have left it: "
			     "'nsinit purge %s' removes it; or, if it is the "
			     "same person, 'nsinit adopt %s' keeps it", path,
			     user->home, user->name, user->name, user->name);
}

static void tell_unknown(const struct nsc_user *user, const char *path)
{
	syslog(LOG_AUTHPRIV | LOG_WARNING, "nscontainer: user '%s': the home "
	       "'%s' is newer than %s, and not the one that was there before: "
	       "if '%s' is not the same person any more, end the container "
	       "with 'nsinit stop %s' and remove that with 'nsinit purge %s'",
	       user->name, user->home, path, user->name, user->name,
	       user->name);
}

static int account_check_in(int dir, const char *path,
			    const struct nsc_user *user, bool record,
			    struct nsc_error *err)
{
	struct nsc_account recorded, present;
	enum nsc_account_verdict verdict;
	int ret = nsc_account_read(dir, &recorded, err);

	if (ret < 0)
		return nsc_error_context(err, "%s", path);
	verdict = nsc_account_judge(user, &recorded, &present);
	if (verdict == NSC_ACCOUNT_REMADE)
		return remade(user, path, err);
	if (!record || !memcmp(&recorded, &present, sizeof(present)))
		return 0;
	if (verdict == NSC_ACCOUNT_UNKNOWN)
		tell_unknown(user, path);
	/* On a full disk, what is recorded already is as good. */
	nsc_account_write(dir, &present, NSC_IGNORE);
	return 0;
}

int nsc_account_check(const struct nsc_plan *plan, bool record,
		      struct nsc_error *err)
{
	const struct nsc_config *config = plan->config;
	const struct nsc_statedir whose = nsc_rootfs_kept(plan);
	_cleanup_fd_ int dir = -1;
	char path[PATH_MAX];

	if (!plan->login || (config->home != NSC_HOME_PRIVATE &&
			     config->overlay != NSC_OVERLAY_PERSISTENT))
		return 0;
	nsc_statedir_path_of(&whose, path);
	if (!record && access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	dir = nsc_statedir_open(&whose, err);
	return dir < 0 ? dir : account_check_in(dir, path, plan->user,
						    record, err);
}
