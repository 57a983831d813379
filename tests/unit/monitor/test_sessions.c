/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/monitor/session_table.c: which processes may become sessions, and how
 * sessions end.  Runs without privileges: all processes belong to the user, and
 * those that stand for root have a file.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "linux/pidfd.h"
#include "rundir/monitor_start.h"
#include "rundir/session_file.h"
#include "util/paths.h"
#include "util/process.h"

START_TEST(take_over)
{
	pid_t there = login(), other = login(), gone = login();

	put_file(there, "sshd", 0);
	put_file(other, "cron", 1);
	put_file(gone, "su", 0);
	end(gone);
	unit_write(dir, "session/12x", "start 1\n", 0644);
	begin_watching();
	ck_assert_uint_eq(all.n, 1);
	ck_assert_int_eq(all.list[0]->pid, there);
	ck_assert_str_eq(all.list[0]->rhost, "192.0.2.1");
	/* Sessions that ended without a monitor, in any order. */
	ck_assert_ptr_nonnull(strstr(said, "close cron\nhang up cron\n"));
	ck_assert_ptr_nonnull(strstr(said, "close su\nhang up su\n"));
	ck_assert_ptr_null(strstr(said, "sshd"));
	ck_assert(has_file(there) && !has_file(other) && !has_file(gone));
	said[0] = '\0';
	clean_up();
	went("close sshd\n");
	end(there);
	end(other);
}
END_TEST

START_TEST(no_directory)
{
	unlinkat(NSC_MONITOR_RUNDIR, NSC_DIR_SESSION, AT_REMOVEDIR);
	ck_assert_int_eq(sessions_open(&all, &err), -ENOENT);
	ck_assert_str_eq(err.text, "open 'session': No such file or "
			 "directory");
	close(all.epoll);
	unit_remove_dir(dir);
}
END_TEST

START_TEST(who_is_one)
{
	pid_t pid = login();
	struct session s;

	begin_watching();
	/* A process of root without a file, or with another process's. */
	ck_assert_int_eq(admit(pid, true, &s), 0);
	put_file(pid, "sshd", 1);
	ck_assert_int_eq(admit(pid, true, &s), 0);
	put_file(pid, "sshd", 0);
	ck_assert_int_eq(admit(pid, true, &s), 1);
	ck_assert_str_eq(s.service, "sshd");
	ck_assert(!s.by_user && !s.entered);
	/* For a process of the user, the file does not count. */
	state.generation = 7;
	ck_assert_int_eq(admit(pid, false, &s), 1);
	ck_assert_str_eq(s.service, "nsshell");
	ck_assert_str_eq(s.user, "alice");
	ck_assert_uint_eq(s.generation, 7);
	ck_assert(s.by_user && !s.entered);
	end(pid);
	ck_assert_int_eq(admit(pid, false, &s), -ESRCH);
	ck_assert_str_eq(err.text, "the process has ended");
	ck_assert_uint_eq(all.n, 0);
	clean_up();
}
END_TEST

/* Shows whether the end of a session has closed its descriptors. */
static int next_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

START_TEST(once)
{
	pid_t pid = login();
	struct hangup before[] = { { .login = pid }, { .login = 1 } };
	struct session *first, s;
	int next;

	begin_watching();
	next = next_descriptor();
	hangups.n = 2;
	hangups.list = before;
	first = enter(pid, false);
	/* Another process had the pid, and is no longer to be hung up. */
	ck_assert_uint_eq(hangups.n, 1);
	ck_assert_int_eq(before[0].login, 1);
	hangups.list = NULL;
	hangups.n = 0;
	first->recorded = dup(0);
	ck_assert(first->entered && has_file(pid));
	ck_assert_int_eq(admit(pid, false, &s), 1);
	ck_assert(s.entered);
	ck_assert_ptr_eq(enter(pid, false), first);
	ck_assert_uint_eq(all.n, 1);
	end(pid);
	sessions_reap(&all);
	went("close nsshell\nhang up nsshell\n");
	ck_assert_uint_eq(all.n, 0);
	ck_assert(!has_file(pid));
	ck_assert_int_eq(next_descriptor(), next);
	/* A login of root has made its own file. */
	pid = login();
	put_file(pid, "su", 0);
	enter(pid, true);
	ck_assert_int_eq(nsc_session_file_read(all.dir, pid, &s,
					       NSC_IGNORE), 0);
	ck_assert_int_eq(s.opened, 1);
	end(pid);
	clean_up();
}
END_TEST

static unsigned int own(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned int id = SESSION_NO_ID;

	if (file && fscanf(file, "%u", &id) != 1)
		id = SESSION_NO_ID;
	if (file)
		fclose(file);
	return id;
}

/* The known facts about a nsshell are noted for nsinit. */
START_TEST(note)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), before = dup(0), slave;
	struct session s, *added;
	pid_t pid;

	ck_assert_int_eq(grantpt(master) | unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_eq(dup2(slave, 0), 0);
	pid = login();
	ck_assert_int_eq(dup2(before, 0), 0);
	state.generation = 3;
	begin_watching();
	added = enter(pid, false);
	ck_assert_str_eq(added->tty, ptsname(master));
	ck_assert_int_eq(nsc_session_file_read(all.dir, pid, &s,
					       NSC_IGNORE), 0);
	ck_assert_uint_eq(s.start, added->start);
	ck_assert_int_le(time(NULL) - s.opened, 2);
	ck_assert_str_eq(s.user, "alice");
	ck_assert_str_eq(s.service, "nsshell");
	ck_assert_uint_eq(s.generation, 3);
	ck_assert_str_eq(s.tty, added->tty);
	ck_assert_uint_eq(s.loginuid, own("/proc/self/loginuid"));
	ck_assert_uint_eq(s.loginuid, added->loginuid);
	ck_assert_uint_eq(s.audit_session, own("/proc/self/sessionid"));
	ck_assert_uint_eq(s.audit_session, added->audit_session);
	end(pid);
	/* Without a terminal, the note has none. */
	ck_assert_int_eq(dup2(NSC_MONITOR_PID1, 0), 0);
	pid = login();
	ck_assert_str_eq(enter(pid, false)->tty, "");
	end(pid);
	close(before);
	close(master);
	close(slave);
	clean_up();
}
END_TEST

START_TEST(limit)
{
	pid_t pids[] = { login(), login(), login(), login() };
	struct session s;

	state.lifecycle.max_sessions = 1;
	begin_watching();
	put_file(pids[0], "nsinit-exec", 0);
	enter(pids[0], true);
	enter(pids[1], false);
	ck_assert_int_eq(admit(pids[2], false, &s), -EUSERS);
	ck_assert_str_eq(err.text, "You have 1 session, which is the most "
			 "that the administrator allows.");
	state.lifecycle.max_sessions = 2;
	enter(pids[2], false);
	ck_assert_int_eq(admit(pids[3], false, &s), -EUSERS);
	ck_assert_ptr_nonnull(strstr(err.text, "You have 2 sessions, "));
	/* Commands of nsinit exec and ended sessions do not count. */
	put_file(pids[3], "nsinit-exec", 0);
	ck_assert_int_eq(admit(pids[3], true, &s), 1);
	end(pids[1]);
	ck_assert_int_eq(admit(pids[3], false, &s), 1);
	/* The monitor can watch only a limited number of sessions. */
	all.max = 2;
	ck_assert_int_eq(admit(pids[3], false, &s), -EMFILE);
	ck_assert_str_eq(err.text, "the container has 2 sessions: its "
			 "monitor can watch no more");
	end(pids[0]);
	end(pids[2]);
	end(pids[3]);
	clean_up();
}
END_TEST

#define MANY 100	/* more than one round handles */

START_TEST(many_end_at_once)
{
	pid_t pids[MANY];
	size_t n = 0;

	begin_watching();
	for (int i = 0; i < MANY; i++) {
		pids[i] = login();
		enter(pids[i], false);
	}
	for (int i = 0; i < MANY; i += 2)
		end(pids[i]);
	sessions_reap(&all);
	ck_assert_uint_eq(all.n, MANY / 2);
	for (size_t i = 0; i < all.n; i++)
		for (int j = 1; j < MANY; j += 2)
			n += all.list[i]->pid == pids[j];
	ck_assert_uint_eq(n, MANY / 2);
	for (int i = 1; i < MANY; i += 2)
		end(pids[i]);
	said[0] = '\0';
	sessions_reap(&all);
	ck_assert_uint_eq(all.n, 0);
	clean_up();
}
END_TEST

START_TEST(recorded_a_moment_later)
{
	pid_t pids[] = { login(), login() };

	begin_watching();
	sessions_record(&all, enter(pids[0], false));
	put_file(pids[1], "sshd", 0);
	enter(pids[1], true);
	ck_assert_uint_eq(all.opened, 1);
	ck_assert_int_lt(all.later, INT64_MAX);
	all.later = nsc_process_now() + 60000;
	sessions_go_on(&all);
	went("");
	all.later = nsc_process_now();
	sessions_go_on(&all);
	went("open nsshell\n");
	ck_assert_int_eq(all.later, INT64_MAX);
	sessions_go_on(&all);
	went("");
	/* A session that has ended by then is recorded with its end. */
	sessions_record(&all, all.list[1]);
	end(pids[1]);
	sessions_reap(&all);
	went("close unseen sshd\nhang up sshd\n");
	end(pids[0]);
	clean_up();
}
END_TEST

START_TEST(the_end)
{
	pid_t pid = login();

	begin_watching();
	enter(pid, false);
	unit_write(dir, "session/99999999", "", 0644);
	unit_write(dir, "session/.nsc", "", 0644);
	sessions_close(&all);
	/* The container has ended, so no process is left to hang up. */
	went("close nsshell\n");
	ck_assert_uint_eq(all.n, 0);
	ck_assert_int_eq(unlinkat(NSC_MONITOR_RUNDIR, NSC_DIR_SESSION,
				  AT_REMOVEDIR), 0);
	clean_up();
	end(pid);
}
END_TEST

/* systemd kills the anchor: the session is hung up, and ends later. */
START_TEST(anchored)
{
	pid_t pid = login(), child = login();
	int pidfd = nsc_pidfd_open(pid), anchor = nsc_pidfd_open(child);
	struct session s, *added;

	begin_watching();
	ck_assert_int_eq(admit(pid, false, &s), 1);
	added = sessions_add(&all, &s, pidfd, &err);
	ck_assert_ptr_nonnull(added);
	sessions_anchor(&all, added, &anchor);
	ck_assert_int_eq(anchor, -1);
	sessions_reap(&all);
	ck_assert_uint_eq(hangups.n, 0);
	end(child);
	sessions_reap(&all);
	ck_assert_uint_eq(hangups.n, 1);
	ck_assert_int_eq(hangups.list[0].login, pid);
	ck_assert_int_eq(added->anchor, -1);
	sessions_reap(&all);
	ck_assert_uint_eq(hangups.n, 1);
	ck_assert_uint_eq(all.n, 1);
	end(pid);
	sessions_reap(&all);
	ck_assert_uint_eq(all.n, 0);
	close(pidfd);
	clean_up();
}
END_TEST

/* A session that ends takes its anchor along. */
START_TEST(anchor_goes)
{
	pid_t pid = login(), child;
	int pidfd = nsc_pidfd_open(pid), anchor;
	struct session s, *added;

	child = nsc_process_fork(&anchor);
	while (child == 0 && pause() < 0)
		continue;
	begin_watching();
	ck_assert_int_eq(admit(pid, false, &s), 1);
	added = sessions_add(&all, &s, pidfd, &err);
	ck_assert_ptr_nonnull(added);
	sessions_anchor(&all, added, &anchor);
	end(pid);
	sessions_reap(&all);
	ck_assert_uint_eq(hangups.n, 0);
	ck_assert_int_lt(kill(child, 0), 0);
	close(pidfd);
	clean_up();
}
END_TEST

START_TEST(no_descriptors)
{
	struct rlimit few = { 100, 100 };
	pid_t pid = login();
	int pidfd = nsc_pidfd_open(pid);
	struct session s;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	begin_watching();
	ck_assert_uint_eq(all.max, 7);
	ck_assert_int_eq(admit(pid, false, &s), 1);
	few.rlim_cur = 5;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_ptr_null(sessions_add(&all, &s, pidfd, &err));
	/* It is in the groups already, so it must end. */
	ck_assert_int_eq(err.code, ENOTRECOVERABLE);
	ck_assert_str_eq(err.text, "note the session: Too many open files: see "
			 "RLIMIT_NOFILE");
	ck_assert_uint_eq(all.n, 0);
	few.rlim_cur = few.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	end(pid);
	close(pidfd);
	clean_up();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		take_over, no_directory, who_is_one, once, note, limit,
		many_end_at_once, recorded_a_moment_later, the_end,
		anchored, anchor_goes, no_descriptors, NULL,
	};
	TCase *tcase = unit_case("sessions");

	unit_add(tcase, tests);
	return run_monitor("sessions", tcase);
}
