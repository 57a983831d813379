/* SPDX-License-Identifier: Apache-2.0 */
/* util/kv with every kind of table, and the files that use util/kv. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>

#include "util/fd.h"
#include "util/kv.h"
#include "util/paths.h"
#include "rundir/hooks_stop.h"
#include "rundir/session_file.h"

static struct nsc_error err;

struct all {
	char *string, *optional;
	char text[5];
	unsigned int uint;
	int number;
	bool flag;
	uint64_t u64, pair[2];
	struct nsc_gids ids;
	char **vector;
};

#define FIELD(name, kind, limit) \
	{ #name, NSC_KV_##kind, offsetof(struct all, name), limit }
static const struct nsc_kv_field fields[] = {
	FIELD(string, STRING, 0), FIELD(optional, OPTIONAL, 0),
	FIELD(text, TEXT, 5), FIELD(uint, UINT, 0), FIELD(number, INT, 0),
	FIELD(flag, BOOL, 0), FIELD(u64, U64, 0), FIELD(pair, U64, 2),
	FIELD(ids, IDS, 0), FIELD(vector, VECTOR, 0),
};
#undef FIELD

static const struct nsc_kv kv = {
	"some", 7, 400, sizeof(struct all), fields, NSC_ARRAY_SIZE(fields),
};

static char odd[] = "a b\\n\n\\\nuint 9\n\\", empty[] = "", space[] = " ";
static gid_t ids[] = { 0, 4294967295 };
static char *vector[] = { empty, odd, space, NULL };

static struct all extremes(void)
{
	return (struct all){
		.string = odd, .text = "\n\n\\\\", .uint = UINT32_MAX,
		.number = INT32_MIN, .flag = true, .u64 = UINT64_MAX,
		.pair = { 0, UINT64_MAX }, .ids = { ids, 2 },
		.vector = vector,
	};
}

static char *print(const struct all *record)
{
	char *text = NULL;

	ck_assert_msg(nsc_kv_print(&kv, record, 1, &text, &err) == 0, "%s",
		      err.text);
	return text;
}

static int parse(char *text, struct all *ret)
{
	*ret = (struct all){ .uint = 0 };
	int error = nsc_kv_parse(&kv, &text, ret, &err);

	return error == 0 && *text ? -EINVAL : error;
}

START_TEST(every_kind_is_read_as_it_was)
{
	const struct all a = extremes();
	char *text = print(&a), *again;
	struct all b;

	ck_assert_int_eq(strncmp(text, "version 7\nstring a b\\\\n\\n", 24), 0);
	again = strdup(text);
	ck_assert_msg(parse(again, &b) == 0, "%s", err.text);
	ck_assert_str_eq(b.string, odd);
	ck_assert_ptr_null(b.optional);
	ck_assert_str_eq(b.text, a.text);
	ck_assert(b.uint == a.uint && b.number == a.number && b.flag);
	ck_assert(b.u64 == a.u64 && !b.pair[0] && b.pair[1] == UINT64_MAX);
	ck_assert(b.ids.n == 2 && !memcmp(b.ids.list, ids, sizeof(ids)));
	for (size_t i = 0; i < 3; i++)
		ck_assert_str_eq(b.vector[i], vector[i]);
	ck_assert_ptr_null(b.vector[3]);
	nsc_kv_free(&kv, &b);
	ck_assert(!b.vector && !b.ids.list);
	free(again);
	free(text);
}
END_TEST

/* Cut the text at each byte, or change that byte. */
START_TEST(nothing_else_is_read)
{
	const struct all a = extremes();
	char *text = print(&a), *vector_begins = strstr(text, "\nvector");
	struct all b;

	for (size_t len = strlen(text); len-- > 0; ) {
		/* A vector may have any number of lines. */
		bool whole = text[len] && len && text[len - 1] == '\n' &&
			     text + len > vector_begins;
		char *part = strndup(text, len);

		ck_assert_int_eq(parse(part, &b), whole ? 0 : -EINVAL);
		nsc_kv_free(&kv, &b);
		free(part);
		part = strdup(text);
		part[len] = '\001';
		/* Accepted if only the value of a string has changed. */
		if (parse(part, &b) == 0)
			ck_assert(strchr(b.string, '\001') ||
				  strchr(b.text, '\001') ||
				  text + len > vector_begins);
		nsc_kv_free(&kv, &b);
		free(part);
	}
	free(text);
}
END_TEST

static const struct {
	const char *good, *bad;
} numbers[] = {
	{ "uint 4294967295", "uint 4294967296" },
	{ "uint 4294967295", "uint " },
	{ "uint 4294967295", "uint -1" },
	{ "uint 4294967295", "uint 0x1" },
	{ "u64 18446744073709551615", "u64 18446744073709551616" },
	{ "u64 18446744073709551615", "u64 99999999999999999999" },
	{ "u64 18446744073709551615", "u64 184467440737095516150" },
	{ "pair 0 18446744073709551615", "pair 0" },
	{ "pair 0 18446744073709551615", "pair 0 " },
	{ "pair 0 18446744073709551615", "pair 0  1" },
	{ "pair 0 18446744073709551615", "pair 0 1 2" },
	{ "ids 0 4294967295", "ids 0 4294967296" },
	{ "ids 0 4294967295", "ids 0,1" },
};

START_TEST(numbers_have_limits)
{
	const struct all a = extremes();
	char *text = print(&a), changed[500], *at;
	struct all b;

	at = strstr(text, numbers[_i].good);
	ck_assert_ptr_nonnull(at);
	snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text,
		 numbers[_i].bad, at + strlen(numbers[_i].good));
	ck_assert_int_eq(parse(changed, &b), -EINVAL);
	nsc_kv_free(&kv, &b);
	ck_assert_int_eq(parse(text, &b), 0);
	nsc_kv_free(&kv, &b);
	free(text);
}
END_TEST

/* The writer refuses what the reader would refuse, and names the key. */
START_TEST(one_limit_for_both)
{
	struct all a = extremes(), b;
	char *text = NULL, *fits, many[300];

	a.string = NULL;
	ck_assert_int_eq(nsc_kv_print(&kv, &a, 1, &text, &err), -EINVAL);
	ck_assert_str_eq(err.text, "some: string: is missing");
	a = extremes();
	a.optional = many;
	memset(many, '\n', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	ck_assert_int_eq(nsc_kv_print(&kv, &a, 1, &text, &err), -E2BIG);
	ck_assert_ptr_null(text);
	ck_assert_ptr_nonnull(strstr(err.text, "bytes, but the limit is 400: "
				     "optional takes 608 of them"));
	/* A text of the maximum length is read again. */
	many[0] = '\0';
	fits = print(&a);
	memset(many, 'x', 400 - strlen(fits));
	many[400 - strlen(fits)] = '\0';
	free(fits);
	fits = print(&a);
	ck_assert_uint_eq(strlen(fits), 400);
	ck_assert_int_eq(parse(fits, &b), 0);
	nsc_kv_free(&kv, &b);
	free(fits);
}
END_TEST

START_TEST(records_follow_each_other)
{
	char *first[] = { odd, NULL }, *second[] = { space, empty, NULL };
	const struct nsc_hook_stop hooks[] = {
		{ 5, first, second }, { 6, second, first },
	};
	struct nsc_hook_stop read = { .timeout = 0 };
	char *text = NULL, *at;

	ck_assert_int_eq(nsc_kv_print(&nsc_hooks_kv, hooks, 2, &text, &err),
			 0);
	at = text;
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(nsc_kv_parse(&nsc_hooks_kv, &at, &read, &err),
				 0);
		ck_assert_uint_eq(read.timeout, hooks[i].timeout);
		ck_assert_str_eq(read.arguments[0], hooks[i].arguments[0]);
		ck_assert_str_eq(read.environment[0],
				 hooks[i].environment[0]);
		nsc_kv_free(&nsc_hooks_kv, &read);
	}
	ck_assert_str_eq(at, "");
	free(text);
}
END_TEST

static char top[64];

static int open_top(void)
{
	return open(unit_make_dir(top), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* All values have their maximum length, with each byte escaped. */
START_TEST(session_files_are_read_whole)
{
	struct session s, read;
	int dir = open_top();
	struct stat st;
	char name[16];

	ck_assert_int_eq(nsc_session_file_look(getpid(), &s), 0);
	ck_assert(nsc_session_file_is_alive(&s));
	s.opened = INT64_MAX;
	s.generation = s.loginuid = s.audit_session = UINT32_MAX;
	memset(s.user, '\\', sizeof(s.user) - 1);
	memset(s.service, '\n', sizeof(s.service) - 1);
	memset(s.rhost, '\\', sizeof(s.rhost) - 1);
	memset(s.tty, '\n', sizeof(s.tty) - 1);
	memset(s.ruser, '\n', sizeof(s.ruser) - 1);
	ck_assert_msg(nsc_session_file_write(dir, &s, &err) == 0, "%s",
		      err.text);
	snprintf(name, sizeof(name), "%d", getpid());
	ck_assert_int_eq(fstatat(dir, name, &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0644);
	ck_assert_msg(nsc_session_file_read(dir, getpid(), &read, &err) == 0,
		      "%s", err.text);
	ck_assert(read.start == s.start && read.opened == s.opened);
	ck_assert(read.generation == UINT32_MAX && read.loginuid == UINT32_MAX);
	ck_assert_str_eq(read.user, s.user);
	ck_assert_str_eq(read.service, s.service);
	ck_assert_str_eq(read.rhost, s.rhost);
	ck_assert_str_eq(read.tty, s.tty);
	ck_assert_str_eq(read.ruser, s.ruser);
	ck_assert_uint_eq(read.audit_session, UINT32_MAX);
	nsc_session_file_remove(dir, getpid());
	ck_assert_int_eq(nsc_session_file_read(dir, getpid(), &read, &err),
			 -ENOENT);
	close(dir);
	unit_remove_dir(top);
}
END_TEST

/* An unreadable file must not count as a missing session. */
START_TEST(broken_session_files_are_told)
{
	struct session s;
	int dir = open_top();

	unit_write(top, "4711", "opened 1\ngeneration 1\nuser a\n", 0644);
	ck_assert_int_eq(nsc_session_file_read(dir, 4711, &s, &err), -EINVAL);
	ck_assert_str_eq(err.text, "file of login process 4711: start: "
			 "missing or wrong");
	close(dir);
	unit_remove_dir(top);
}
END_TEST

/* Another version may write more, less, and in another order. */
START_TEST(session_files_of_other_versions_are_read)
{
	struct session s;
	int dir = open_top();

	unit_write(top, "4711", "weight 7 kg\nservice sshd\nuser a\nopened x\n"
		   "\nstart 5\ngeneration 3\nuserid 9\nend", 0644);
	ck_assert_int_eq(nsc_session_file_read(dir, 4711, &s, &err), 0);
	ck_assert_str_eq(s.service, "sshd");
	ck_assert_str_eq(s.user, "a");
	ck_assert(s.start == 5 && s.opened == 0 && s.generation == 3);
	close(dir);
	unit_remove_dir(top);
}
END_TEST

static int visit(int dir, pid_t pid, void *arg)
{
	pid_t *seen = arg;

	ck_assert_int_ge(dir, 0);
	*seen += pid;
	return pid == 4713 ? 77 : 0;
}

/* Only names that are pids count, and who looks may stop. */
START_TEST(each_session_file)
{
	int dir = open_top();
	pid_t seen = 0;

	unit_write(top, "4711", "", 0644);
	unit_write(top, "4712", "", 0644);
	unit_write(top, "0", "", 0644);
	unit_write(top, "1", "", 0644);
	unit_write(top, "4714x", "", 0644);
	unit_write(top, ".4715", "", 0644);
	unit_write(top, "4294967297", "", 0644);
	ck_assert_int_eq(nsc_session_file_each(dir, visit, &seen), 0);
	ck_assert_int_eq(seen, 1 + 4711 + 4712);
	unit_write(top, "4713", "", 0644);
	ck_assert_int_eq(nsc_session_file_each(dir, visit, &seen), 77);
	close(dir);
	ck_assert_int_eq(nsc_session_file_each(dir, visit, &seen), -EBADF);
	unit_remove_dir(top);
}
END_TEST

/* The numbers of the audit system are the process's. */
START_TEST(audit_numbers)
{
	struct session s;
	FILE *file = fopen("/proc/self/loginuid", "r+");
	unsigned int number = SESSION_NO_ID;

	/* Only root may, and only where there is an audit system. */
	if (file && fputs("4711", file) >= 0 && fflush(file) == 0)
		rewind(file);
	ck_assert_int_eq(nsc_session_file_look(getpid(), &s), 0);
	if (file) {
		ck_assert_int_eq(fscanf(file, "%u", &number), 1);
		fclose(file);
	}
	ck_assert_uint_eq(s.loginuid, number);
	ck_assert_int_eq(s.pid, getpid());
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		every_kind_is_read_as_it_was, nothing_else_is_read,
		one_limit_for_both, records_follow_each_other,
		session_files_are_read_whole, broken_session_files_are_told,
		session_files_of_other_versions_are_read,
		each_session_file, audit_numbers, NULL,
	};
	Suite *suite = suite_create("records");
	TCase *tcase = unit_case("records");

	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, numbers_have_limits, 0,
			    NSC_ARRAY_SIZE(numbers));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
