/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/monitor/sshd_commands.c, and the table that watches it: sshd's process
 * for the user tells of the commands that it starts.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "linux/pidfd.h"
#include "monitor/sshd_commands.h"
#include "util/fd.h"
#include "util/process.h"

/* --- the kernel's options, which an older one does not have */

#define PASSPIDFD 76
#define PASSRIGHTS 83

static char options[64];
static int refuses;		/* the option that the kernel does not know */
static bool is_old;

int __real_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value,
		      socklen_t len)
{
	size_t n = strlen(options);

	ck_assert(level == SOL_SOCKET && len == sizeof(int));
	snprintf(options + n, sizeof(options) - n, "%d %d\n", name,
		 *(const int *)value);
	if (name == refuses)
		return -1;
	if (__real_setsockopt(fd, level, name, value, len) < 0)
		is_old = is_old || name == PASSPIDFD;
	return 0;
}

/* --- a login of sshd */

static int channel[2];		/* the monitor's, and sshd's */

static struct session *sshd(pid_t *pid)
{
	struct session *s;

	*pid = login();
	put_file(*pid, "sshd", 0);
	s = enter(*pid, true);
	ck_assert(s->commands == -1 && s->command == -1);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				    channel), 0);
	options[0] = '\0';
	return s;
}

/* A command begins: its process tells it, and lives on. */
static pid_t begins(void)
{
	int ready[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		(void)!write(channel[1], "", 1);
		close(ready[1]);
		for (;;)
			pause();
	}
	ck_assert_int_gt(pid, 0);
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &(char){ 0 }, 1), 0);
	close(ready[0]);
	return pid;
}

START_TEST(only_of_sshd)
{
	static const int both[] = { PASSRIGHTS, PASSPIDFD };
	struct session *s, su = { .service = "su", .commands = -1 };
	int client;
	pid_t pid;

	begin_watching();
	s = sshd(&pid);
	client = channel[0];
	sessions_commands(&all, &su, &client);
	ck_assert(client == channel[0] && su.commands == -1);
	ck_assert_str_eq(options, "");
	/* Descriptors of a user's process would have to be closed. */
	for (int i = 0; i < 2; i++) {
		refuses = both[i];
		sessions_commands(&all, s, &client);
		ck_assert(client == channel[0] && s->commands == -1);
	}
	refuses = 0;
	options[0] = '\0';
	sessions_commands(&all, s, &client);
	ck_assert(client == -1 && s->commands == channel[0]);
	ck_assert_str_eq(options, "83 0\n76 1\n");
	/* A second connection is not kept. */
	client = channel[1];
	sshd_commands_keep(s, &client);
	ck_assert(client == channel[1] && s->commands == channel[0]);
	close(channel[1]);
	end(pid);
	clean_up();
}
END_TEST

START_TEST(one_after_the_other)
{
	struct session *s;
	pid_t pid, first, second;
	int client;

	begin_watching();
	s = sshd(&pid);
	client = channel[0];
	sessions_commands(&all, s, &client);
	ck_assert_int_eq(sshd_commands_take(s), -1);
	sessions_reap(&all);
	ck_assert_int_eq(s->command, -1);
	first = begins();
	second = begins();
	if (!is_old) {
		/* One at a time: the monitor has other work. */
		sessions_reap(&all);
		ck_assert_int_eq(unit_pid_of(s->command), first);
		sessions_reap(&all);
		ck_assert_int_eq(unit_pid_of(s->command), second);
		ck_assert_int_eq(sshd_commands_take(s), -1);
	}
	went("");
	ck_assert_uint_eq(all.n, 1);
	/* sshd closes it: the last command is still known. */
	end(first);
	end(second);
	close(channel[1]);
	sessions_reap(&all);
	ck_assert_int_eq(s->commands, -1);
	ck_assert(is_old || s->command >= 0);
	sessions_reap(&all);
	ck_assert_int_eq(sshd_commands_take(s), -1);
	end(pid);
	sessions_reap(&all);
	went("close sshd\nhang up sshd\n");
	clean_up();
}
END_TEST

/* Those that began just before the end are taken, too. */
START_TEST(before_the_end)
{
	struct session s = { .commands = -1, .command = -1 };
	pid_t pid, first, second;
	struct session *added;
	int client;

	begin_watching();
	added = sshd(&pid);
	client = channel[0];
	sessions_commands(&all, added, &client);
	first = begins();
	second = begins();
	end(pid);
	s.commands = dup(added->commands);
	sessions_reap(&all);
	ck_assert_uint_eq(all.n, 0);
	/* Nothing is left in it. */
	ck_assert_int_eq(sshd_commands_take(&s), -1);
	close(s.commands);
	end(first);
	end(second);
	close(channel[1]);
	clean_up();
}
END_TEST

/* A message without a process is one, too. */
START_TEST(of_nobody)
{
	struct session s = { .commands = -1, .command = dup(0) };

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, channel), 0);
	ck_assert_int_eq(sshd_commands_take(&s), -1);
	s.commands = channel[0];
	ck_assert_int_eq(write(channel[1], "", 1), 1);
	ck_assert_int_eq(sshd_commands_take(&s), 1);
	ck_assert_int_eq(s.command, -1);
	/* Nor does the number of a process count, which it may choose. */
	ck_assert_int_eq(setsockopt(channel[0], SOL_SOCKET, SO_PASSCRED,
				    &(int){ 1 }, sizeof(int)), 0);
	ck_assert_int_eq(write(channel[1], "", 1), 1);
	ck_assert_int_eq(sshd_commands_take(&s), 1);
	ck_assert_int_eq(s.command, -1);
	close(channel[1]);
	ck_assert_int_eq(sshd_commands_take(&s), 0);
	s.command = dup(0);
	sshd_commands_close(&s);
	ck_assert(s.commands == -1 && s.command == -1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		only_of_sshd, one_after_the_other, before_the_end, of_nobody,
		NULL,
	};
	TCase *tcase = unit_case("commands");

	unit_add(tcase, tests);
	return run_monitor("commands", tcase);
}
