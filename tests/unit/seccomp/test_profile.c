/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/seccomp/profile.c, terms.c, compile.c: profiles as files, and the filters
 * that they become, tried in children.
 */
#include "filter.h"

#include <fcntl.h>
#include <linux/seccomp.h>

static struct nsc_seccomp_profile *parse(const char *text, uint64_t caps)
{
	struct nsc_seccomp_world here = world(caps);
	struct nsc_seccomp_profile *profile = NULL;

	err = (struct nsc_error)NSC_ERROR_INIT;
	nsc_seccomp_profile_parse(text, "F", &here, &profile, &err);
	return profile;
}

START_TEST(oci_sample)
{
	_cleanup_seccomp_ struct nsc_seccomp filter =
		compile(sample("seccomp-oci.json", 0));

	ck_assert_uint_eq(filter.flags, SECCOMP_FILTER_FLAG_LOG);
	ck_assert_int_eq(outcome1(&filter, SYS_getpid, 0), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_getuid, 0), 71);
	ck_assert_int_eq(outcome1(&filter, SYS_getsid, 0), 38);
	ck_assert_int_eq(outcome(&filter, SYS_kill, 2147483646, 0, 0), ESRCH);
	ck_assert_int_eq(outcome(&filter, SYS_kill, 2147483646, 9, 0), 38);
	ck_assert_int_eq(outcome(&filter, SYS_kill, 2147483645, 0, 0), 38);
	ck_assert_int_eq(outcome1(&filter, SYS_close, -1), KILLED);
}
END_TEST

START_TEST(docker_sample)
{
	_cleanup_seccomp_ struct nsc_seccomp none =
		compile(sample("seccomp-docker.json", 0));
	_cleanup_seccomp_ struct nsc_seccomp one =
		compile(sample("seccomp-docker.json", BIT(CAP_SYS_ADMIN)));
	_cleanup_seccomp_ struct nsc_seccomp both =
		compile(sample("seccomp-docker.json", BIT(CAP_SYS_ADMIN) |
		       BIT(CAP_CHOWN)));

	ck_assert_int_eq(outcome1(&none, SYS_getuid, 0), EPERM);
	ck_assert_int_eq(outcome1(&none, SYS_getgid, 0), 0);
	ck_assert_int_eq(outcome1(&one, SYS_getgid, 0), 0);
	ck_assert_int_eq(outcome1(&both, SYS_getgid, 0), 71);
	ck_assert_int_eq(outcome1(&none, SYS_getppid, 0), 72);
	ck_assert_int_eq(outcome1(&one, SYS_getppid, 0), 0);
	ck_assert_int_eq(outcome1(&none, SYS_getsid, 0), 73);
	ck_assert_int_eq(outcome1(&none, SYS_getpgid, 0), 0);
#if defined(__x86_64__) || defined(__aarch64__)
	ck_assert_int_eq(outcome1(&none, SYS_umask, 022), 75);
	ck_assert_int_eq(outcome1(&none, SYS_sync, 0), 0);
#endif
}
END_TEST

/* Docker's first profile has other keys, and numbers instead of names. */
START_TEST(docker_numbers)
{
	_cleanup_seccomp_ struct nsc_seccomp filter = compile(parse(
		"{\"default_action\": 4, \"architectures\": [\"amd64\", "
		"\"arm64\", \"x86\", \"x32\"], \"syscalls\": [{\"name\": "
		"\"getsid\", \"action\": 2, \"args\": []}, {\"name\": "
		"\"getppid\", \"action\": 2, \"args\": [{\"index\": 0, "
		"\"value\": 12, \"value_two\": 8, \"op\": 7}]}, {\"name\": "
		"\"umask\", \"action\": 2, \"args\": [{\"index\": 0, "
		"\"value\": 5, \"op\": 3}]}]}", 0));

	ck_assert_int_eq(outcome1(&filter, SYS_getuid, 0), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_getsid, 0), EPERM);
	ck_assert_int_eq(outcome1(&filter, SYS_getppid, 9), EPERM);
	ck_assert_int_eq(outcome1(&filter, SYS_getppid, 12), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_umask, 6), EPERM);
	ck_assert_int_eq(outcome1(&filter, SYS_umask, 5), 0);
}
END_TEST

/* Podman's has names of errors, beside the numbers or alone. */
START_TEST(podman_names)
{
	_cleanup_seccomp_ struct nsc_seccomp filter = compile(parse(
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrno\": "
		"\"ENOSYS\", \"defaultErrnoRet\": 38, \"architectures\": "
		"[\"SCMP_ARCH_NATIVE\"], \"syscalls\": [{\"names\": "
		"[\"getsid\"], \"action\": \"SCMP_ACT_ERRNO\", \"errno\": "
		"\"ENOTSUP\", \"includes\": {\"minKernel\": \"4.8.0\"}}, "
		"{\"names\": [\"getpgid\"], \"action\": \"SCMP_ACT_ERRNO\", "
		"\"errno\": \"ESRCH\", \"errnoRet\": 3}, {\"names\": "
		"[\"getuid\"], \"action\": \"SCMP_ACT_ALLOW\", \"errno\": "
		"\"\"}, {\"names\": [\"exit_group\", \"write\"], "
		"\"action\": \"SCMP_ACT_ALLOW\"}]}", 0));

	ck_assert_int_eq(outcome1(&filter, SYS_getppid, 0), ENOSYS);
	ck_assert_int_eq(outcome1(&filter, SYS_getsid, 0), EOPNOTSUPP);
	ck_assert_int_eq(outcome1(&filter, SYS_getpgid, 0), ESRCH);
	ck_assert_int_eq(outcome1(&filter, SYS_getuid, 0), 0);
}
END_TEST

#define IF(what) "{\"names\": [\"getsid\"], \"action\": " \
		 "\"SCMP_ACT_ERRNO\", " what "}"
#define HERE "\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_AARCH64\""
#define ELSEWHERE "\"SCMP_ARCH_S390X\""

/* The files of Docker 17.06 to 17.11 have OCI's names in conditions. */
START_TEST(docker_2017)
{
	static const struct {
		const char *text;
		bool denied;
	} table[] = {
		{ ONE(IF("\"includes\": {\"arches\": [" HERE "]}")), true },
		{ ONE(IF("\"includes\": {\"arches\": [" ELSEWHERE "]}")),
		  false },
		{ ONE(IF("\"excludes\": {\"arches\": [" HERE "]}")), false },
		{ ONE(IF("\"excludes\": {\"arches\": [" ELSEWHERE "]}")),
		  true },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(table); i++) {
		_cleanup_seccomp_ struct nsc_seccomp filter =
			compile(parse(table[i].text, 0));

#if defined(__x86_64__) || defined(__aarch64__)
		ck_assert_int_eq(outcome1(&filter, SYS_getsid, 0),
				 table[i].denied ? EPERM : 0);
#endif
		ck_assert_uint_gt(filter.len, 0);
	}
}
END_TEST

/*
 * Entries that say the same twice, and members without a value, as programs
 * write them.
 */
START_TEST(written_by_programs)
{
	_cleanup_seccomp_ struct nsc_seccomp filter = compile(parse(
		"{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": null, "
		"\"listenerPath\": \"\", \"listenerMetadata\": \"\", "
		"\"architectures\": null, \"syscalls\": ["
		"{\"names\": [\"getsid\", \"getsid\"], \"action\": "
		"\"SCMP_ACT_ERRNO\", \"args\": null, \"includes\": {}, "
		"\"excludes\": null, \"errnoRet\": null, \"comment\": "
		"\"\"}, {\"names\": [\"getsid\"], \"action\": "
		"\"SCMP_ACT_ERRNO\"}, {\"names\": [\"getppid\"], \"action\": "
		"\"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 0, \"value\": 5, "
		"\"op\": \"SCMP_CMP_EQ\"}]}, {\"names\": [\"getppid\"], "
		"\"action\": \"SCMP_ACT_ERRNO\", \"args\": [{\"index\": 0, "
		"\"value\": 6, \"valueTwo\": 0, \"op\": \"SCMP_CMP_EQ\"}]}, "
		"{\"names\": [\"getpgid\"], \"action\": \"SCMP_ACT_ERRNO\", "
		"\"args\": [{\"index\": 0, \"value\": 7, \"op\": "
		"\"SCMP_CMP_EQ\"}]}, {\"names\": [\"getpgid\"], \"action\": "
		"\"SCMP_ACT_ERRNO\"}]}", 0));

	ck_assert_int_eq(outcome1(&filter, SYS_getuid, 0), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_getsid, 0), EPERM);
	ck_assert_int_eq(outcome1(&filter, SYS_getppid, 4), 0);
	ck_assert_int_eq(outcome1(&filter, SYS_getppid, 5), EPERM);
	ck_assert_int_eq(outcome1(&filter, SYS_getppid, 6), EPERM);
	ck_assert_int_eq(outcome1(&filter, SYS_getpgid, 0), EPERM);
}
END_TEST

#define ARGS(args) ONE("{\"names\": [\"kill\"], \"action\": " \
		       "\"SCMP_ACT_ERRNO\", \"args\": [" args "]}")
#define INCLUDES(what) ONE("{\"names\": [\"kill\"], \"action\": " \
			   "\"SCMP_ACT_ERRNO\", \"includes\": {" what "}}")

static const struct bad {
	const char *text, *expected;
} bads[] = {
	{ "", "F: line 1, column 1: " },
	{ "{", "F: line 1, column 2: " },
	{ "1\nwhitelist\n103\n", "F: is a list of system calls for lxc" },
	{ "2\ndenylist\n[all]\nkexec_load errno 1\n",
	  "F: is a list of system calls for lxc" },
	{ "{}", "F: defaultAction: is missing" },
	{ "{\"defaultAction\": 0}", "F: defaultAction: expected one of" },
	{ "{\"default_action\": 6}", "F: default_action: expected one of" },
	{ "{\"default_action\": 5}",
	  "F: default_action: not possible here: no tracer" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"defaultErrno\": "
	  "\"ENOSYS\"}", "F: defaultErrnoRet: belongs only to" },
	{ "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrno\": "
	  "\"ENOTHING\"}", "F: defaultErrno: expected the name of an error" },
	{ "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrno\": "
	  "\"ENOSYS\", \"defaultErrnoRet\": 1}",
	  "F: defaultErrnoRet: is another error than the name says" },
	{ "{\"defaultAction\": \"SCMP_ACT_NONE\"}",
	  "F: defaultAction: expected one of" },
	{ "{\"defaultAction\": \"SCMP_ACT_NOTIFY\"}",
	  "F: defaultAction: not possible here: nothing listens" },
	{ "{\"defaultAction\": \"SCMP_ACT_TRACE\"}",
	  "F: defaultAction: not possible here: no tracer" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"default\": 1}",
	  "F: default: unknown key" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"defaultErrnoRet\": 1}",
	  "F: defaultErrnoRet: belongs only to SCMP_ACT_ERRNO" },
	{ "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 4096}",
	  "F: defaultErrnoRet: expected a number from 0 to 4095" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": "
	  "[\"SCMP_ARCH_X86\", \"SCMP_ARCH_VAX\"]}",
	  "F: architectures[1]: expected an architecture" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [], "
	  "\"archMap\": []}", "F: expected architectures or archMap" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"archMap\": [{}]}",
	  "F: archMap[0].architecture: is missing" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"archMap\": "
	  "[{\"architecture\": \"SCMP_ARCH_ARM\", \"subArchitectures\": "
	  "[\"x\"]}]}", "F: archMap[0].subArchitectures[0]: expected" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": [\"X\"]}",
	  "F: flags[0]: expected one of" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": "
	  "[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}",
	  "F: flags[0]: not possible here" },
	{ "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"listenerPath\": \"/x\"}",
	  "F: listenerPath: not possible here" },
	{ ONE("{}"), "F: syscalls[0]: expected names" },
	{ ONE("{\"names\": [\"kill\"]}"),
	  "F: syscalls[0]: expected action" },
	{ ONE("{\"names\": [\"kill\"], \"name\": \"kill\", \"action\": "
	      "\"SCMP_ACT_ERRNO\"}"), "F: syscalls[0]: expected name or" },
	{ ONE("{\"names\": [1], \"action\": \"SCMP_ACT_ERRNO\"}"),
	  "F: syscalls[0].names[0]: expected a string" },
	{ ONE("{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_NOTIFY\"}"),
	  "F: syscalls[0].action: not possible here: nothing" },
	{ ONE("{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_TRACE\"}"),
	  "F: syscalls[0].action: not possible here: no tracer" },
	{ ONE("{\"names\": [\"kill\"], \"action\": \"SCMP_ACT_KILL\", "
	      "\"errnoRet\": 2}"), "F: syscalls[0].errnoRet: belongs only to" },
	{ ONE("{\"names\": [\"kill\"], \"x\": 1}"),
	  "F: syscalls[0].x: unknown key" },
	{ ARGS("{\"index\": 0, \"value\": 0, \"op\": 8}"),
	  "F: syscalls[0].args[0].op: expected one of" },
	{ ARGS("{}"), "F: syscalls[0].args[0]: expected index, value and op" },
	{ ARGS("{\"index\": 6, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}"),
	  "F: syscalls[0].args[0].index: expected a number from 0 to 5" },
	{ ARGS("{\"index\": 0, \"value\": -1, \"op\": \"SCMP_CMP_EQ\"}"),
	  "F: syscalls[0].args[0].value: expected a number" },
	{ ARGS("{\"index\": 0, \"value\": 0, \"op\": \"SCMP_CMP_X\"}"),
	  "F: syscalls[0].args[0].op: expected one of" },
	{ ARGS("{\"index\": 0, \"value\": 0, \"op\": \"SCMP_CMP_GT\"},"
	       "{\"index\": 0, \"value\": 9, \"op\": \"SCMP_CMP_LT\"}"),
	  "F: syscalls[0].args[1]: a filter has one condition" },
	{ INCLUDES("\"caps\": [\"CAP_NONE\"]"),
	  "F: syscalls[0].includes.caps[0]: expected the name" },
	{ INCLUDES("\"arches\": [\"vax\"]"),
	  "F: syscalls[0].includes.arches[0]: expected an architecture" },
	{ INCLUDES("\"minKernel\": \"5.4x\""),
	  "F: syscalls[0].includes.minKernel: expected a kernel's" },
	{ INCLUDES("\"minKernel\": \"5.4.\""),
	  "F: syscalls[0].includes.minKernel: expected a kernel's" },
	{ INCLUDES("\"minKernel\": \"5.4.0.1\""),
	  "F: syscalls[0].includes.minKernel: expected a kernel's" },
	{ INCLUDES("\"user\": 1"), "F: syscalls[0].includes.user: unknown" },
};

START_TEST(bad_values)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(bads); i++) {
		ck_assert_msg(!parse(bads[i].text, 0), "accepted: %s",
			      bads[i].text);
		ck_assert_msg(!strncmp(err.text, bads[i].expected,
				       strlen(bads[i].expected)),
			      "%s\nexpected: %s\ngot: %s", bads[i].text,
			      bads[i].expected, err.text);
	}
}
END_TEST

static void uncompilable(const char *text, const char *expected)
{
	struct nsc_seccomp_profile *profile = parse(text, 0);
	struct nsc_seccomp filter = { .len = 0 };

	ck_assert_msg(profile, "%s: %s", text, err.text);
	ck_assert_int_eq(nsc_seccomp_compile(profile, &filter, &err), -EINVAL);
	ck_assert_msg(!strncmp(err.text, expected, strlen(expected)),
		      "expected: %s\ngot: %s", expected, err.text);
	ck_assert_ptr_null(filter.code);
	nsc_seccomp_profile_free(profile);
}

/* An unknown name must not make a denial disappear. */
START_TEST(unknown_names)
{
	_cleanup_seccomp_ struct nsc_seccomp filter = compile(parse(
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": ["
		"{\"names\": [\"no_such_call\"], \"action\": "
		"\"SCMP_ACT_KILL\"}]}", 0));

	uncompilable(ONE("{\"names\": [\"kill\", \"no_such_call\"], "
			 "\"action\": \"SCMP_ACT_ERRNO\"}"),
		     "F: syscalls[0]: 'no_such_call': no system call has this");
	uncompilable("{\"defaultAction\": \"SCMP_ACT_LOG\", \"syscalls\": ["
		     "{\"names\": [\"no_such_call\"], \"action\": "
		     "\"SCMP_ACT_KILL\"}]}",
		     "F: syscalls[0]: 'no_such_call': no system call has this");
	ck_assert_uint_gt(filter.len, 0);
}
END_TEST

START_TEST(operators)
{
	static const struct {
		const char *op;
		bool holds[3];		/* for 4, 5 and 6, compared with 5 */
	} table[] = {
		{ "NE", { true, false, true } },
		{ "LT", { true, false, false } },
		{ "LE", { true, true, false } },
		{ "EQ", { false, true, false } },
		{ "GE", { false, true, true } },
		{ "GT", { false, false, true } },
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(table); i++) {
		struct nsc_seccomp filter;
		char text[512];

		snprintf(text, sizeof(text),
			 ONE("{\"names\": [\"getppid\"], \"action\": "
			     "\"SCMP_ACT_ERRNO\", \"errnoRet\": 99, \"args\": "
			     "[{\"index\": 0, \"value\": 5, \"op\": "
			     "\"SCMP_CMP_%s\"}]}"), table[i].op);
		filter = compile(parse(text, 0));
		for (int j = 0; j < 3; j++)
			ck_assert_msg(outcome1(&filter, SYS_getppid, 4 + j) ==
				      (table[i].holds[j] ? 99 : 0), "%d %s 5",
				      4 + j, table[i].op);
		nsc_seccomp_free(&filter);
	}
}
END_TEST

/* Would show a read beyond the end of "", the directory's name. */
START_TEST(right_below_the_root)
{
	static void *held[100000];
	struct nsc_seccomp_world here = world(0);
	struct nsc_seccomp_profile *profile = NULL;
	int host = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char dir[64];

	unit_make_dir(dir);
	unit_write(dir, "x.json", "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}",
		   0644);
	unit_write(dir, "open.json", "{}", 0646);
	ck_assert_int_eq(chroot(dir), 0);
	/* Take all memory that was used before, because new memory is zero. */
	for (size_t i = 0; i < NSC_ARRAY_SIZE(held); i++)
		ck_assert_ptr_nonnull(held[i] = malloc(1));
	ck_assert_int_eq(nsc_seccomp_profile_load("/open.json", &here,
						  &profile, &err), -EPERM);
	ck_assert_ptr_eq(strstr(err.text, "/open.json: is writable"),
			 err.text);
	ck_assert_int_eq(nsc_seccomp_profile_load("/none.json", &here,
						  &profile, &err), -ENOENT);
	ck_assert_str_eq(err.text, "/none.json: No such file or directory");
	ck_assert_int_eq(nsc_seccomp_profile_load("/x.json", &here, &profile,
						  &err), 0);
	nsc_seccomp_profile_free(profile);
	for (size_t i = 0; i < NSC_ARRAY_SIZE(held); i++)
		free(held[i]);
	ck_assert_int_eq(fchdir(host), 0);
	ck_assert_int_eq(chroot("."), 0);
	close(host);
	unit_remove_dir(dir);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		oci_sample, docker_sample, docker_numbers,
		podman_names, docker_2017, written_by_programs, bad_values,
		unknown_names,
		operators, NULL,
	};
	const TTest *const root[] = {
		right_below_the_root, NULL,
	};
	Suite *suite = suite_create("profiles");
	TCase *tcase = unit_case("all");

	unit_add(tcase, tests);
	unit_add_root(tcase, root);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
