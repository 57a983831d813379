/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test each key of container.json, from the code's own table.  keys.json has
 * good values, and bad values with a part of the message; "in" has other keys
 * that the key requires.  A key without an entry fails, and so does a key that
 * only the code or only man/container.json.5 has.
 */
#include "unit.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>

#include "config/container_config.h"
#include "util/text.h"

#define FILE_NAME "/c.json"

static gid_t groups[] = { 1000 };
static struct nsc_user alice = {
	.name = (char[]){ "alice" }, .home = (char[]){ "/home/alice" },
	.shell = (char[]){ "/bin/bash" }, .group = (char[]){ "alice" },
	.uid = 1000, .gid = 1000, .groups = groups, .n_groups = 1,
};

static json_t *entries;

/*
 * Make a document in which the entry's key has this value; path is the key's
 * place in the form of messages.
 */
static char *document(const json_t *entry, json_t *value, char path[256])
{
	json_t *in = json_object_get(entry, "in");
	json_t *root = in ? json_deep_copy(in) : json_object(), *at = root;
	char key[128], *save = NULL, *text;
	size_t n = 0;

	snprintf(key, sizeof(key), "%s",
		 json_string_value(json_object_get(entry, "key")));
	for (char *name = strtok_r(key, ".", &save); name;) {
		char *next = strtok_r(NULL, ".", &save);
		json_t *below = json_object_get(at, name);

		if (!next)
			json_object_set(at, name, value);
		else if (!below)
			json_object_set_new(at, name, below = json_object());
		n += (size_t)snprintf(path + n, 256 - n, "%s%s%s",
				      n ? "." : "", name,
				      next && json_is_array(below) ? "[0]" :
								     "");
		at = json_is_array(below) ? json_array_get(below, 0) : below;
		name = next;
	}
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}

/* Parse text; NULL if it is accepted, or else the message. */
static const char *message(const char *text)
{
	static struct nsc_error err;
	struct nsc_config *config = NULL;
	int ret = nsc_config_parse(text, FILE_NAME, "/etc/dir", &alice,
				   &config, &err);

	ck_assert_int_eq(ret == 0, config != NULL);
	ck_assert(ret == 0 || ret == -EINVAL);
	nsc_config_free(config);
	return ret < 0 ? err.text : NULL;
}

static bool is_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = text; (p = strstr(p, word)); p += len)
		if ((p == text || !is_letter(p[-1])) && !is_letter(p[len]))
			return true;
	return false;
}

/* True if text begins with path, or with its parent and names the key. */
static bool is_about(const char *text, const char *path)
{
	const char *dot = strrchr(path, '.');

	return !strncmp(text, path, strlen(path)) ||
	       ((!dot || !strncmp(text, path, (size_t)(dot - path))) &&
		has_word(text, dot ? dot + 1 : path));
}

static void check_bad(const json_t *entry, json_t *value, const char *expected)
{
	char path[256];
	char *text = document(entry, value, path);
	const char *got = message(text);

	ck_assert_msg(got, "accepted: %s", text);
	ck_assert_msg(!strncmp(got, FILE_NAME ": ", strlen(FILE_NAME) + 2) &&
		      is_about(got + strlen(FILE_NAME) + 2, path),
		      "%s\nnot about %s: %s", text, path, got);
	ck_assert_msg(strstr(got, expected), "%s\nexpected: %s\ngot: %s", text,
		      expected, got);
	free(text);
}

static void check_good(const json_t *entry, json_t *value)
{
	char path[256];
	char *text = document(entry, value, path);
	const char *got = message(text);

	ck_assert_msg(!got, "%s: %s", text, got);
	free(text);
}

START_TEST(values)
{
	const json_t *entry = json_array_get(entries, (size_t)_i);
	json_t *bad = json_object_get(entry, "bad"), *list, *value;
	const char *expected;
	size_t i;

	json_array_foreach(json_object_get(entry, "good"), i, value)
		check_good(entry, value);
	json_object_foreach(bad, expected, list)
		json_array_foreach(list, i, value)
			check_bad(entry, value, expected);
}
END_TEST

/* The number of values of that kind for a key. */
static size_t count(const char *key, const char *kind)
{
	size_t i, n = 0;
	json_t *entry;

	json_array_foreach(entries, i, entry)
		if (!strcmp(json_string_value(json_object_get(entry, "key")),
			    key))
			n += json_is_array(json_object_get(entry, kind)) ?
				json_array_size(json_object_get(entry, kind)) :
				json_object_size(json_object_get(entry, kind));
	return n;
}

static bool is_key(char *const *keys, const char *name, size_t len)
{
	for (; *keys; keys++) {
		const char *dot = strrchr(*keys, '.');
		const char *last = dot ? dot + 1 : *keys;

		if (strlen(last) == len && !strncmp(last, name, len))
			return true;
	}
	return false;
}

START_TEST(each_key_has_values)
{
	char **keys = nsc_config_keys();
	json_t *entry;
	size_t i;

	for (char **k = keys; *k; k++) {
		/* Hooks for start and stop share one table. */
		ck_assert_msg(count(*k, "good") ||
			      !strcmp(*k, "hooks.stop.on_failure") ||
			      !strcmp(*k, "hooks.poststart.on_failure"),
			      "keys.json: %s: no good value", *k);
		ck_assert_msg(count(*k, "bad"), "keys.json: %s: no bad value",
			      *k);
		for (char **other = keys; other < k; other++)
			ck_assert_msg(strcmp(*other, *k) != 0, "%s: twice", *k);
	}
	json_array_foreach(entries, i, entry) {
		const char *key = json_string_value(json_object_get(entry,
								    "key"));
		char **k = keys;

		while (*k && strcmp(*k, key) != 0)
			k++;
		ck_assert_msg(*k, "keys.json: %s: is no key", key);
	}
	nsc_text_free_vector(keys);
}
END_TEST

/* The page has lines ".It Ic NAME , NAME No (allowed values)". */
START_TEST(each_key_is_documented)
{
	static char page[131072];
	FILE *file = fopen(SRCDIR "/man/container.json.5", "re");
	char **keys = nsc_config_keys(), *begin, *end;

	ck_assert_uint_gt(fread(page, 1, sizeof(page) - 1, file), 0);
	fclose(file);
	begin = strstr(page, ".Sh KEYS");
	end = strstr(begin + 1, "\n.Sh ");
	*end = '\0';
	for (char **k = keys; *k; k++) {
		const char *dot = strrchr(*k, '.');

		ck_assert_msg(has_word(begin, dot ? dot + 1 : *k),
			      "the page lacks %s", *k);
	}
	for (char *p = begin; (p = strstr(p, "\n.It Ic "));) {
		p += strlen("\n.It Ic ");
		while (*p != '\n' && strncmp(p, "No ", 3) != 0) {
			size_t len = strcspn(p, " \n");

			ck_assert_msg(*p == ',' || is_key(keys, p, len),
				      "of the page alone: %.*s", (int)len, p);
			p += len + (p[len] == ' ');
		}
	}
	nsc_text_free_vector(keys);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("each key");
	TCase *tcase = unit_case("each key");
	json_error_t error;

	entries = json_load_file(SRCDIR "/tests/unit/config/keys.json",
				 JSON_REJECT_DUPLICATES, &error);
	if (!entries) {
		printf("keys.json: line %d: %s\n", error.line, error.text);
		return EXIT_FAILURE;
	}
	tcase_add_test(tcase, each_key_has_values);
	tcase_add_test(tcase, each_key_is_documented);
	tcase_add_loop_test(tcase, values, 0, (int)json_array_size(entries));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
