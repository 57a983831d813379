/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/monitor/anchor.c: the child that stays in the scope of a login for
 * systemd.  Directories of the test are in the place of control groups.
 */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cgroup/cgroup_tree.h"
#include "monitor/anchor.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/process.h"

#define LOGIN 4711
#define OWN "/system.slice/nsc-1000"

static char dir[64];
static const char *scope;	/* of the login */
static char kind = 'm';		/* of the record's line for the monitor */
static const char *mine;	/* its path there */
static bool own_first;		/* the record begins with that line */

int __wrap_nsc_file_read_text(int dirfd, const char *path, char *text,
			      size_t size);
int __wrap_nsc_file_read_text(int dirfd, const char *path, char *text,
			      size_t size)
{
	ck_assert_int_eq(dirfd, AT_FDCWD);
	if (!strcmp(path, "/proc/self/cgroup"))
		return snprintf(text, size, "1:cpu:/x\n0::" OWN "\n");
	ck_assert_str_eq(path, "/proc/4711/cgroup");
	return scope ? snprintf(text, size, "0::%s\n", scope) : -ENOENT;
}

int __wrap_nsc_cgroup_tree_load(int rundir, struct nsc_cgroup_tree **ret);
int __wrap_nsc_cgroup_tree_load(int rundir, struct nsc_cgroup_tree **ret)
{
	static char path[128], beyond[128];
	struct nsc_cgroup_tree *tree = calloc(1, sizeof(*tree));
	size_t own = own_first ? 0 : 2;

	(void)rundir;
	if (!mine) {
		free(tree);
		return -ENOENT;
	}
	snprintf(path, sizeof(path), "%s%s", dir, mine);
	tree->list[2 - own] = (struct nsc_cgroup_entry){
		's', "", "/elsewhere" OWN,
	};
	tree->list[1] = (struct nsc_cgroup_entry){ 'm', "", "/other" };
	tree->list[own] = (struct nsc_cgroup_entry){ kind, "", path };
	tree->n = 3;
	/* No line of the record. */
	snprintf(beyond, sizeof(beyond), "%s" OWN, dir);
	tree->list[3] = (struct nsc_cgroup_entry){ 'm', "", beyond };
	*ret = tree;
	return 0;
}

static struct stat group;	/* the one that the child is made in */

/* The kernel takes control groups only. */
pid_t __wrap_nsc_process_fork_in(int fd, int *ret_pidfd);
pid_t __wrap_nsc_process_fork_in(int fd, int *ret_pidfd)
{
	ck_assert_int_eq(fstat(fd, &group), 0);
	return nsc_process_fork(ret_pidfd);
}

static void prepare(void)
{
	unit_make_dir(dir);
	scope = "/session-3.scope";
	mine = OWN;
}

static void finish(void)
{
	unit_remove_dir(dir);
}

static void make(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", dir, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

/* The child has its name when it has let go of everything. */
static void wait_for(pid_t pid)
{
	char path[64], name[32] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	while (strcmp(name, "session-anchor\n") != 0) {
		FILE *file = fopen(path, "re");

		ck_assert_msg(file, "it has ended");
		if (!fgets(name, sizeof(name), file))
			name[0] = '\0';
		fclose(file);
		usleep(1000);
	}
}

START_TEST(stays_in_the_scope)
{
	struct stat st;
	char path[128], link[8];
	int anchor;
	pid_t pid;

	make("/session-3.scope");
	snprintf(path, sizeof(path), "%s/session-3.scope", dir);
	ck_assert_int_eq(stat(path, &st), 0);
	anchor = anchor_open(LOGIN);
	ck_assert_int_ge(anchor, 0);
	ck_assert_uint_eq(group.st_ino, st.st_ino);
	pid = unit_pid_of(anchor);
	ck_assert_int_gt(pid, 0);
	wait_for(pid);
	/* It holds nothing that somebody waits for. */
	for (int fd = 3; fd < 64; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		ck_assert_int_lt(readlink(path, link, sizeof(link)), 0);
	}
	anchor_close(&anchor);
	ck_assert_int_eq(anchor, -1);
	ck_assert_int_lt(kill(pid, 0), 0);
	/* Nobody has one. */
	anchor_close(&anchor);
}
END_TEST

/* A monitor that is killed leaves none. */
START_TEST(ends_with_its_monitor)
{
	pid_t monitor, pid = -1;
	int told[2], status;

	make("/session-3.scope");
	own_first = true;
	/* The test inherits the anchor, and sees how it ends. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(pipe(told), 0);
	monitor = fork();
	if (monitor == 0) {
		pid = unit_pid_of(anchor_open(LOGIN));
		wait_for(pid);
		(void)!write(told[1], &pid, sizeof(pid));
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(told[0], &pid, sizeof(pid)), sizeof(pid));
	kill(monitor, SIGKILL);
	ck_assert_int_eq(waitpid(monitor, NULL, 0), monitor);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	close(told[0]);
	close(told[1]);
}
END_TEST

/* Whoever is not in a scope of logind's has none. */
START_TEST(none)
{
	static const char *const others[] = {
		NULL, "/", "/user.slice", "/session-3.service", "/x.scope",
		"/my-session-3.scope", "/session-3.scope/below",
	};

	make("/user.slice");
	make("/x.scope");
	for (size_t i = 0; i < NSC_ARRAY_SIZE(others); i++) {
		scope = others[i];
		ck_assert_msg(anchor_open(LOGIN) == -1, "%s", others[i]);
	}
	/* Its group has gone, or is not found. */
	scope = "/session-3.scope";
	ck_assert_int_eq(anchor_open(LOGIN), -1);
	make("/session-3.scope");
	kind = 's';
	ck_assert_int_eq(anchor_open(LOGIN), -1);
	kind = 'm';
	mine = "/another";
	ck_assert_int_eq(anchor_open(LOGIN), -1);
	mine = NULL;
	ck_assert_int_eq(anchor_open(LOGIN), -1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		stays_in_the_scope, ends_with_its_monitor, none, NULL,
	};
	Suite *suite = suite_create("anchor");
	TCase *tcase = unit_case("anchor");

	tcase_add_checked_fixture(tcase, prepare, finish);
	unit_add(tcase, tests);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
