#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"
#include "util/paths.h"
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

int nsc_api_user(const struct nscontainer *c, struct nsc_user **ret,
		 struct nsc_error *err)
{
	return c->user ? nsc_user_load(c->user, ret, err) :
			 nsc_user_load_uid(0, ret, err);
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
	error = nsc_rundir_path(c->user, &c->rundir, err);
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
		return nsc_error_sys(err, errno, "%s", dir);
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
