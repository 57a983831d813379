/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The open sessions.  Nothing is read that a process inside could block: not
 * its command line, which is in its own memory, and none of its open files,
 * whose types alone are looked at.
 */
#include "api/api.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "api/device_users.h"
#include "api/sessions.h"
#include "api/unplaced.h"
#include "util/fd.h"
#include "util/proc.h"
#include "util/text.h"
#include "util/paths.h"
#include "cgroup/cgroup_processes.h"
#include "cgroup/cgroup_stats.h"

#define PROCESSES 512		/* examined in one session */

int nsc_api_sessions_open(int instance, const char *boot_id,
			  struct nsc_api_sessions *ret, struct nsc_error *err)
{
	bool ending;
	int error;

	*ret = (struct nsc_api_sessions){ .dir = -1 };
	error = nsc_running_see(instance, boot_id, &ending, &ret->state, err);
	if (error < 0)
		return error;
	ret->dir = openat(instance, NSC_DIR_SESSION, O_RDONLY | O_DIRECTORY |
			  O_NOFOLLOW | O_CLOEXEC);
	error = ret->dir < 0 ? -errno : nsc_cgroup_tree_load(instance,
							     &ret->tree);
	if (error == 0 || (error == -ENOENT && ret->tree &&
			   !ret->state->has_groups))
		return 0;
	nsc_api_sessions_close(ret);
	return nsc_error_sys(err, -error, "sessions");
}

void nsc_api_sessions_close(struct nsc_api_sessions *all)
{
	nsc_fd_close(&all->dir);
	nsc_state_cleanup(&all->state);
	nsc_free(&all->tree);
}

/* --- the processes of a session */

static bool in_foreground(const struct nsc_proc_stat *p)
{
	return p->tty && p->group == p->foreground;
}

struct processes {
	pid_t list[PROCESSES];
	size_t n;
};

/* Without groups, only the login process is known. */
static void find_processes(const struct nsc_api_sessions *all, pid_t session,
			   struct processes *ret)
{
	size_t n = nsc_cgroup_session_pids(all->tree, session, ret->list,
					   PROCESSES);

	if (n == 0)
		ret->list[n++] = session;
	ret->n = n < PROCESSES ? n : PROCESSES;
}

/* Find the newest process in the foreground, or else the newest process. */
static bool find_command(const struct processes *all, pid_t session,
			 struct nsc_proc_stat *ret)
{
	const pid_t *list = all->list;
	struct nsc_proc_stat p;
	bool found = nsc_proc_stat(session, ret) == 0;

	for (size_t i = 0; i < all->n; i++) {
		if ((found && list[i] == session) ||
		    nsc_proc_stat(list[i], &p) < 0)
			continue;
		if (!found || in_foreground(&p) > in_foreground(ret) ||
		    (in_foreground(&p) == in_foreground(ret) &&
		     p.start >= ret->start))
			*ret = p;
		found = true;
	}
	return found;
}

/* Seconds since input; AT_STATX_DONT_SYNC, as a file system may not answer. */
static json_t *idle(const struct nsc_proc_stat *p)
{
	unsigned int minor = (p->tty & 0xff) | (p->tty >> 12 & 0xfff00);
	struct statx st;
	char path[64];
	int64_t seconds;

	snprintf(path, sizeof(path), "/proc/%d/fd/0", (int)p->pid);
	if (!p->tty || statx(AT_FDCWD, path, AT_STATX_DONT_SYNC |
			     AT_NO_AUTOMOUNT, STATX_TYPE | STATX_ATIME,
			     &st) < 0 ||
	    !S_ISCHR(st.stx_mode) || st.stx_rdev_minor != minor ||
	    st.stx_rdev_major != (p->tty >> 8 & 0xfff))
		return json_null();
	seconds = (int64_t)time(NULL) - st.stx_atime.tv_sec;
	return json_integer(seconds < 0 ? 0 : seconds);
}

/* --- records */

static NSC_API_KEYS(session_keys, NSCONTAINER_KEYS_SESSIONS);

json_t *nsc_api_number(uint64_t value)
{
	return value == NSC_STATS_NONE ? json_null() :
					 json_integer((json_int_t)value);
}

static json_t *id(uint32_t value)
{
	return value == SESSION_NO_ID ? json_null() : json_integer(value);
}

static void put_usage(json_t *object, const struct nsc_api_sessions *all,
		      pid_t session)
{
	struct nsc_stats_session s;
	char name[32];

	snprintf(name, sizeof(name), NSC_CGROUP_SESSION "%d", (int)session);
	nsc_stats_read_session(all->tree, name, &s);
	json_object_set_new(object, "memory", nsc_api_number(s.memory));
	json_object_set_new(object, "peak_memory",
			    nsc_api_number(s.peak_memory));
	json_object_set_new(object, "cpu_us", nsc_api_number(s.cpu_us));
	json_object_set_new(object, "pids", nsc_api_number(s.pids));
}

static json_t *session_json(const struct nsc_api_sessions *all,
			    const struct session *s, unsigned int *descriptors)
{
	const char *tty = s->tty + (strncmp(s->tty, "/dev/", 5) ? 0 : 5);
	json_t *object = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:o, "
				   "s:o, s:I}", "user", s->user, "service",
				   s->service, "pid", (int)s->pid, "rhost",
				   s->rhost, "tty", tty, "ruser", s->ruser,
				   "generation", (int)s->generation,
				   "loginuid", id(s->loginuid),
				   "audit_session", id(s->audit_session),
				   "opened", (json_int_t)s->opened);
	struct processes processes;
	struct nsc_proc_stat p;
	char command[sizeof(p.name)];
	bool found;

	find_processes(all, s->pid, &processes);
	found = find_command(&processes, s->pid, &p);
	json_object_set_new(object, "placed", json_true());
	json_object_set_new(object, "idle", found ? idle(&p) : json_null());
	put_usage(object, all, s->pid);
	json_object_set_new(object, "command", found ?
			    json_string(nsc_text_escape(p.name, command,
							sizeof(command))) :
			    json_null());
	json_object_set_new(object, "config",
			    nsc_api_path(all->state->config));
	json_object_set_new(object, "devices",
			    nsc_api_device_users(processes.list, processes.n,
						 descriptors));
	return object;
}

struct listing {
	struct nscontainer_record **records;
	char boot_id[NSC_BOOT_ID_SIZE];
};

struct list {
	const struct nsc_api_sessions *all;
	struct nscontainer_record **records;
	unsigned int *descriptors;	/* so that no user holds up all */
	struct nsc_error *err;
};

/* Add a session to the list, unless it has ended meanwhile. */
static int sessions_add(int dir, pid_t pid, void *arg)
{
	const struct list *list = arg;
	struct session s;
	int ret = nsc_session_file_read(dir, pid, &s, list->err);

	if (ret == -ENOENT || (ret == 0 && !nsc_session_file_is_alive(&s)))
		return nsc_error_clear(list->err);
	if (ret < 0)
		return ret;
	return nsc_api_add(list->records, session_keys,
			   session_json(list->all, &s, list->descriptors),
			   list->err);
}

static int add_container(int instance, unsigned int number, void *arg,
			 struct nsc_error *err)
{
	unsigned int descriptors = NSC_API_DESCRIPTORS;
	const struct listing *listing = arg;
	struct nsc_api_sessions all;
	const struct list list = { &all, listing->records, &descriptors, err };
	int ret = nsc_api_sessions_open(instance, listing->boot_id, &all, err);

	(void)number;
	if (ret < 0)
		return ret;
	ret = nsc_session_file_each(all.dir, sessions_add,
				    (void *)(uintptr_t)&list);
	nsc_api_sessions_close(&all);
	return ret < 0 && err->code != -ret ?
		       nsc_error_sys(err, -ret, "sessions") : ret;
}

static int add_containers(const struct nscontainer *container,
			  struct nscontainer_record **list,
			  struct nsc_error *err)
{
	struct listing listing = { .records = list };
	const struct nsc_api_act act = { add_container, &listing };
	int ret = nsc_running_boot(listing.boot_id, err);

	if (ret < 0)
		return ret;
	return container ? nsc_api_each(container->rundir, &act, err) :
			   nsc_api_all(&act, err);
}

NSC_PUBLIC int nscontainer_sessions(const struct nscontainer *container,
				    struct nscontainer_record **ret,
				    struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;
	int error, found;

	*ret = NULL;
	error = add_containers(container, ret, &e);
	found = nsc_api_unplaced(container, ret, error < 0 ? NSC_IGNORE : &e);
	/* The first login of a user may be stuck before any container runs. */
	if (error == -ESRCH && *ret)
		error = nsc_error_clear(&e);
	return nsc_api_result_of(container, error < 0 ? error : found, &e,
				 err);
}
