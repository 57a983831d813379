/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "linux/pidfd.h"
#include "rundir/session_file.h"
#include "monitor/session_cgroups.h"
#include "monitor/session_log.h"
#include "rundir/monitor_start.h"
#include "util/fd.h"
#include "util/paths.h"

#define USER 65534		/* the container's user if root runs it */

char dir[64], said[4096];
struct nsc_state state;
struct hangups hangups;
struct sessions all;
struct nsc_error err;

/* --- the effects of the monitor */

static void say(const char *what, const struct session *s)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%s %s\n", what, s->service);
}

void __wrap_session_log_open(struct session *s);
void __wrap_session_log_open(struct session *s)
{
	say("open", s);
	s->unrecorded = false;
}

void __wrap_session_log_close(const struct session *s,
			      const struct session_end *end);
void __wrap_session_log_close(const struct session *s,
			      const struct session_end *end)
{
	(void)end;
	say(s->unrecorded ? "close unseen" : "close", s);
}

void __wrap_hangup_session(struct hangups *list, const struct session *s);
void __wrap_hangup_session(struct hangups *list, const struct session *s)
{
	ck_assert_ptr_eq(list, &hangups);
	say("hang up", s);
}

/* --- a monitor, and logins */

void prepare(void)
{
	int dirfd;

	unit_make_dir(dir);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(dup2(dirfd, NSC_MONITOR_RUNDIR), NSC_MONITOR_RUNDIR);
	close(dirfd);
	ck_assert_int_eq(mkdirat(NSC_MONITOR_RUNDIR, NSC_DIR_SESSION, 0755), 0);
	memset(&state, 0, sizeof(state));
	memset(&hangups, 0, sizeof(hangups));
	said[0] = '\0';
	all = (struct sessions){
		.user = "alice",
		.uid = geteuid() ? geteuid() : USER,
		.state = &state,
		.hangups = &hangups,
	};
}

void begin_watching(void)
{
	ck_assert_msg(sessions_open(&all, &err) == 0, "%s", err.text);
}

void clean_up(void)
{
	sessions_close(&all);
	free(all.list);
	free(hangups.list);
	close(all.epoll);
	close(all.dir);
	unit_remove_dir(dir);
}

pid_t login(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	ck_assert_int_gt(pid, 0);
	return pid;
}

void end(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

void put_file(pid_t pid, const char *service, int later)
{
	int fd = openat(NSC_MONITOR_RUNDIR, NSC_DIR_SESSION, O_RDONLY);
	struct session s;

	nsc_session_file_look(pid, &s);
	s.opened = 1;
	s.start += (unsigned int)later;
	snprintf(s.user, sizeof(s.user), "alice");
	snprintf(s.service, sizeof(s.service), "%s", service);
	snprintf(s.rhost, sizeof(s.rhost), "192.0.2.1");
	ck_assert_int_eq(nsc_session_file_write(fd, &s, &err), 0);
	close(fd);
}

bool has_file(pid_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "session/%d", (int)pid);
	return faccessat(NSC_MONITOR_RUNDIR, name, F_OK, 0) == 0;
}

int admit(pid_t pid, bool root, struct session *s)
{
	_cleanup_free_ struct nsc_cgroup_tree *tree = NULL;

	ck_assert_int_eq(session_cgroups_read(&tree, &err), 0);
	return sessions_admit(&all, tree, pid, root, s, &err);
}

struct session *enter(pid_t pid, bool root)
{
	int pidfd = nsc_pidfd_open(pid);
	struct session s, *added;

	ck_assert_int_eq(admit(pid, root, &s), 1);
	added = sessions_add(&all, &s, pidfd, &err);
	close(pidfd);
	ck_assert_msg(added, "%s", err.text);
	return added;
}

void went(const char *expected)
{
	ck_assert_str_eq(said, expected);
	said[0] = '\0';
}

int run_monitor(const char *name, TCase *tcase)
{
	Suite *suite = suite_create(name);

	/* Occupy the monitor's descriptors, so the runner does not use them. */
	while (open("/dev/null", O_RDONLY) < NSC_MONITOR_DIR)
		;
	tcase_add_checked_fixture(tcase, prepare, NULL);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
