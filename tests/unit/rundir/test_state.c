/* SPDX-License-Identifier: Apache-2.0 */
/* The file 'state', and the container that it describes. */
#include "unit.h"

#include <errno.h>
#include <sys/wait.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"
#include "linux/pidfd.h"
#include "rundir/rundir.h"
#include "rundir/running.h"
#include "myself.h"

static struct nsc_error err;

static char *print_state(const struct nsc_state *state)
{
	char *text = NULL;

	ck_assert_msg(nsc_state_print(state, &text, &err) == 0, "%s", err.text);
	return text;
}

/* A state that no login could read is not written. */
START_TEST(too_large)
{
	struct nsc_state a = of_myself();
	char *text = NULL, *value = malloc(NSC_FILE_MAX + 1);

	memset(value, 'x', NSC_FILE_MAX);
	value[NSC_FILE_MAX] = '\0';
	a.process.env = (char *[]){ value, NULL };
	ck_assert_int_eq(nsc_state_print(&a, &text, &err), -E2BIG);
	ck_assert_ptr_null(text);
	ck_assert_ptr_nonnull(strstr(err.text, "environment takes"));
	free(value);
}
END_TEST

START_TEST(state_round_trip)
{
	const struct nsc_state a = of_myself();
	struct nsc_state *b = NULL;
	char *text = print_state(&a);
	char *again;

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(nsc_state_parse(strdup(text), &b, &err) == 0, "%s",
		      err.text);
	ck_assert_uint_eq(b->filter.len, 7);
	ck_assert_uint_eq(b->filter.flags, 2);
	ck_assert_ptr_null(b->filter.code);
	ck_assert_str_eq(b->process.env[0], environment[0]);
	ck_assert_uint_eq(b->groups.list[1], 4294967294);
	ck_assert_uint_eq(b->process.capabilities, a.process.capabilities);
	ck_assert_uint_eq(b->process.ambient, a.process.ambient);
	ck_assert_ptr_null(b->message);
	ck_assert_str_eq(b->digest, digest);
	ck_assert_str_eq(b->files, files);
	ck_assert_uint_eq(b->generation, 3);
	ck_assert_ptr_null(b->exclusive);
	ck_assert(!memcmp(&b->lifecycle, &a.lifecycle, sizeof(a.lifecycle)));
	ck_assert(!memcmp(&b->process.rlimits, &a.process.rlimits,
			  sizeof(a.process.rlimits)));
	again = print_state(b);
	ck_assert_str_eq(text, again);
	free(text);
	free(again);
	nsc_state_free(b);
}
END_TEST

#define A "version 3\nuser a\n"
static const char *const bad_states[] = {
	"", "version", "version 3", "version \n", "version x\nuser a\n",
	"version 3\nversion 3\nuser a\n", "version -1\n", "uid 1\n",
	"version 3\n", "version 3\nuser", "version 3\nuser a", A,
	A "uid -1\n", A "uid 4294967296\n", A "uid 1 2\n", A "uid 1x\n",
	A "user b\nuid 1\n", A "uid \n", A "uid\n", A "uid 1 \n",
};
#undef A

static const char *const other_versions[] = {
	"version 0\n", "version 4\nzone 7\n", "version 4294967295\n",
	"version 4\nuid x\nuid\nbody", "user a\nuid 1000\n",
	("version 4\npid 99999999999\nboot_id 0123456789012345678901234567"
	 "890123456789\nstop\n"),
};

/* Whatever another version writes, it is no broken file. */
START_TEST(other_versions_are_recognized)
{
	struct nsc_state *state = NULL;

	ck_assert_int_eq(nsc_state_parse(strdup(other_versions[_i]), &state,
					 &err), 0);
	ck_assert(state->other_version);
	ck_assert(*state->user == '\0' || !strcmp(state->user, "a"));
	ck_assert_str_eq(state->config, "");
	ck_assert_str_eq(state->digest, "");
	ck_assert_str_eq(state->stop, "");
	ck_assert_ptr_null(state->exclusive);
	nsc_state_free(state);
}
END_TEST

/*
 * This text is never changed: it has what all versions promise each other, in
 * docs/design/0055-versions-that-meet.md, among lines that no version knows.
 */
static const char frozen[] =
	"version 4000000000\nfirst of all\nuser alice\nuid 1000\nuidx 1001\n"
	"pid 4711\nstart 123456\nboot_id 01234567-89ab-cdef-0123-456789abcdef\n"
	"\nsince 1700000000\nids of a kind\nrootfs /srv/a\\nb\n"
	"external /run/a.pid\nconfig /etc/nscontainer/users/a\n"
	"generation 7\nexclusive overlay\nstop logout\nown_init 1\n"
	"has_groups 1\nlast";

START_TEST(the_frozen_part_is_read)
{
	struct nsc_state *s = NULL;

	ck_assert_int_eq(nsc_state_parse(strdup(frozen), &s, &err), 0);
	ck_assert(s->other_version);
	ck_assert_str_eq(s->user, "alice");
	ck_assert_uint_eq(s->uid, 1000);
	ck_assert_int_eq(s->pid, 4711);
	ck_assert_uint_eq(s->start, 123456);
	ck_assert_str_eq(s->boot_id, "01234567-89ab-cdef-0123-456789abcdef");
	ck_assert_int_eq(s->since, 1700000000);
	ck_assert_str_eq(s->rootfs, "/srv/a\nb");
	ck_assert_str_eq(s->external, "/run/a.pid");
	ck_assert_str_eq(s->config, "/etc/nscontainer/users/a");
	ck_assert_uint_eq(s->generation, 7);
	ck_assert_str_eq(s->exclusive, "overlay");
	ck_assert_str_eq(s->stop, "logout");
	ck_assert(s->own_init && s->has_groups);
	nsc_state_free(s);
}
END_TEST

/* What this version writes has all of it. */
START_TEST(the_frozen_part_is_written)
{
	struct nsc_state a = of_myself(), *s = NULL;
	char *text, *other;

	a.exclusive = a.external = a.rootfs = conf;
	text = print_state(&a);
	ck_assert_int_eq(strncmp(text, "version ", 8), 0);
	ck_assert_int_gt(asprintf(&other, "version 4000000000\n%s",
				  strchr(text, '\n') + 1), 0);
	ck_assert_int_eq(nsc_state_parse(other, &s, &err), 0);
	ck_assert(s->other_version && s->pid == a.pid && s->uid == a.uid &&
		  s->start == a.start && s->since == a.since &&
		  s->generation == a.generation && s->own_init == a.own_init &&
		  s->has_groups == a.has_groups);
	ck_assert_str_eq(s->user, a.user);
	ck_assert_str_eq(s->boot_id, a.boot_id);
	ck_assert_str_eq(s->config, a.config);
	ck_assert_str_eq(s->stop, a.stop);
	ck_assert_str_eq(s->exclusive, conf);
	ck_assert_str_eq(s->external, conf);
	ck_assert_str_eq(s->rootfs, conf);
	free(text);
	nsc_state_free(s);
}
END_TEST

/* Files that are cut at any byte, or have too much at the end. */
START_TEST(a_part_of_a_state_is_refused)
{
	const struct nsc_state a = of_myself();
	char *text = print_state(&a), *more;
	struct nsc_state *state = NULL;

	for (size_t len = strlen(text); len-- > 0; ) {
		char *part = strndup(text, len);

		ck_assert_int_eq(nsc_state_parse(part, &state, &err), -EINVAL);
		ck_assert_ptr_null(state);
	}
	ck_assert_int_gt(asprintf(&more, "%spid 1\n", text), 0);
	ck_assert_int_lt(nsc_state_parse(more, &state, &err), 0);
	ck_assert_str_eq(err.text, "state: has unexpected content at the end");
	free(text);
}
END_TEST

/* No value can be read as another field. */
START_TEST(odd_values_stay_what_they_are)
{
	char odd[] = "a\\n\n\\\npid 1\nx\\", empty[] = "", space[] = " ";
	char *vector[] = { empty, odd, space, NULL };
	struct nsc_state a = of_myself(), *b = NULL;
	char *text;

	a.message = odd;
	a.home = empty;
	a.process.env = vector;
	a.process.umask = -1;
	text = print_state(&a);
	ck_assert_msg(nsc_state_parse(strdup(text), &b, &err) == 0, "%s",
		      err.text);
	ck_assert_str_eq(b->message, odd);
	ck_assert_str_eq(b->home, "");
	ck_assert_str_eq(b->process.env[0], "");
	ck_assert_str_eq(b->process.env[1], odd);
	ck_assert_str_eq(b->process.env[2], " ");
	ck_assert_ptr_null(b->process.env[3]);
	ck_assert_int_eq(b->process.umask, -1);
	ck_assert_int_eq(b->pid, a.pid);
	free(text);
	nsc_state_free(b);
}
END_TEST

START_TEST(bad_states_are_refused)
{
	struct nsc_state *state = NULL;

	ck_assert_int_lt(nsc_state_parse(strdup(bad_states[_i]), &state, &err),
			 0);
	ck_assert_ptr_null(state);
	ck_assert_int_eq(strncmp(err.text, "state: ", 7), 0);
	ck_assert_int_eq(err.code, EINVAL);
}
END_TEST

static char dir[64];

/* Make a new directory in place of an instance. */
static int open_dir(void)
{
	int fd = open(unit_make_dir(dir), O_RDONLY | O_DIRECTORY);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(join_accepts_the_right_one)
{
	struct nsc_state a = of_myself(), *b = NULL;
	int fd = open_dir(), pidfd;

	ck_assert_int_eq(nsc_state_save(fd, &a, &err), 0);
	pidfd = nsc_running_find(fd, &b, &err);
	ck_assert_msg(pidfd > 2, "%s", err.text);
	ck_assert_int_eq(b->pid, getpid());
	nsc_state_free(b);
	close(pidfd);
	nsc_state_remove(fd);
	ck_assert_int_eq(nsc_running_find(fd, &b, &err), -ESRCH);
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

/* Without 'pid' nobody joins, but the tools see what runs. */
START_TEST(ending_is_found)
{
	struct nsc_state a = of_myself(), *b = NULL;
	int fd = open_dir(), pidfd;
	bool ending;

	ck_assert_int_eq(nsc_state_save(fd, &a, &err), 0);
	ck_assert_int_eq(nsc_running_find_ending(fd, &b, &err), -ESRCH);
	pidfd = nsc_running_find_any(fd, &ending, &b, &err);
	ck_assert(pidfd > 2 && !ending);
	nsc_state_free(b);
	close(pidfd);
	ck_assert_int_eq(unlinkat(fd, "pid", 0), 0);
	ck_assert_int_eq(nsc_running_find(fd, &b, &err), -ESRCH);
	pidfd = nsc_running_find_any(fd, &ending, &b, &err);
	ck_assert(pidfd > 2 && ending);
	ck_assert_int_eq(b->pid, getpid());
	nsc_state_free(b);
	close(pidfd);
	/* Another process by now, or of an earlier boot. */
	b = NULL;
	a.start++;
	ck_assert_int_eq(nsc_state_save(fd, &a, &err), 0);
	ck_assert_int_eq(unlinkat(fd, "pid", 0), 0);
	ck_assert_int_eq(nsc_running_find_ending(fd, &b, &err), -ESRCH);
	a = of_myself();
	a.boot_id[0] ^= 1;
	ck_assert_int_eq(nsc_state_save(fd, &a, &err), 0);
	ck_assert_int_eq(unlinkat(fd, "pid", 0), 0);
	ck_assert_int_eq(nsc_running_find_ending(fd, &b, &err), -ESRCH);
	ck_assert_ptr_null(b);
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

static int see(int fd, const struct nsc_state *a, bool *ret_ending)
{
	char boot_id[NSC_BOOT_ID_SIZE];
	struct nsc_state *b = NULL;
	int ret;

	if (a)
		ck_assert_int_eq(nsc_state_save(fd, a, &err), 0);
	ck_assert_int_eq(nsc_running_boot(boot_id, &err), 0);
	ret = nsc_running_see(fd, boot_id, ret_ending, &b, &err);
	ck_assert(ret == 0 ? b->pid == getpid() : !b);
	nsc_state_free(b);
	return ret;
}

/* Whoever shows a container needs no pidfd, and is not misled either. */
START_TEST(what_runs_is_seen)
{
	struct nsc_state a = of_myself(), *b = NULL;
	int fd = open_dir();
	bool ending = true;
	pid_t pid;

	ck_assert_int_eq(see(fd, &a, &ending), 0);
	ck_assert(!ending);
	ck_assert_int_eq(unlinkat(fd, "pid", 0), 0);
	ck_assert_int_eq(see(fd, NULL, &ending), 0);
	ck_assert(ending);
	/* What it has left, nobody joins. */
	a.ids[3].ino++;
	ck_assert_int_eq(see(fd, &a, &ending), 0);
	ck_assert_int_eq(nsc_running_find(fd, &b, &err), -ESRCH);
	a = of_myself();
	a.start++;
	ck_assert_int_eq(see(fd, &a, &ending), -ESRCH);
	a = of_myself();
	a.boot_id[0] ^= 1;
	ck_assert_int_eq(see(fd, &a, &ending), -ESRCH);
	pid = fork();
	if (pid == 0)
		_exit(0);
	a = of_myself();
	a.pid = pid;
	ck_assert_int_eq(nsc_pidfd_start_time(pid, &a.start), 0);
	waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	ck_assert_int_eq(see(fd, &a, &ending), -ESRCH);	/* a zombie */
	waitpid(pid, NULL, 0);
	ck_assert_int_eq(see(fd, &a, &ending), -ESRCH);
	nsc_state_remove(fd);
	ck_assert_int_eq(see(fd, NULL, &ending), -ESRCH);
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

static void expect_none(struct nsc_state *a, const char *expected)
{
	struct nsc_state *b = NULL;
	int fd = open_dir();

	ck_assert_int_eq(nsc_state_save(fd, a, &err), 0);
	ck_assert_int_eq(nsc_running_find(fd, &b, &err), -ESRCH);
	ck_assert_msg(strstr(err.text, expected), "%s", err.text);
	ck_assert_ptr_null(b);
	close(fd);
	unit_remove_dir(dir);
}

/* C6: a reused pid, an earlier boot, another container. */
START_TEST(join_refuses_the_wrong_one)
{
	struct nsc_state a = of_myself();
	pid_t pid;

	a.start++;
	expect_none(&a, "the pid now belongs to another process");
	a = of_myself();
	a.boot_id[0] ^= 1;
	expect_none(&a, "from before the last boot");
	a = of_myself();
	a.ids[3].ino++;
	expect_none(&a, "the process has different namespaces");
	a = of_myself();
	pid = fork();
	if (pid == 0)
		_exit(0);
	a.pid = pid;
	usleep(20000);
	expect_none(&a, "");	/* a zombie */
	waitpid(pid, NULL, 0);
	expect_none(&a, "the process has ended");
}
END_TEST

/* A process that lives, but of which 'state' says nothing. */
START_TEST(join_refuses_a_pid_of_its_own)
{
	struct nsc_state a = of_myself(), *b = NULL;
	int fd = open_dir();
	char text[16];

	ck_assert_int_eq(nsc_state_save(fd, &a, &err), 0);
	snprintf(text, sizeof(text), "%d\n", (int)getppid());
	unit_write(dir, "pid", text, 0644);
	ck_assert_int_eq(nsc_running_find(fd, &b, &err), -ESRCH);
	ck_assert_msg(strstr(err.text, "'pid' and 'state' disagree"), "%s",
		      err.text);
	ck_assert_ptr_null(b);
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

/* Whatever the tools look at: a state that cannot be read is no container. */
START_TEST(a_state_that_is_not_there_is_an_error)
{
	static int (*const find[])(int, struct nsc_state **,
				   struct nsc_error *) = {
		nsc_running_find, nsc_running_find_ending, nsc_state_load,
	};
	struct nsc_state a = of_myself(), *b = NULL;
	int fd = open_dir();

	ck_assert_int_eq(nsc_state_save(fd, &a, &err), 0);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(find); i++) {
		unit_write(dir, NSC_FILE_STATE, "version\n", 0600);
		ck_assert_int_lt(find[i](fd, &b, &err), 0);
		unlinkat(fd, NSC_FILE_STATE, 0);
		ck_assert_int_lt(find[i](fd, &b, &err), 0);
		ck_assert_ptr_null(b);
	}
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

static const char *const bad_pids[] = { "", "0\n", "-1\n", "1 \n", "x\n",
	"99999999999\n", "2147483648\n", "1\n2\n" };

START_TEST(join_refuses_bad_files)
{
	struct nsc_state a = of_myself(), *b = NULL;
	int fd = open_dir();

	ck_assert_int_eq(nsc_state_save(fd, &a, &err), 0);
	unit_write(dir, "pid", bad_pids[_i], 0644);
	ck_assert_int_eq(nsc_running_find(fd, &b, &err), -ESRCH);
	ck_assert_str_eq(err.text, "no container is running: its files are "
			 "incomplete");
	unit_write(dir, "pid", "1\n", 0666);
	ck_assert_int_eq(nsc_running_find(fd, &b, &err), -EPERM);
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

/* Nothing of a state stays that could not be written whole. */
START_TEST(a_state_that_cannot_be_written)
{
	static const char *const names[] = { "state", "start", "pid" };
	struct nsc_state a = of_myself();
	int fd = open_dir();

	for (size_t i = 0; i < NSC_ARRAY_SIZE(names); i++) {
		ck_assert_int_eq(mkdirat(fd, names[i], 0755), 0);
		ck_assert_int_lt(nsc_state_save(fd, &a, &err), 0);
		ck_assert_int_eq(unlinkat(fd, names[i], AT_REMOVEDIR), 0);
		for (size_t k = 0; k < NSC_ARRAY_SIZE(names); k++)
			ck_assert_int_lt(faccessat(fd, names[k], F_OK, 0), 0);
	}
	unit_write(dir, NSC_FILE_SECCOMP, "", 0600);
	ck_assert_int_eq(nsc_state_save(fd, &a, &err), 0);
	nsc_state_remove(fd);
	ck_assert_int_lt(faccessat(fd, NSC_FILE_SECCOMP, F_OK, 0), 0);
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

/* It is found by the frozen part; its namespaces are not. */
START_TEST(another_version_is_found)
{
	struct nsc_state a = of_myself(), *b = NULL;
	char text[512];
	int fd = open_dir(), pidfd;

	ck_assert_int_eq(nsc_state_save(fd, &a, &err), 0);
	snprintf(text, sizeof(text), "version 0\nuser x\npid %d\nstart %llu\n"
		 "boot_id %s\n", getpid(), (unsigned long long)a.start,
		 a.boot_id);
	unit_write(dir, NSC_FILE_STATE, text, 0600);
	pidfd = nsc_running_find(fd, &b, &err);
	ck_assert_msg(pidfd > 2, "%s", err.text);
	ck_assert(b->other_version);
	nsc_state_free(b);
	b = NULL;
	close(pidfd);
	unit_write(dir, NSC_FILE_START, "1\n", 0644);
	ck_assert_int_eq(nsc_running_find(fd, &b, &err), -ESRCH);
	unit_write(dir, NSC_FILE_STATE, "version 0\n", 0600);
	ck_assert_int_eq(nsc_running_find(fd, &b, &err), -ESRCH);
	ck_assert_ptr_null(b);
	close(fd);
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		state_round_trip, too_large, a_part_of_a_state_is_refused,
		odd_values_stay_what_they_are, join_accepts_the_right_one,
		join_refuses_the_wrong_one, another_version_is_found,
		join_refuses_a_pid_of_its_own,
		a_state_that_is_not_there_is_an_error,
		the_frozen_part_is_read, the_frozen_part_is_written,
		ending_is_found, what_runs_is_seen,
		a_state_that_cannot_be_written, NULL,
	};
	Suite *suite = suite_create("state");
	TCase *tcase = unit_case("state");

	tcase_add_loop_test(tcase, bad_states_are_refused, 0,
			    NSC_ARRAY_SIZE(bad_states));
	tcase_add_loop_test(tcase, other_versions_are_recognized, 0,
			    NSC_ARRAY_SIZE(other_versions));
	tcase_add_loop_test(tcase, join_refuses_bad_files, 0,
			    NSC_ARRAY_SIZE(bad_pids));
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
