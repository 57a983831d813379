/*
 * lib/monitor/session_table.c and socket.c: the sessions that a monitor knows,
 * and who may become one.  Logins are children of the test.  With nobody's
 * rights all of them are the user's; root's have a file.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "util/fd.h"
#include "util/paths.h"
#include "linux/pidfd.h"
#include "monitor/session_table.h"
#include "monitor/session_log.h"
#include "monitor/socket.h"
#include "rundir/enter_socket.h"
#include "rundir/monitor_start.h"
#include "rundir/session_file.h"

#define USER 65534		/* whose container it is, for root */

static char dir[64], said[4096];
static int which;		/* row of a table */
static struct nsc_watch watch;
static struct endings endings;
static struct sessions all;
static struct nsc_error err;

/* --- what leaves the monitor */

static void say(const char *what, const struct session *s)
{
	size_t n = strlen(said);

	snprintf(said + n, sizeof(said) - n, "%s %s\n", what, s->service);
}

void __wrap_record_open(struct session *s);
void __wrap_record_open(struct session *s)
{
	say("open", s);
	s->unrecorded = false;
}

void __wrap_record_close(const struct session *s,
			 const struct session_end *end);
void __wrap_record_close(const struct session *s,
			 const struct session_end *end)
{
	(void)end;
	say(s->unrecorded ? "close unseen" : "close", s);
}

void __wrap_endings_of(struct endings *list, const struct session *s);
void __wrap_endings_of(struct endings *list, const struct session *s)
{
	ck_assert_ptr_eq(list, &endings);
	say("hang up", s);
}

static bool is_root, is_old;

int __real_getsockopt(int fd, int level, int name, void *value,
		      socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value,
		      socklen_t *len);
/* Whom the kernel takes a client for; and one that has no SO_PEERPIDFD. */
int __wrap_getsockopt(int fd, int level, int name, void *value,
		      socklen_t *len)
{
	int ret = __real_getsockopt(fd, level, name, value, len);

	if (name == SO_PEERCRED && is_root)
		((struct ucred *)value)->uid = 0;
	if (name == SO_PEERCRED || !is_old)
		return ret;
	if (ret == 0)
		nsc_fd_close(value);
	errno = ENOPROTOOPT;
	return -1;
}

/* --- a monitor, and logins */

static void prepare(void)
{
	int dirfd;

	unit_make_dir(dir);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(dup2(dirfd, NSC_MONITOR_RUNDIR), NSC_MONITOR_RUNDIR);
	ck_assert_int_eq(mkdirat(dirfd, NSC_DIR_SESSION, 0755), 0);
	memset(&watch, 0, sizeof(watch));
	memset(&endings, 0, sizeof(endings));
	said[0] = '\0';
	all = (struct sessions){
		.user = "alice", .uid = geteuid() ? geteuid() : USER,
		.watch = &watch, .endings = &endings,
	};
}

static void watch_now(void)
{
	ck_assert_msg(sessions_open(&all, &err) == 0, "%s", err.text);
}

static void clean_up(void)
{
	sessions_close(&all);
	free(all.list);
	free(endings.list);
	close(all.epoll);
	close(all.dir);
	unit_remove_dir(dir);
}

/* A process that waits until it is killed. */
static pid_t login(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	ck_assert_int_gt(pid, 0);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void put_file(pid_t pid, const char *service, int later)
{
	char name[32], text[256];
	uint64_t start = 0;

	nsc_pidfd_start_time(pid, &start);
	snprintf(name, sizeof(name), "session/%d", (int)pid);
	snprintf(text, sizeof(text), "start %llu\nopened 1\nuser alice\n"
		 "service %s\nrhost 192.0.2.1\ngarbage\n",
		 (unsigned long long)start + (unsigned int)later, service);
	unit_write(dir, name, text, 0644);
}

static bool has_file(pid_t pid)
{
	char name[32];

	snprintf(name, sizeof(name), "session/%d", (int)pid);
	return faccessat(NSC_MONITOR_RUNDIR, name, F_OK, 0) == 0;
}

static int admit(pid_t pid, bool root, struct session *s)
{
	return sessions_admit(&all, pid, root, s, &err);
}

/* Admitted, and in the table. */
static struct session *enter(pid_t pid, bool root)
{
	int pidfd = nsc_pidfd_open(pid);
	struct session s, *added;

	ck_assert_int_eq(admit(pid, root, &s), 1);
	added = sessions_add(&all, &s, pidfd, &err);
	close(pidfd);
	ck_assert_msg(added, "%s", err.text);
	return added;
}

static void went(const char *expected)
{
	ck_assert_str_eq(said, expected);
	said[0] = '\0';
}

/* --- the table */

START_TEST(take_over)
{
	pid_t there = login(), other = login(), gone = login();

	put_file(there, "sshd", 0);
	put_file(other, "cron", 1);
	put_file(gone, "su", 0);
	end(gone);
	unit_write(dir, "session/12x", "start 1\n", 0644);
	watch_now();
	ck_assert_uint_eq(all.n, 1);
	ck_assert_int_eq(all.list[0]->pid, there);
	ck_assert_str_eq(all.list[0]->rhost, "192.0.2.1");
	/* Those that ended when nobody watched, in whatever order. */
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
}
END_TEST

START_TEST(who_is_one)
{
	pid_t pid = login();
	struct session s;

	watch_now();
	/* Root's without a file, and with another process's. */
	ck_assert_int_eq(admit(pid, true, &s), 0);
	put_file(pid, "sshd", 1);
	ck_assert_int_eq(admit(pid, true, &s), 0);
	put_file(pid, "sshd", 0);
	ck_assert_int_eq(admit(pid, true, &s), 1);
	ck_assert_str_eq(s.service, "sshd");
	ck_assert(!s.by_user && !s.entered);
	/* The user's, whatever a file says. */
	watch.generation = 7;
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

/* A session takes descriptors, and its end gives them back. */
static int next_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

START_TEST(once)
{
	pid_t pid = login();
	struct ending before[] = { { .login = pid }, { .login = 1 } };
	struct session *first, s;
	int next;

	watch_now();
	next = next_descriptor();
	endings.n = 2;
	endings.list = before;
	first = enter(pid, false);
	/* Another process had the number, and is not hung up any more. */
	ck_assert_uint_eq(endings.n, 1);
	ck_assert_int_eq(before[0].login, 1);
	endings.list = NULL;
	endings.n = 0;
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
	/* Of root's the login has made the file. */
	pid = login();
	put_file(pid, "su", 0);
	enter(pid, true);
	ck_assert_int_eq(nsc_session_file_read(all.dir, pid, &s), 0);
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

/* What there is to see of a nsshell is noted for nsinit. */
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
	watch.generation = 3;
	watch_now();
	added = enter(pid, false);
	ck_assert_str_eq(added->tty, ptsname(master));
	ck_assert_int_eq(nsc_session_file_read(all.dir, pid, &s), 0);
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
	/* One without a terminal has none. */
	ck_assert_int_eq(dup2(NSC_MONITOR_PID1, 0), 0);
	pid = login();
	ck_assert_str_eq(enter(pid, false)->tty, "");
	end(pid);
	clean_up();
}
END_TEST

START_TEST(limit)
{
	pid_t pids[] = { login(), login(), login(), login() };
	struct session s;

	watch.lifecycle.max_sessions = 1;
	watch_now();
	put_file(pids[0], "nsinit-exec", 0);
	enter(pids[0], true);
	enter(pids[1], false);
	ck_assert_int_eq(admit(pids[2], false, &s), -EUSERS);
	ck_assert_str_eq(err.text, "You have 1 session, which is the most "
			 "that the administrator allows.");
	watch.lifecycle.max_sessions = 2;
	enter(pids[2], false);
	ck_assert_int_eq(admit(pids[3], false, &s), -EUSERS);
	ck_assert_ptr_nonnull(strstr(err.text, "You have 2 sessions, "));
	/* An administrator's command is not counted; who has ended is not. */
	put_file(pids[3], "nsinit-exec", 0);
	ck_assert_int_eq(admit(pids[3], true, &s), 1);
	end(pids[1]);
	ck_assert_int_eq(admit(pids[3], false, &s), 1);
	/* And what the monitor can watch has an end. */
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

#define MANY 100	/* more than are looked at in one go */

START_TEST(many_end_at_once)
{
	pid_t pids[MANY];
	size_t n = 0;

	watch_now();
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

	watch_now();
	sessions_record(&all, enter(pids[0], false));
	put_file(pids[1], "sshd", 0);
	enter(pids[1], true);
	ck_assert_uint_eq(all.opened, 1);
	ck_assert_int_lt(all.later, INT64_MAX);
	all.later = now_ms() + 60000;
	sessions_go_on(&all);
	went("");
	all.later = now_ms();
	sessions_go_on(&all);
	went("open nsshell\n");
	ck_assert_int_eq(all.later, INT64_MAX);
	sessions_go_on(&all);
	went("");
	/* One that is over by then is recorded with its end. */
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

	watch_now();
	enter(pid, false);
	unit_write(dir, "session/99999999", "", 0644);
	unit_write(dir, "session/.nsc", "", 0644);
	sessions_close(&all);
	/* The container has gone: nobody is left to be hung up. */
	went("close nsshell\n");
	ck_assert_uint_eq(all.n, 0);
	ck_assert_int_eq(unlinkat(NSC_MONITOR_RUNDIR, NSC_DIR_SESSION,
				  AT_REMOVEDIR), 0);
	clean_up();
	end(pid);
}
END_TEST

START_TEST(no_descriptors)
{
	struct rlimit few = { 100, 100 };
	pid_t pid = login();
	int pidfd = nsc_pidfd_open(pid);
	struct session s;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	watch_now();
	ck_assert_uint_eq(all.max, 36);
	ck_assert_int_eq(admit(pid, false, &s), 1);
	few.rlim_cur = 5;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_ptr_null(sessions_add(&all, &s, pidfd, &err));
	/* It is in the groups by then, so it has to end. */
	ck_assert_int_eq(err.code, ENOTRECOVERABLE);
	ck_assert_str_eq(err.text, "note the session: Too many open files");
	ck_assert_uint_eq(all.n, 0);
	end(pid);
}
END_TEST

/* --- the socket */

enum client { ASKS, TALKS, LEAVES, ENDS };

/* One that connects, and then waits; its connection. */
static pid_t client(enum client kind, uid_t uid, int *ret)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	static const char noise[65536];
	int pair[2];
	pid_t pid;

	snprintf(to.sun_path, sizeof(to.sun_path), "%s/enter", dir);
	ck_assert_int_eq(pipe(pair), 0);
	pid = fork();
	if (pid == 0) {
		*ret = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		if ((geteuid() == 0 && setresuid(uid, uid, uid) < 0) ||
		    connect(*ret, (struct sockaddr *)&to, sizeof(to)) < 0)
			_exit(1);
		if (kind == TALKS && send(*ret, noise, sizeof(noise), 0) < 0)
			_exit(2);
		if (kind == LEAVES)
			close(*ret);
		(void)!write(pair[1], "", 1);
		if (kind == ENDS)
			_exit(0);
		close(pair[0]);
		for (;;) {
			struct nsc_door_answer answer = { .entered = true };

			if (recv(*ret, &answer, sizeof(answer), 0) > 0)
				(void)!write(pair[1], &answer, sizeof(answer));
			/* Who has said what nobody read is told so first. */
			else if (errno != ECONNRESET)
				pause();
		}
	}
	close(pair[1]);
	ck_assert_int_eq(read(pair[0], &(char){ 0 }, 1), 1);
	if (kind == ENDS)
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	*ret = pair[0];
	return pid;
}

static struct nsc_door_answer answer_to(int in)
{
	struct nsc_door_answer answer;

	ck_assert_int_eq(read(in, &answer, sizeof(answer)), sizeof(answer));
	close(in);
	return answer;
}

enum peer { OWN, STRANGER, ROOT };

static const struct {
	enum client kind;
	enum peer peer;
	bool old;		/* the kernel */
	bool full;		/* the user has the one session that may be */
	bool has_file;		/* as logins of root's have */
	int code;		/* of the answer, -1: nobody hears it */
	const char *text;
	bool is_session;
} clients[] = {
	{ ASKS, .is_session = true },
	{ ASKS, .old = true, .is_session = true },
	{ TALKS, .is_session = true },
	{ LEAVES, .code = -1, .is_session = true },
	{ ENDS, .code = -1 },
	{ ENDS, .old = true, .code = -1 },
	{ ASKS, STRANGER, .code = EPERM, .text = "is not whose container this "
						 "is" },
	{ ASKS, .full = true, .code = EUSERS, .text = "You have 1 session, " },
	{ ASKS, .peer = ROOT },
	{ ASKS, ROOT, .has_file = true, .is_session = true },
	/* Who connected has ended, and another has its number. */
	{ ASKS, ROOT, .old = true, .has_file = true, .code = ESRCH,
	  .text = "the process has ended" },
};

/* What the socket's client hears, and the table has after it. */
static void check_client(pid_t pid, int in)
{
	struct nsc_door_answer answer;

	if (clients[which].code >= 0) {
		answer = answer_to(in);
		ck_assert_int_eq(answer.err.code, clients[which].code);
		ck_assert_msg(strstr(answer.err.text, clients[which].text ?
				     clients[which].text : ""), "%s",
			      answer.err.text);
		ck_assert(!answer.entered);
	}
	ck_assert_uint_eq(all.opened, clients[which].is_session);
	ck_assert_uint_eq(all.n, all.opened + clients[which].full);
	if (clients[which].is_session) {
		ck_assert_int_eq(all.list[0]->pid, pid);
		ck_assert_int_eq(all.list[0]->by_user,
				 clients[which].peer == OWN);
	}
	/* Groups of who is no session, and has them, go as well. */
	if (!clients[which].code)
		ck_assert_int_lt(all.later, INT64_MAX);
}

START_TEST(clients_are_answered)
{
	int door, in, in_again;
	pid_t pid, other = login();

	which = _i;
	watch.lifecycle.max_sessions = 1;
	watch_now();
	door = door_open(all.uid, &err);
	ck_assert_msg(door >= 0, "%s", err.text);
	ck_assert_int_eq(fchmodat(NSC_MONITOR_RUNDIR, "enter", 0666, 0), 0);
	/* Nobody is there. */
	door_serve(door, &all);
	if (clients[_i].full)
		enter(other, false);
	pid = client(clients[_i].kind, all.uid, &in);
	if (clients[_i].has_file)
		put_file(pid, "sshd", 0);
	if (clients[_i].peer == STRANGER)
		all.uid++;
	is_root = clients[_i].peer == ROOT;
	is_old = clients[_i].old;
	door_serve(door, &all);
	check_client(pid, in);
	is_root = false;
	if (clients[_i].is_session && clients[_i].code == 0) {
		/* Another process of the user's is one more. */
		client(ASKS, all.uid, &in_again);
		door_serve(door, &all);
		ck_assert_int_eq(answer_to(in_again).err.code, EUSERS);
	}
	door_close(door);
	ck_assert_int_lt(faccessat(NSC_MONITOR_RUNDIR, "enter", F_OK, 0), 0);
	end(other);
	if (clients[_i].kind != ENDS)
		end(pid);
	clean_up();
}
END_TEST

/* Root's and the user's alone, and whatever was there before. */
START_TEST(the_socket)
{
	mode_t mask = umask(022);
	struct stat st;
	int door;

	unit_write(dir, "enter", "", 0666);
	door = door_open(geteuid(), &err);
	ck_assert_msg(door >= 0, "%s", err.text);
	ck_assert_uint_eq(umask(mask), 022);
	ck_assert_int_eq(fstatat(NSC_MONITOR_RUNDIR, "enter", &st, 0), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 0707, 0600);
	ck_assert_int_ne(fcntl(door, F_GETFL) & O_NONBLOCK, 0);
	door_close(door);
	ck_assert_int_eq(dup2(NSC_MONITOR_PID1, NSC_MONITOR_RUNDIR),
			 NSC_MONITOR_RUNDIR);
	ck_assert_int_eq(door_open(geteuid(), &err), -ENOTDIR);
	ck_assert_str_eq(err.text, "listen on 'enter': Not a directory");
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		take_over, no_directory, who_is_one, once, note, limit,
		many_end_at_once, recorded_a_moment_later, the_end,
		no_descriptors, the_socket, NULL,
	};
	Suite *suite = suite_create("sessions");
	TCase *tcase = tcase_create("sessions");

	/* These are the monitor's, as it is started, and not the runner's. */
	while (open("/dev/null", O_RDONLY) < NSC_MONITOR_DIR)
		;
	tcase_add_checked_fixture(tcase, prepare, NULL);
	tcase_set_timeout(tcase, 60);
	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, clients_are_answered, 0,
			    NSC_ARRAY_SIZE(clients));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
