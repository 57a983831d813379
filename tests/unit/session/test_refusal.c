/* SPDX-License-Identifier: Apache-2.0 */
/* lib/session/refusal.c: what the log says of logins that were refused. */
#include "own_places.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "session/refusal.h"
#include "session/session.h"
#include "session/stdio.h"
#include "util/fd.h"
#include "util/paths.h"

#define LINE "event=refused at=%lld user=\"%s\" service=\"sshd\" cause=other " \
	     "error=\"x\"\n"

static bool inside;

bool __wrap_nsc_session_inside(void);
bool __wrap_nsc_session_inside(void)
{
	return inside;
}

/* What a writer does, for the test. */
static struct shared {
	int fails;		/* the step */
	int steps;
} *shared;

int __real_nsc_process_clean(const int *keep, unsigned int n);
int __wrap_nsc_process_clean(const int *keep, unsigned int n);
int __wrap_nsc_process_clean(const int *keep, unsigned int n)
{
	return ++shared->steps == shared->fails ? -EIO :
		       __real_nsc_process_clean(keep, n);
}

int __real_nsc_credential_become(uid_t uid, gid_t gid, const gid_t *groups,
				 size_t n, struct nsc_error *err);
int __wrap_nsc_credential_become(uid_t uid, gid_t gid, const gid_t *groups,
				 size_t n, struct nsc_error *err);
int __wrap_nsc_credential_become(uid_t uid, gid_t gid, const gid_t *groups,
				 size_t n, struct nsc_error *err)
{
	return ++shared->steps == shared->fails ? -EIO :
		       __real_nsc_credential_become(uid, gid, groups, n, err);
}

int __wrap_nsc_session_history_add(const char *line, size_t len);
int __real_nsc_session_history_add(const char *line, size_t len);
int __wrap_nsc_session_history_add(const char *line, size_t len)
{
	shared->steps++;
	return __real_nsc_session_history_add(line, len);
}

static void begin(void)
{
	shared = unit_shared(sizeof(*shared));
	own_places();
	ck_assert_int_eq(mkdir("/var/log", 0755), 0);
	ck_assert_int_eq(mkdir(NSC_LOGDIR, 0755), 0);
}

/* The log, in static memory.  The writer has ended when it is complete. */
static const char *log_text(void)
{
	static char text[1 << 18];
	int fd = open(NSC_HISTORY, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static size_t lines(void)
{
	size_t n = 0;

	for (const char *p = log_text(); (p = strchr(p, '\n')); p++)
		n++;
	return n;
}

/* A grandchild writes: it is waited for as long as it may take. */
static void expect_lines(size_t n)
{
	for (int i = 0; i < 2000 && lines() != n; i++)
		usleep(1000);
	ck_assert_uint_eq(lines(), n);
}

static void refuse(const char *user, int code, const char *text)
{
	struct nsc_error err = { .code = code };

	snprintf(err.text, sizeof(err.text), "%.507s", text);
	nsc_refusal_record(user, "sshd", &err);
}

static const struct {
	int code;
	const char *cause;
} causes[] = {
	{ EUSERS, "limit" }, { ENOMEM, "resources" }, { EDQUOT, "resources" },
	{ ETIMEDOUT, "timeout" }, { ETIME, "timeout" }, { EBUSY, "paused" },
	{ NSC_STDIO_REFUSED, "descriptors" }, { EINVAL, "configuration" },
	{ ELOOP, "configuration" }, { EPERM, "permission" },
	{ EACCES, "permission" }, { EOWNERDEAD, "account" },
	{ ESRCH, "ended" }, { ENOTRECOVERABLE, "ended" },
	{ EPROTO, "version" }, { ECONNREFUSED, "monitor" },
	{ ECONNRESET, "monitor" }, { EXDEV, "other" }, { 0, "other" },
};

START_TEST(each_cause)
{
	char cause[64];
	struct stat st;

	begin();
	for (size_t i = 0; i < NSC_ARRAY_SIZE(causes); i++) {
		refuse("alice", causes[i].code, "why");
		expect_lines(1);
		snprintf(cause, sizeof(cause), " cause=%s error=\"why\"\n",
			 causes[i].cause);
		ck_assert_ptr_nonnull(strstr(log_text(), cause));
		/* With and without its directory, it is root's alone. */
		ck_assert_int_eq(stat(NSC_HISTORY, &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0600);
		ck_assert_int_eq(unlink(NSC_HISTORY), 0);
	}
}
END_TEST

START_TEST(names)
{
	ck_assert_uint_eq(nsc_refusal_number("other"), 0);
	ck_assert_uint_eq(nsc_refusal_number("limit"), 1);
	ck_assert_uint_eq(nsc_refusal_number("monitor"), 11);
	ck_assert_uint_eq(nsc_refusal_number("unheard of"), 0);
}
END_TEST

START_TEST(whose_fault)
{
	ck_assert(nsc_refusal_is_callers(&(struct nsc_error){ EUSERS, "" }));
	ck_assert(nsc_refusal_is_callers(&(struct nsc_error){
		NSC_STDIO_REFUSED, "" }));
	ck_assert(!nsc_refusal_is_callers(&(struct nsc_error){ EPERM, "" }));
}
END_TEST

/* Nobody writes a line, or a key, of its own. */
START_TEST(texts)
{
	long long at;

	begin();
	refuse("a\" cause=x", EIO, "b\" c\nevent=opened \033[1m\\");
	expect_lines(1);
	ck_assert_int_eq(sscanf(log_text(), "event=refused at=%lld user=", &at),
			 1);
	ck_assert_int_le(at, time(NULL));
	ck_assert_int_gt(at, time(NULL) - 60);
	ck_assert_ptr_nonnull(strstr(log_text(), " user=\"a' cause=x\" "
				     "service=\"sshd\" cause=other error=\"b' "
				     "c\\x0aevent=opened \\x1b[1m"));
}
END_TEST

/* Only the end of the last value is missing. */
START_TEST(long_texts)
{
	char name[400], why[500];
	const char *text;

	begin();
	memset(name, '\001', sizeof(name) - 1);
	memset(why, '\001', sizeof(why) - 1);
	name[sizeof(name) - 1] = why[sizeof(why) - 1] = '\0';
	refuse(name, EPERM, why);
	expect_lines(1);
	text = log_text();
	ck_assert_uint_le(strlen(text), 1536);
	ck_assert_ptr_nonnull(strstr(text, "\" service=\"sshd\" "
				     "cause=permission error=\"\\x01"));
}
END_TEST

/* The log of a container is none of the host's. */
START_TEST(inside_a_container)
{
	begin();
	inside = true;
	refuse("alice", EIO, "x");
	inside = false;
	refuse("bob", EIO, "x");
	expect_lines(1);
	ck_assert_ptr_nonnull(strstr(log_text(), "user=\"bob\""));
}
END_TEST

/* Nobody writes who still has something of the login's, or its ids. */
START_TEST(writers_that_fail)
{
	begin();
	for (int i = 1; i <= 2; i++) {
		shared->steps = 0;
		shared->fails = i;
		refuse("alice", EIO, "x");
		/* The writer would be a child of the process that has ended. */
		ck_assert_int_eq(shared->steps, i);
	}
	shared->fails = 0;
	refuse("bob", EIO, "x");
	expect_lines(1);
	ck_assert_int_eq(shared->steps, 2 + 3);
}
END_TEST

static void fill(int n, const char *user, time_t age)
{
	FILE *file = fopen(NSC_HISTORY, "a");

	for (int i = 0; i < n; i++)
		fprintf(file, LINE, (long long)(time(NULL) - age), user);
	fclose(file);
}

/* Forty of one user's in an hour are enough. */
START_TEST(many)
{
	begin();
	fill(39, "alice", 0);
	fill(50, "alic", 0);
	fill(50, "alice", 3700);
	refuse("alice", EIO, "the last one");
	expect_lines(140);
	refuse("alice", EIO, "one too many");
	refuse("bob", EIO, "of another");
	expect_lines(141);
	ck_assert_ptr_nonnull(strstr(log_text(), "the last one"));
	ck_assert_ptr_nonnull(strstr(log_text(), "of another"));
	ck_assert_ptr_null(strstr(log_text(), "one too many"));
}
END_TEST

/* What is before the end of a long log does not count. */
START_TEST(a_long_log)
{
	begin();
	fill(45, "alice", 0);
	fill(1000, "someone.else", 0);
	refuse("alice", EIO, "counts anew");
	expect_lines(1046);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { names, whose_fault, NULL };
	const TTest *const root[] = {
		each_cause, texts, long_texts, inside_a_container, many,
		writers_that_fail,
		a_long_log, NULL,
	};
	Suite *suite = suite_create("refusal");
	TCase *tcase = unit_case("refusal");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
