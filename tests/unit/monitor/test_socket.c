/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/monitor/socket.c: the answers to clients.  The client is a child of the
 * test, which runs without privileges and fakes the kernel's answers.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "cgroup/cgroup_tasks.h"
#include "monitor/session_cgroups.h"
#include "monitor/socket.h"
#include "util/paths.h"
#include "rundir/enter_socket.h"
#include "rundir/monitor_start.h"
#include "util/fd.h"

static int which;		/* row of the table */
static bool is_root, is_old, is_unseen;

int __real_getsockopt(int fd, int level, int name, void *value,
		      socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value,
		      socklen_t *len);
/* Fake the credentials of a client, and a kernel without SO_PEERPIDFD. */
int __wrap_getsockopt(int fd, int level, int name, void *value,
		      socklen_t *len)
{
	int ret = __real_getsockopt(fd, level, name, value, len);

	if (name == SO_PEERCRED && is_root)
		((struct ucred *)value)->uid = 0;
	/* It is in no namespace of processes that is below this one. */
	if (name == SO_PEERCRED && is_unseen)
		((struct ucred *)value)->pid = 0;
	if (name == SO_PEERCRED || !is_old)
		return ret;
	if (ret == 0)
		nsc_fd_close(value);
	errno = ENOPROTOOPT;
	return -1;
}

/* On a host with control groups of version 1, the client gets their files. */
static bool has_v1;

int __real_session_cgroups_enter(struct nsc_cgroup_tree *tree, pid_t pid,
				 int pidfd, struct nsc_cgroup_tasks *tasks,
				 struct nsc_error *e);
int __wrap_session_cgroups_enter(struct nsc_cgroup_tree *tree, pid_t pid,
				 int pidfd, struct nsc_cgroup_tasks *tasks,
				 struct nsc_error *e);
int __wrap_session_cgroups_enter(struct nsc_cgroup_tree *tree, pid_t pid,
				 int pidfd, struct nsc_cgroup_tasks *tasks,
				 struct nsc_error *e)
{
	if (has_v1)
		tasks->fds[tasks->n++] = open("/", O_RDONLY | O_CLOEXEC);
	return __real_session_cgroups_enter(tree, pid, pidfd, tasks, e);
}

enum client { ASKS, TALKS, LEAVES, ENDS };

/* Start a client that connects and then waits; *ret is its connection. */
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
			struct nsc_enter_answer answer = { .entered = true };

			if (recv(*ret, &answer, sizeof(answer), 0) > 0)
				(void)!write(pair[1], &answer, sizeof(answer));
			/* ECONNRESET comes first if sent data was not read. */
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

static struct nsc_enter_answer answer_to(int in)
{
	struct nsc_enter_answer answer;

	ck_assert_int_eq(read(in, &answer, sizeof(answer)), sizeof(answer));
	close(in);
	return answer;
}

enum peer { OWN, STRANGER, ROOT, UNSEEN };

static const struct {
	enum client kind;
	enum peer peer;
	bool old;		/* the kernel */
	bool full;		/* the user has the only allowed session */
	bool ended;		/* PID 1 */
	bool has_file;		/* as logins of root have */
	int code;		/* of the answer; -1: no client reads it */
	const char *text;
	bool is_session;
} clients[] = {
	{ ASKS, .is_session = true },
	{ ASKS, .old = true, .is_session = true },
	{ TALKS, .is_session = true },
	{ LEAVES, .code = -1, .is_session = true },
	{ ENDS, .code = -1 },
	{ ENDS, .old = true, .code = -1 },
	{ ASKS, STRANGER, .code = EPERM, .text = "the container does not "
						 "belong to uid " },
	{ ASKS, UNSEEN, .code = EPERM, .text = "the process cannot be seen "
					       "from the host" },
	{ ASKS, .full = true, .code = EUSERS, .text = "You have 1 session, " },
	{ ASKS, .ended = true, .code = ESRCH,
	  .text = "the container has ended" },
	{ ASKS, .peer = ROOT },
	{ ASKS, ROOT, .has_file = true, .is_session = true },
	/* The client has ended, and another process has its pid. */
	{ ASKS, ROOT, .old = true, .has_file = true, .code = ESRCH,
	  .text = "the process has ended" },
};

/* Check the answer to the client, and the table after it. */
static void check_client(pid_t pid, int in)
{
	struct nsc_enter_answer answer;

	if (clients[which].code >= 0) {
		answer = answer_to(in);
		ck_assert_int_eq(answer.err.code, clients[which].code);
		ck_assert_msg(strstr(answer.err.text, clients[which].text ?
				     clients[which].text : ""), "%s",
			      answer.err.text);
		ck_assert(!answer.entered);
	} else {
		close(in);
	}
	ck_assert_uint_eq(all.opened, clients[which].is_session);
	ck_assert_uint_eq(all.n, all.opened + clients[which].full);
	if (clients[which].is_session) {
		ck_assert_int_eq(all.list[0]->pid, pid);
		ck_assert_int_eq(all.list[0]->by_user,
				 clients[which].peer == OWN);
	}
	/* Groups of a process that is not a session are removed later. */
	if (!clients[which].code)
		ck_assert_int_lt(all.later, INT64_MAX);
}

START_TEST(clients_are_answered)
{
	int door, in, in_again;
	pid_t pid, other = login();
	siginfo_t info;

	which = _i;
	state.pid = getpid();
	if (clients[_i].ended) {
		state.pid = fork();
		if (state.pid == 0)
			_exit(0);
		waitid(P_PID, (id_t)state.pid, &info, WEXITED | WNOWAIT);
	}
	state.lifecycle.max_sessions = 1;
	begin_watching();
	door = socket_open(NSC_FILE_ENTER, all.uid, &err);
	ck_assert_msg(door >= 0, "%s", err.text);
	ck_assert_int_eq(fchmodat(NSC_MONITOR_RUNDIR, "enter", 0666, 0), 0);
	/* No client has connected. */
	socket_serve(door, &all);
	if (clients[_i].full)
		enter(other, false);
	pid = client(clients[_i].kind, all.uid, &in);
	if (clients[_i].has_file)
		put_file(pid, "sshd", 0);
	if (clients[_i].peer == STRANGER)
		all.uid++;
	is_root = clients[_i].peer == ROOT;
	is_unseen = clients[_i].peer == UNSEEN;
	is_old = clients[_i].old;
	has_v1 = true;
	socket_serve(door, &all);
	has_v1 = false;
	check_client(pid, in);
	is_root = is_unseen = false;
	if (clients[_i].is_session && clients[_i].code == 0) {
		/* Another process of the user counts as another session. */
		client(ASKS, all.uid, &in_again);
		socket_serve(door, &all);
		ck_assert_int_eq(answer_to(in_again).err.code, EUSERS);
	}
	socket_close(door);
	ck_assert_int_lt(faccessat(NSC_MONITOR_RUNDIR, "enter", F_OK, 0), 0);
	end(other);
	if (clients[_i].kind != ENDS)
		end(pid);
	clean_up();
}
END_TEST

/* Only root and the user have access, with any file there before. */
START_TEST(the_socket)
{
	mode_t mask = umask(022);
	struct stat st;
	int door;

	unit_write(dir, "enter", "", 0666);
	door = socket_open(NSC_FILE_ENTER, geteuid(), &err);
	ck_assert_msg(door >= 0, "%s", err.text);
	ck_assert_uint_eq(umask(mask), 022);
	ck_assert_int_eq(fstatat(NSC_MONITOR_RUNDIR, "enter", &st, 0), 0);
	ck_assert(S_ISSOCK(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 0707, 0600);
	ck_assert_int_ne(fcntl(door, F_GETFL) & O_NONBLOCK, 0);
	socket_close(door);
	ck_assert_int_eq(dup2(NSC_MONITOR_PID1, NSC_MONITOR_RUNDIR),
			 NSC_MONITOR_RUNDIR);
	ck_assert_int_eq(socket_open(NSC_FILE_ENTER, geteuid(), &err),
			 -ENOTDIR);
	ck_assert_str_eq(err.text, "listen on 'enter': Not a directory");
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	TCase *tcase = unit_case("socket");

	tcase_add_test(tcase, the_socket);
	tcase_add_loop_test(tcase, clients_are_answered, 0,
			    NSC_ARRAY_SIZE(clients));
	return run_monitor("socket", tcase);
}
