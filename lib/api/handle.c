/* SPDX-License-Identifier: Apache-2.0 */
#include "api/api.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "container/generation.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"
#include "util/text.h"
#include "util/paths.h"
#include "rundir/instance.h"
#include "rundir/rundir.h"

int nsc_api_result(int ret, const struct nsc_error *from,
		   struct nscontainer_error *to)
{
	if (!to)
		return ret;
	to->code = ret < 0 ? -ret : 0;
	nsc_text_escape(ret < 0 ? from->text : "", to->text, sizeof(to->text));
	return ret;
}

int nsc_api_result_of(const struct nscontainer *c, int ret,
		      struct nsc_error *from, struct nscontainer_error *to)
{
	if (ret < 0 && c)
		nsc_error_context(from, "%s", c->user ? c->user : c->dir);
	return nsc_api_result(ret, from, to);
}

int nsc_api_user(const struct nscontainer *c, struct nsc_user **ret,
		 struct nsc_error *err)
{
	return c->user ? nsc_user_load(c->user, ret, err) :
			 nsc_user_load_uid(0, ret, err);
}

static int not_running(struct nsc_error *err)
{
	return nsc_error_set(err, ESRCH, "no container is running");
}

void nsc_api_sweep(int rundir, const char *path)
{
	_cleanup_fd_ int lock = nsc_rundir_lock(rundir, NSC_FILE_LOCK, LOCK_EX,
						0, NSC_IGNORE);
	const char *name = strrchr(path, '/') + 1;

	if (lock >= 0)
		nsc_generation_sweep(rundir, (uid_t)strtoul(name, NULL, 10));
}

/* Call act for the instances in list, newest first; see nsc_api_each(). */
static int each(int rundir, const unsigned int *list, int n,
		const struct nsc_api_act *act, struct nsc_error *err)
{
	int ret = not_running(err);

	while (n > 0) {
		struct nsc_error e = NSC_ERROR_INIT;
		_cleanup_fd_ int instance = nsc_instance_open(rundir,
							      list[--n], &e);
		int one = instance < 0 ? -ESRCH :
			  act->act(instance, list[n], act->arg, &e);

		if (one == 0)
			ret = 0;
		else if (ret < 0 || one != -ESRCH)
			*err = e;
		if (one < 0 && one != -ESRCH)
			return one;
	}
	return ret;
}

static int each_of(int rundir, const char *path, const struct nsc_api_act *act,
		   struct nsc_error *err)
{
	_cleanup_free_ unsigned int *list = NULL;
	int n = rundir < 0 ? rundir : nsc_instance_list(rundir, &list, err);

	if (n < 0)
		return n == -ENOENT ? not_running(err) : n;
	if (n > 1)
		nsc_api_sweep(rundir, path);
	return each(rundir, list, n, act, err);
}

int nsc_api_each(const char *path, const struct nsc_api_act *act,
		 struct nsc_error *err)
{
	_cleanup_fd_ int rundir = nsc_rundir_open(path, err);

	return each_of(rundir, path, act, err);
}

static int choose(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return !name[strspn(name, "0123456789")] || !strncmp(name, ".exec-", 6);
}

int nsc_api_all(const struct nsc_api_act *act, struct nsc_error *err)
{
	_cleanup_fd_ int all = nsc_rundir_open(NSC_RUNDIR, err);
	struct dirent **names = NULL;
	int n, ret = 0;

	if (all < 0)
		return all == -ENOENT ? nsc_error_clear(err) : all;
	n = scandir(NSC_RUNDIR, &names, choose, versionsort);
	for (int i = 0; i < n; i++) {
		char path[sizeof(NSC_RUNDIR) + NAME_MAX + 1];
		struct nsc_error e = NSC_ERROR_INIT;
		_cleanup_fd_ int rundir =
			nsc_file_open_dir_at(all, NSC_RUNDIR, names[i]->d_name,
					     &e);
		int one;

		snprintf(path, sizeof(path), NSC_RUNDIR "/%s",
			 names[i]->d_name);
		one = each_of(rundir, path, act, &e);
		if (one < 0 && one != -ESRCH && ret == 0) {
			ret = one;
			*err = e;
		}
		free(names[i]);
	}
	free(names);
	return ret;
}

int nsc_api_current(const char *path, struct nsc_error *err)
{
	_cleanup_fd_ int rundir = nsc_rundir_open(path, err);
	int instance = rundir < 0 ? rundir :
		       nsc_instance_open(rundir, nsc_instance_current(rundir),
					 err);

	return instance == -ENOENT ? not_running(err) : instance;
}

const char *nsc_api_group_name(const struct nscontainer *c)
{
	/* + 2 skips the slash and the dot of "/.exec-". */
	return c->user ? c->user : strrchr(c->rundir, '/') + 2;
}

int nsc_api_may_fork(struct nsc_error *err)
{
	int threads = nsc_process_threads();

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return nsc_error_set(err, EBADF, "descriptor %d is not "
					     "open: open /dev/null on it", fd);
	if (threads != 1)
		return nsc_error_set(err, EINVAL, "the calling program has %d "
				     "threads: only a single-threaded one can "
				     "start containers and run commands",
				     threads);
	return 0;
}

void nsc_api_begin_child(pid_t parent, int keep)
{
	if (parent)
		nsc_process_die_with(parent);
	syscall(SYS_close_range, 3 + keep, ~0U, CLOSE_RANGE_CLOEXEC);
	nsc_process_default_signals();
	umask(022);
}

static void cleanup(struct nscontainer **c)
{
	nscontainer_close(*c);
}

#define _cleanup_handle_ __attribute__((cleanup(cleanup)))

static int new_handle(struct nscontainer **ret, struct nsc_error *err)
{
	*ret = calloc(1, sizeof(**ret));
	if (*ret)
		return 0;
	nsc_error_sys(err, ENOMEM, "container");
	return -ENOMEM;
}

static int open_user(const char *name, const char *conf,
		     struct nscontainer **ret, struct nsc_error *err)
{
	_cleanup_handle_ struct nscontainer *c = NULL;
	_cleanup_user_ struct nsc_user *root = NULL;
	int error = new_handle(&c, err);
	uid_t uid;

	if (error == 0 && !name) {
		error = nsc_user_load_uid(0, &root, err);
		name = error < 0 ? NULL : root->name;
	}
	if (error < 0)
		return error;
	if (conf && conf[0] != '/')
		return nsc_error_set(err, EINVAL, "'%s': expected an absolute "
				     "path", conf);
	c->user = strdup(name);
	c->conf = strdup(conf ? conf : NSC_CONF_PATH);
	if (!c->user || !c->conf)
		return nsc_error_sys(err, ENOMEM, "container");
	if (nsc_user_uid(name, &uid) < 0)
		uid = (uid_t)-1;
	error = nsc_rundir_path_of_user(name, uid, &c->rundir, err);
	if (error < 0)
		return error;
	*ret = NSC_TAKE_PTR(c);
	return 0;
}

NSC_PUBLIC int nscontainer_open_user(const char *user, const char *conf,
				     struct nscontainer **ret,
				     struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;

	return nsc_api_result(open_user(user, conf, ret, &e), &e, err);
}

static int open_directory(const char *dir, struct nscontainer **ret,
			  struct nsc_error *err)
{
	_cleanup_handle_ struct nscontainer *c = NULL;
	int error = new_handle(&c, err);

	if (error < 0)
		return error;
	c->dir = realpath(dir, NULL);
	if (!c->dir)
		return nsc_error_sys(err, errno, "directory '%s'", dir);
	error = nsc_rundir_path_of_dir(c->dir, &c->rundir, err);
	if (error < 0)
		return error;
	*ret = NSC_TAKE_PTR(c);
	return 0;
}

NSC_PUBLIC int nscontainer_open_directory(const char *dir,
					  struct nscontainer **ret,
					  struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;

	return nsc_api_result(open_directory(dir, ret, &e), &e, err);
}

NSC_PUBLIC void nscontainer_close(struct nscontainer *c)
{
	if (!c)
		return;
	free(c->user);
	free(c->conf);
	free(c->dir);
	free(c->rundir);
	free(c);
}
