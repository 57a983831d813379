/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets for text that neither the administrator nor a program of ours has
 * written: the kernel's, with names that users choose, what a terminal shows,
 * and files of vendors.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "util/proc.h"
#include "config/cdi_file.h"
#include "record/cast.h"
#include "targets.h"

/* /proc/PID/stat, mountinfo and /proc/PID/cgroup, divided by lines "%". */
void fuzz_proc(char *text)
{
	char *mounts = fuzz_cut(text), *groups = fuzz_cut(mounts);
	struct nsc_proc_mount mount;
	struct nsc_proc_stat st;

	if (nsc_proc_stat_parse(text, &st) == 0) {
		fuzz_accepted++;
		assert(memchr(st.name, '\0', sizeof(st.name)));
	}
	while (nsc_proc_mount_next(&mounts, &mount)) {
		fuzz_accepted++;
		nsc_proc_mount_has(&mount, "nosuid");
		assert(mount.point && mount.type && !strchr(mount.type, ' '));
	}
	for (int v1 = 0; v1 < 2; v1++) {
		const char *group = nsc_proc_cgroup(groups,
						    v1 ? "freezer" : "");

		assert(!group || (group > groups && group[-1] == ':'));
	}
}

/* Appends the text of an event, which must be a value of JSON. */
static void shown(json_t *whole, const char *data, size_t len,
		  struct nsc_cast_rest *rest)
{
	const struct nsc_cast_text text = { 'o', data, len };
	char *line = malloc(NSC_CAST_EVENT_MAX(len));
	size_t n = line ? nsc_cast_event(1234567, &text, rest, line) : 0;
	json_t *event = json_loadb(line, n, JSON_ALLOW_NUL, NULL), *string;
	char *joined;

	assert(line && n < NSC_CAST_EVENT_MAX(len) && line[n - 1] == '\n');
	assert(!memchr(line, '\n', n - 1) && rest->n < sizeof(rest->bytes));
	string = json_array_get(event, 2);
	assert(json_is_string(string));
	len = json_string_length(whole);
	joined = malloc(len + json_string_length(string) + 1);
	assert(joined);
	memcpy(joined, json_string_value(whole), len);
	memcpy(joined + len, json_string_value(string),
	       json_string_length(string));
	json_string_setn(whole, joined, len + json_string_length(string));
	free(joined);
	json_decref(event);
	free(line);
}

/* What a terminal shows comes in any pieces, and is recorded as in one. */
void fuzz_cast(char *text)
{
	size_t len = strlen(text);
	struct nsc_cast_rest rest = { .n = 0 };
	json_t *whole = json_string("");

	shown(whole, text, len, &rest);
	for (size_t cut = 0; cut <= len && cut < 8; cut++) {
		struct nsc_cast_rest again = { .n = 0 };
		json_t *pieces = json_string("");

		shown(pieces, text, cut, &again);
		shown(pieces, text + cut, len - cut, &again);
		assert(json_equal(whole, pieces) && again.n == rest.n);
		json_decref(pieces);
	}
	fuzz_accepted += json_string_length(whole) > 0;
	json_decref(whole);
}

/* A vendor's file, as JSON and as YAML. */
void fuzz_cdi(char *text)
{
	static const char *const names[] = { "/etc/cdi/a.json",
					     "/etc/cdi/a.yaml" };

	for (int i = 0; i < 2; i++) {
		struct nsc_error err = NSC_ERROR_INIT;
		struct nsc_cdi_file file = { .path = NULL };
		int ret = nsc_cdi_file_parse(names[i], text, &file, &err);

		assert(ret <= 0 && (ret < 0) == (err.code != 0));
		fuzz_accepted += ret == 0;
		for (size_t j = 0; ret == 0 && j < file.n_devices; j++)
			assert(file.devices[j].name[0] && file.kind);
		nsc_cdi_file_free(&file);
	}
}
