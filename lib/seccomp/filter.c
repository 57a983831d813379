/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit, as root of the host. */
#include "seccomp/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/process.h"
#include "seccomp/default_filter.h"
#include "seccomp/profile.h"

#define TRY_MS 5000

/*
 * The system calls of a login between the filter and the user's program, with
 * arguments that change nothing and an answer that only the kernel gives.
 * Missing arguments are 0.
 */
static const struct trial {
	const char *name;
	int answer;			/* errno, or 0 */
	bool privileged;		/* only without no_new_privs */
	long number;
	long args[5];
} trials[] = {
	{ "execve", ENOENT, false, SYS_execve, { (long)"", 0, 0 } },
	{ "read", EBADF, false, SYS_read, { -1 } },
	{ "write", EBADF, false, SYS_write, { -1 } },
	{ "close", EBADF, false, SYS_close, { -1 } },
	{ "fcntl", EBADF, false, SYS_fcntl, { -1, F_GETFD } },
	{ "openat", EBADF, false, SYS_openat, { -1, (long)"x" } },
	{ "ioctl", EBADF, false, SYS_ioctl, { -1, TIOCSPTLCK } },
	{ "fchown", EBADF, false, SYS_fchown, { -1, -1, -1 } },
	{ "fchmod", EBADF, false, SYS_fchmod, { -1 } },
	{ "rt_sigprocmask", 0, false, SYS_rt_sigprocmask, { 0, 0, 0, 8 } },
	{ "prctl", 0, true, SYS_prctl, { PR_CAP_AMBIENT,
	  PR_CAP_AMBIENT_CLEAR_ALL } },
	{ "capset", EFAULT, true, SYS_capset, { 0, 0 } },
	{ "setresuid", 0, true, SYS_setresuid, { -1, -1, -1 } },
	{ "setresgid", 0, true, SYS_setresgid, { -1, -1, -1 } },
	{ "setgroups", EINVAL, true, SYS_setgroups, { -1 } },
};

/* The child's position; the filter may kill it there. */
struct progress {
	size_t at;
	int answer;
};

struct attempt {
	const struct nsc_seccomp *filter;
	bool no_new_privs;
	struct progress *shared;
};

static void try_all(const void *arg, void *answer)
{
	const struct attempt *attempt = arg;
	volatile struct progress *shared = attempt->shared;
	struct nsc_error *err = answer;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		nsc_error_sys(err, errno, "set no_new_privs");
		return;
	}
	if (nsc_seccomp_load(attempt->filter, err) < 0)
		return;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(trials); i++) {
		const struct trial *t = &trials[i];
		long ret;

		if (t->privileged && attempt->no_new_privs)
			continue;
		shared->at = i;
		shared->answer = -1;
		ret = syscall(t->number, t->args[0], t->args[1], t->args[2],
			      t->args[3], t->args[4]);
		shared->answer = ret < 0 ? errno : 0;
		if (shared->answer != t->answer)
			return;
	}
	shared->at = NSC_ARRAY_SIZE(trials);
}

static int try_filter(const struct nsc_config *config,
		      const struct nsc_seccomp *filter, struct nsc_error *err)
{
	struct nsc_error report = NSC_ERROR_INIT;
	struct progress *shared = mmap(NULL, sizeof(*shared),
				       PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct attempt attempt = {
		filter, config->process.no_new_privs, shared,
	};
	size_t at;

	if (shared == MAP_FAILED)
		return nsc_error_sys(err, errno, "try the seccomp filter");
	shared->at = SIZE_MAX;
	/*
	 * A filter without write() blocks the report, so the child writes to
	 * shared.
	 */
	nsc_process_ask(try_all, &attempt, &report, sizeof(report),
			nsc_process_now() + TRY_MS);
	at = shared->at;
	munmap(shared, sizeof(*shared));
	if (nsc_error_take(&report, err) < 0)
		return nsc_error_context(err, "%s: seccomp", config->file);
	if (at == SIZE_MAX)
		return nsc_error_set(err, ECHILD, "try the seccomp filter: "
				     "the child died");
	if (at < NSC_ARRAY_SIZE(trials))
		return nsc_error_set(err, EINVAL, "%s: seccomp: '%s' denies "
				     "%s(), which every login needs: allow "
				     "it there%s", config->file,
				     config->seccomp, trials[at].name,
				     trials[at].privileged ?
				     ", or set no_new_privs" : "");
	return 0;
}

static int make_from_file(const struct nsc_config *config,
			  const struct nsc_seccomp_world *world,
			  struct nsc_seccomp *ret, struct nsc_error *err)
{
	_cleanup_profile_ struct nsc_seccomp_profile *profile = NULL;
	int error = nsc_seccomp_profile_load(config->seccomp, world, &profile,
					     err);

	if (error == 0)
		error = nsc_seccomp_compile(profile, ret, err);
	return error < 0 ? nsc_error_context(err, "%s: seccomp",
					     config->file) : 0;
}

static int filter_make(const struct nsc_config *config, struct nsc_filters *ret,
		       struct nsc_error *err)
{
	struct nsc_seccomp_world world;
	int error;

	nsc_seccomp_world_here(config->process.capabilities, &world);
	if (!strcmp(config->seccomp, NSC_SECCOMP_DEFAULT))
		error = nsc_seccomp_default(&world, false, &ret->session, err);
	else
		error = make_from_file(config, &world, &ret->session, err);
	/* PID 1 is a program of nscontainer, and has only CAP_KILL. */
	world.capabilities = UINT64_C(1) << CAP_KILL;
	if (error == 0)
		error = nsc_seccomp_default(&world, true, &ret->init, err);
	return error < 0 ? error : try_filter(config, &ret->session, err);
}

int nsc_filters_make(const struct nsc_config *config, struct nsc_filters *ret,
		     struct nsc_error *err)
{
	int error;

	*ret = (struct nsc_filters){ .session.len = 0 };
	if (!strcmp(config->seccomp, NSC_SECCOMP_UNCONFINED))
		return 0;
	error = filter_make(config, ret, err);
	if (error < 0)
		nsc_filters_free(ret);
	return error;
}

void nsc_filters_free(struct nsc_filters *filters)
{
	nsc_seccomp_free(&filters->session);
	nsc_seccomp_free(&filters->init);
}
