/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lib/config/json_text.c, field_errors.c, merge.c: what the messages about a
 * container.json say, and which of its files they blame.
 */
#include "unit.h"

#include "util/fd.h"
#include "config/container_config.h"
#include "config/json_text.h"
#include "util/nearest.h"

static gid_t groups[] = { 1000 };
static struct nsc_user alice = {
	.name = (char[]){ "alice" }, .home = (char[]){ "/home/alice" },
	.shell = (char[]){ "/bin/sh" }, .uid = 1000, .gid = 1000,
	.groups = groups, .n_groups = 1,
};

/* Merge texts up to NULL, which are the files F, F.d/1, F.d/2. */
static struct nsc_config *merged(const char *const *texts,
				 struct nsc_error *err)
{
	static char names[3][8] = { "F", "F.d/1", "F.d/2" };
	struct nsc_config_file list[3];
	struct nsc_config_files files = { .list = list, .n = 0 };
	struct nsc_config *config = NULL;

	for (; texts[files.n]; files.n++) {
		list[files.n].path = names[files.n];
		list[files.n].text = (char *)(uintptr_t)texts[files.n];
	}
	nsc_config_parse_files(&files, "F", "/etc/dir", &alice, &config, err);
	return config;
}

static void says(const char *const *texts, const char *expected)
{
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_config *config = merged(texts, &err);

	ck_assert_msg(!config, "accepted: %s", texts[0]);
	ck_assert_msg(!strcmp(err.text, expected), "%s\nexpected: %s\ngot: %s",
		      texts[0], expected, err.text);
}

static const struct {
	const char *text, *expected;
} mistakes[] = {
	{ "{\n  \"tty\": true,\n}", "2, column 14: a comma too many: nothing "
	  "follows it" },
	{ "{\"capabilities\": [\"KILL\", ]}", "1, column 25: a comma too many: "
	  "nothing follows it" },
	{ "{, \"tty\": true}", "1, column 2: a comma too many: nothing is "
	  "before it" },
	{ "{\n  // mine\n  \"tty\": true}", "2, column 3: a comment: JSON has "
	  "none: remove it" },
	{ "# mine\n{}", "1, column 1: a comment: JSON has none: remove it" },
	{ "{} /* mine */", "1, column 4: a comment: JSON has none: remove it" },
	{ "\xef\xbb\xbf{}", "1, column 1: a byte order mark: save the file as "
	  "UTF-8 without it" },
	{ "{'tty': true}", "1, column 2: a single quote: write \" around a "
	  "text" },
	{ "{\"hostname\": \xe2\x80\x9clab\xe2\x80\x9d}", "1, column 14: a "
	  "typographic quote: write \"" },
	{ "{\"hostname\": \"\xc3\xa4\xc3\xb6\", tty: true}", "1, column 20: "
	  "write \" around a text" },
	{ "{\"tty\":\xc2\xa0true}", "1, column 8: a no-break space: write an "
	  "ordinary one" },
	{ "{\"cgroups\": {\"memory\": 1G}}", "1, column 24: write \" around a "
	  "number with a unit, such as \"1G\"" },
	{ "{\"umask\": 0022}", "1, column 11: a number does not begin with 0: "
	  "write \" around an octal one, such as \"0755\"" },
	{ "{\"tty\": True}", "1, column 9: write true in small letters" },
	{ "{\"tty\": yes}", "1, column 9: write true" },
	{ "{\"tty\" = true}", "1, column 8: write : between a key and its "
	  "value" },
	{ "{\"tty\" true}", "1, column 8: write : between a key and its "
	  "value" },
	{ "{\"tty\": true;}", "1, column 13: write , between members" },
	{ "{\"tty\": true\n \"rootfs\": \"/\"}", "2, column 2: write , between "
	  "this and what is before it" },
	{ "{\"capabilities\": [\"KILL\" \"CHOWN\"]}", "1, column 26: write , "
	  "between this and what is before it" },
	{ "{\"rootfs\": \"/\n}", "1, column 12: this text does not end on its "
	  "line: write \" at its end" },
	{ "{\"rootfs\": \"\\srv\"}", "1, column 13: write a backslash in a "
	  "text as \\\\" },
	{ "{\"rootfs\": \"/\"", "1, column 15: the file ends inside an object: "
	  "write } at its end" },
	{ "{\"mounts\": [}", "1, column 13: write ] to end an array before "
	  "this" },
	{ "{}}", "1, column 3: a bracket too many" },
	{ "{} {}", "1, column 4: the object has ended before this: remove it, "
	  "or a bracket too many before it" },
	{ "", "1, column 1: the file is empty: write at least {}" },
	{ " \n", "2, column 1: the file is empty: write at least {}" },
	{ "\"tty\": true", "1, column 1: write { before the first key, and } "
	  "at the end of the file" },
	{ "tty: true", "1, column 1: write \" around a text" },
	{ "{\"umask\": 1_000}", "1, column 11: write a number in decimal "
	  "digits alone" },
	{ "{\"umask\": 0x12}", "1, column 11: write a number in decimal "
	  "digits alone" },
};

START_TEST(mistakes_are_named)
{
	const char *const texts[] = { mistakes[_i].text, NULL };
	char expected[256];

	snprintf(expected, sizeof(expected), "F: line %s",
		 mistakes[_i].expected);
	says(texts, expected);
}
END_TEST

/* A message about broken JSON quotes nothing of the file. */
START_TEST(mistakes_quote_nothing)
{
	struct nsc_json_place place;

	for (size_t i = 0; i < NSC_ARRAY_SIZE(mistakes); i++) {
		const char *text = nsc_json_mistake(mistakes[i].text, &place);

		ck_assert_msg(text, "%s", mistakes[i].text);
		ck_assert_ptr_null(strstr(text, "KILL"));
	}
	ck_assert_ptr_null(nsc_json_mistake("{\"tty\": [true, null, -1.5e3, "
					    "\"\\u00e4\"], \"a\": {}}",
					    &place));
}
END_TEST

static const struct {
	const char *text, *expected;
} values[] = {
	{ "{\n \"hostame\": \"x\"}",
	  "F: hostame: unknown key: did you mean 'hostname'? (line 2, "
	  "column 2)" },
	{ "{\"Hostname\": \"x\"}",
	  "F: Hostname: unknown key: did you mean 'hostname'? (line 1, "
	  "column 2)" },
	{ "{\"memory\": 1073741824}",
	  "F: memory: unknown key here: did you mean 'cgroups.memory'? "
	  "(line 1, column 2)" },
	{ "{\"cgroups\": {\"rootfs\": \"/\"}}",
	  "F: cgroups.rootfs: unknown key here: did you mean 'rootfs'? "
	  "(line 1, column 14)" },
	{ "{\"memroy\": 1}",
	  "F: memroy: unknown key: did you mean 'cgroups.memory'? (line 1, "
	  "column 2)" },
	{ "{\"xyzzy\": 1}", "F: xyzzy: unknown key (line 1, column 2)" },
	{ "{\"namespaces\": {\"newns\": true}}",
	  "F: namespaces.newns: unknown key: did you mean 'NEWNS'? (line 1, "
	  "column 17)" },
	{ "{\"tty\": \"true\"}", "F: tty: expected true or false, got "
	  "\"true\": remove the quotes (line 1, column 2)" },
	{ "{\"cgroups\": {\n\t\"pids\": \"200\"}}",
	  "F: cgroups.pids: expected 0 (nothing), or a number from 1 to "
	  "4194304, got \"200\": remove the quotes (line 2, column 2)" },
	{ "{\"mounts\": [{\"type\": \"tmpfs\", \"destination\": \"/a\"},\n"
	  "  {\"type\": \"tmpfs\"}]}",
	  "F: mounts[1].destination: is missing (line 2, column 3)" },
	{ "{\"environment\": [\"A=1\",\n   \"secret\"]}",
	  "F: environment[1]: expected KEY=VALUE, got something else (line 2, "
	  "column 4)" },
	{ "{\"tty\": true,\n \"hostname\": \"x\", \"namespaces\": {\"NEWNS\": "
	  "true, \"NEWPID\": true}}",
	  "F: hostname: needs namespaces.NEWUTS, or it would rename the host "
	  "(line 2, column 2)" },
	{ "{\"cgroups\": {\"memory_swap\": 9000}}",
	  "F: cgroups.memory_swap: needs memory: it is the sum of memory and "
	  "swap (line 1, column 14)" },
	{ "{\"mounts\": [{\"dest\": \"/a\"}]}",
	  "F: mounts[0].dest: unknown key: did you mean 'destination'? (line "
	  "1, column 14)" },
	{ "{\"capabilities\": \"KILL\"}",
	  "F: capabilities: expected an array, got \"KILL\": write [ and ] "
	  "around it (line 1, column 2)" },
	{ "{\"environment\": {\"A\": \"secret\"}}",
	  "F: environment: expected an array, got an object (line 1, column "
	  "2)" },
	{ "[]", "F: expected an object, got [] (line 1, column 1)" },
};

START_TEST(values_have_a_place)
{
	const char *const texts[] = { values[_i].text, NULL };

	says(texts, values[_i].expected);
}
END_TEST

START_TEST(files_are_merged)
{
	static const char *const texts[] = {
		"{\"hostname\": \"a\", \"tty\": true, \"capabilities\": "
		"[\"KILL\", \"CHOWN\"], \"cgroups\": {\"memory\": \"1G\", "
		"\"pids\": 5}, \"mounts\": [{\"type\": \"tmpfs\", "
		"\"destination\": \"/a\"}], \"rlimits\": [{\"type\": "
		"\"RLIMIT_AS\", \"hard\": 1, \"soft\": 1}], \"umask\": 0}",
		"{\"hostname\": \"b\", \"capabilities\": [\"KILL\"], "
		"\"cgroups\": {\"pids\": 6}, \"mounts\": [{\"type\": "
		"\"tmpfs\", \"destination\": \"/b\"}], \"rlimits\": [], "
		"\"umask\": null}",
		"{\"mounts\": [{\"type\": \"tmpfs\", \"destination\": \"/c\"}"
		"]}", NULL,
	};
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_config *c = merged(texts, &err);

	ck_assert_msg(c, "%s", err.text);
	ck_assert_str_eq(c->hostname, "b");
	ck_assert(c->process.terminal);
	ck_assert_uint_eq(c->process.capabilities, 1 << 5);
	ck_assert_int_eq(c->cgroups.limits.number[NSC_CGROUP_N_MEMORY],
			 1 << 30);
	ck_assert_int_eq(c->cgroups.limits.number[NSC_CGROUP_N_PIDS], 6);
	ck_assert_uint_eq(c->n_mounts, 3);
	ck_assert_str_eq(c->mounts[0].destination, "/a");
	ck_assert_str_eq(c->mounts[2].destination, "/c");
	ck_assert_int_eq(c->process.umask, -1);
	nsc_config_free(c);
}
END_TEST

static const struct {
	const char *texts[4], *expected;
} blamed[] = {
	{ { "{}", "{\"hostame\": 1}", "{}" },
	  "F.d/1: hostame: unknown key: did you mean 'hostname'? (line 1, "
	  "column 2)" },
	{ { "{}", "{\"hostame\": null}" },
	  "F.d/1: hostame: unknown key: did you mean 'hostname'? (line 1, "
	  "column 2)" },
	{ { "{}", "{,}" },
	  "F.d/1: line 1, column 2: a comma too many: nothing is before it" },
	{ { "{}", "[]" }, "F.d/1: expected an object, got [] (line 1, column "
	  "1)" },
	{ { "{\"hostname\": 1}", "{\"tty\": true}" },
	  "F: hostname: expected a string, got 1 (line 1, column 2)" },
	{ { "{\"hostname\": \"a\"}", "{\"hostname\": 1}" },
	  "F.d/1: hostname: expected a string, got 1 (line 1, column 2)" },
	/* The second element is the first one of its file. */
	{ { "{\"mounts\": [{\"type\": \"tmpfs\", \"destination\": \"/a\"}]}",
	    "{\"mounts\": [{\"type\": \"nfs\"}]}", "{}" },
	  "F.d/1: mounts[1].type: expected one of \"bind\", \"tmpfs\", "
	  "\"proc\", \"sysfs\", \"mqueue\", \"cgroup\", \"overlay\", "
	  "\"devpts\", \"devtmpfs\", got \"nfs\" (line 1, column 14)" },
	{ { "{\"mounts\": [{\"type\": \"tmpfs\"}]}",
	    "{\"mounts\": [{\"type\": \"tmpfs\", \"destination\": \"/a\"}]}" },
	  "F: mounts[0].destination: is missing (line 1, column 13)" },
	{ { "{\"hostname\": \"a\"}",
	    "{\"namespaces\": {\"NEWNS\": true, \"NEWPID\": true}}" },
	  "F: hostname: needs namespaces.NEWUTS, or it would rename the host "
	  "(line 1, column 2)" },
	{ { "{}", "{\"cgroups\": {\"memory_swap\": 9000}}" },
	  "F.d/1: cgroups.memory_swap: needs memory: it is the sum of memory "
	  "and swap (line 1, column 14)" },
};

START_TEST(the_right_file_is_blamed)
{
	says(blamed[_i].texts, blamed[_i].expected);
}
END_TEST

START_TEST(nearest_names)
{
	static const struct {
		const char *wrong, *known[4], *text;
	} cases[] = {
		{ "alcie", { "bob", "alice", "alicia" },
		  ": did you mean 'alice'?" },
		{ "studnets", { "staff", "students" },
		  ": did you mean 'students'?" },
		{ "ROOTFS", { "rootfs" }, ": did you mean 'rootfs'?" },
		{ "x", { "y" }, ": did you mean 'y'?" },
		{ "dest", { "source", "destination" },
		  ": did you mean 'destination'?" },
		{ "de", { "source", "destination" }, "" },
		{ "bob", { "alice", "ann" }, "" },
		{ "", { "alice" }, "" },
	};
	char text[96], big[200];

	for (size_t i = 0; i < NSC_ARRAY_SIZE(cases); i++) {
		struct nsc_nearest n = NSC_NEAREST_INIT(cases[i].wrong);

		for (const char *const *k = cases[i].known; *k; k++)
			nsc_nearest_offer(&n, *k);
		ck_assert_str_eq(nsc_nearest_text(&n, text, sizeof(text)),
				 cases[i].text);
	}
	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ck_assert_uint_gt(nsc_nearest_distance(big, "a"), 1000);
	ck_assert_uint_eq(nsc_nearest_distance("", ""), 0);
	ck_assert_uint_eq(nsc_nearest_distance("ab", "ba"), 1);
	ck_assert_uint_eq(nsc_nearest_distance("kitten", "sitting"), 3);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		mistakes_quote_nothing, files_are_merged, nearest_names, NULL,
	};
	Suite *suite = suite_create("messages");
	TCase *tcase = unit_case("messages");

	unit_add(tcase, tests);
	tcase_add_loop_test(tcase, mistakes_are_named, 0,
			    NSC_ARRAY_SIZE(mistakes));
	tcase_add_loop_test(tcase, values_have_a_place, 0,
			    NSC_ARRAY_SIZE(values));
	tcase_add_loop_test(tcase, the_right_file_is_blamed, 0,
			    NSC_ARRAY_SIZE(blamed));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
