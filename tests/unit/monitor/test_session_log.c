/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/monitor/session_log_text.c: records with any values; and
 * lib/rundir/session_history.c with the test's own directory.
 */
#include "unit.h"

#include <limits.h>
#include <string.h>
#include <sys/wait.h>

#undef NSC_LOGDIR
#define NSC_LOGDIR "log"
#include "rundir/session_history.c"
#include "util/paths.h"
#include "monitor/session_log_places.c"
#include "monitor/session_log_text.h"

static const struct session plain = {
	.pid = 4711, .pidfd = -1, .start = 12345, .opened = 1764000000,
	.service = "sshd", .rhost = "192.0.2.1", .tty = "/dev/pts/3",
	.user = "alice", .loginuid = 1000, .audit_session = 7, .join_us = 4321,
	.generation = 2,
};

static const struct session_end unknown = {
	-1, 61, { NSC_STATS_NONE, NSC_STATS_NONE, NSC_STATS_NONE },
};

static char text[RECORD_MAX];

START_TEST(lines)
{
	struct session_end end = { 3 << 8, 61, { 4096, 1500, 2 } };
	size_t len = session_log_text_line(&plain, NULL, text);

	ck_assert_str_eq(text, "event=open user=alice service=sshd pid=4711 "
			 "start=12345 opened=1764000000 rhost=192.0.2.1 "
			 "tty=pts/3 ruser=\"\" generation=2 loginuid=1000 "
			 "audit_session=7 join_us=4321");
	ck_assert_uint_eq(len, strlen(text));
	session_log_text_line(&plain, &end, text);
	ck_assert_ptr_nonnull(strstr(text, "event=close user=alice"));
	ck_assert_str_eq(strstr(text, " exit="), " exit=3 duration=61 "
			 "peak_memory=4096 cpu_us=1500 oom_kills=2");
	end.status = 9;
	session_log_text_line(&plain, &end, text);
	ck_assert_ptr_nonnull(strstr(text, " exit=signal:9 "));
	end.status = 0x80 | 11;
	session_log_text_line(&plain, &end, text);
	ck_assert_ptr_nonnull(strstr(text, " exit=signal:11 "));
	session_log_text_line(&plain, &unknown, text);
	ck_assert_str_eq(strstr(text, " exit="), " exit=unknown duration=61 "
			 "peak_memory=unknown cpu_us=unknown "
			 "oom_kills=unknown");
}
END_TEST

START_TEST(unset_ids)
{
	struct session s = plain;

	s.loginuid = s.audit_session = UINT32_MAX;
	session_log_text_line(&s, NULL, text);
	ck_assert_str_eq(strstr(text, " loginuid="),
			 " loginuid=unset audit_session=unset "
			 "join_us=4321");
}
END_TEST

static const char *const hostile[] = {
	"a b", "\nevent=open user=root", "\" user=root x=\"", "\033[2J",
	"\xff\xfe", "a=b", "\\x0a", "", "\t", "%n%s", "'", "`id`",
};

/* No byte of a value can end the value. */
START_TEST(hostile_values)
{
	struct session s = plain;
	const char *key;
	int keys = 0;

	snprintf(s.rhost, sizeof(s.rhost), "%s", hostile[_i]);
	snprintf(s.tty, sizeof(s.tty), "%s", hostile[_i]);
	snprintf(s.ruser, sizeof(s.ruser), "%s", hostile[_i]);
	snprintf(s.service, sizeof(s.service), "%s", hostile[_i]);
	session_log_text_line(&s, &unknown, text);
	for (const char *p = text; *p; p++)
		ck_assert_msg(*p >= 0x20 && *p < 0x7f, "%s", text);
	/* Split like a reader: into words, with spaces only in quotes. */
	for (key = text; *key; keys++) {
		const char *value = strchr(key, '=');

		ck_assert_ptr_nonnull(value);
		ck_assert_uint_eq(strspn(key, "abcdefghijklmnopqrstuvwxyz_"),
				  (size_t)(value - key));
		value++;
		key = *value == '"' ? strchr(value + 1, '"') + 1 :
				      value + strcspn(value, " ");
		ck_assert(*key == ' ' || !*key);
		key += *key == ' ';
	}
	ck_assert_int_eq(keys, 17);
}
END_TEST

/* What is left out of a value is seen. */
START_TEST(values_are_escaped)
{
	struct session s = plain;

	strcpy(s.rhost, "a \"b\"\n\x7f~");
	session_log_text_line(&s, &unknown, text);
	ck_assert_msg(strstr(text, " rhost=\"a \\x22b\\x22\\x0a\\x7f~\""),
		      "%s", text);
}
END_TEST

START_TEST(longest)
{
	struct session s = plain;
	struct session_end end = { 127, INT64_MAX, { UINT64_MAX - 1,
				   UINT64_MAX - 1, UINT64_MAX - 1 } };

	s.pid = INT_MAX;
	s.start = UINT64_MAX;
	s.opened = INT64_MIN;
	s.loginuid = s.audit_session = s.generation = UINT32_MAX - 1;
	memset(s.user, '\n', sizeof(s.user) - 1);
	memset(s.service, '\n', sizeof(s.service) - 1);
	memset(s.rhost, '\n', sizeof(s.rhost) - 1);
	memset(s.tty, '\n', sizeof(s.tty) - 1);
	memset(s.ruser, '\n', sizeof(s.ruser) - 1);
	ck_assert_uint_lt(session_log_text_line(&s, &end, text),
			  RECORD_MAX - 1);
	ck_assert_ptr_nonnull(strstr(text, " cpu_us=18446744073709551614"));
	session_log_text_audit(&s, &end, "/sbin/x", text);
	ck_assert_ptr_nonnull(strstr(text, " res=success"));
}
END_TEST

START_TEST(audit)
{
	struct session s = plain;

	session_log_text_audit(&s, NULL, "/usr/sbin/x", text);
	ck_assert_str_eq(text, "op=nscontainer:session_open opid=4711 "
			 "oauid=1000 oses=7 acct=\"alice\" exe=\"/usr/sbin/x\" "
			 "hostname=192.0.2.1 addr=192.0.2.1 terminal=pts/3 "
			 "res=success");
	s.tty[0] = '\0';
	snprintf(s.rhost, sizeof(s.rhost), "host.example");
	session_log_text_audit(&s, &unknown, "/usr/sbin/x", text);
	ck_assert_ptr_nonnull(strstr(text, "op=nscontainer:session_close "));
	ck_assert_ptr_nonnull(strstr(text, " hostname=host.example addr=? "
					   "terminal=sshd "));
	s.rhost[0] = '\0';
	session_log_text_audit(&s, &unknown, "/usr/sbin/x", text);
	ck_assert_ptr_nonnull(strstr(text, " hostname=? addr=? "));
}
END_TEST

START_TEST(hostile_audit)
{
	struct session s = plain;

	snprintf(s.user, sizeof(s.user), "a b\"");
	snprintf(s.rhost, sizeof(s.rhost), "x res=failed\n'");
	snprintf(s.tty, sizeof(s.tty), "\033[2J acct=\"root\"");
	session_log_text_audit(&s, NULL, "/usr/sbin/x", text);
	ck_assert_ptr_nonnull(strstr(text, " acct=61206222 "));
	ck_assert_ptr_nonnull(strstr(text, " hostname=x?res?failed?? "));
	ck_assert_ptr_nonnull(strstr(text, " terminal=??2J?acct??root? "));
}
END_TEST

#define ROUNDS 300
#define WRITERS 4

/* One of several simultaneous writers makes the directory. */
START_TEST(first_records_at_once)
{
	int lost = 0, status, go[2];
	char dir[64], c;

	ck_assert_int_eq(chdir(unit_make_dir(dir)), 0);
	for (int i = 0; i < ROUNDS; i++) {
		unlink(NSC_HISTORY);
		rmdir(NSC_LOGDIR);
		ck_assert_int_eq(pipe(go), 0);
		for (int n = 0; n < WRITERS; n++)
			if (fork() == 0) {
				close(go[1]);
				(void)!read(go[0], &c, 1);
				_exit(nsc_session_history_add("x", 1) < 0);
			}
		close(go[0]);
		close(go[1]);
		while (wait(&status) > 0)
			lost += status != 0;
	}
	ck_assert_int_eq(lost, 0);
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		lines, unset_ids, values_are_escaped, longest, audit,
		hostile_audit, NULL,
	};
	const TTest *const root[] = {
		first_records_at_once, NULL,
	};
	Suite *suite = suite_create("record");
	TCase *tcase = unit_case("record");

	tcase_add_loop_test(tcase, hostile_values, 0,
			    sizeof(hostile) / sizeof(hostile[0]));
	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
