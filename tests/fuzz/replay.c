/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feed each target with its corpus SRCDIR/tests/fuzz/corpus/TARGET/, which
 * includes input that fuzzers have found.  The test fails by a crash.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "targets.h"

#define SIZE_MAX_INPUT ((size_t)1 << 20)

static int feed_file(const struct fuzz_target *target, const char *path,
		     char *buf)
{
	FILE *file = fopen(path, "r");
	size_t n;

	if (!file) {
		perror(path);
		return -1;
	}
	n = fread(buf, 1, SIZE_MAX_INPUT, file);
	fclose(file);
	fuzz_feed(target, buf, n);
	return 0;
}

/* Returns the number of files, or 0 if the target accepts none of them. */
static int feed_directory(const struct fuzz_target *target, char *buf)
{
	char path[1024];
	struct dirent **list;
	int n, fed = 0;

	fuzz_accepted = 0;
	snprintf(path, sizeof(path), SRCDIR "/tests/fuzz/corpus/%s",
		 target->name);
	n = scandir(path, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path),
			 SRCDIR "/tests/fuzz/corpus/%s/%s", target->name,
			 list[i]->d_name);
		if (list[i]->d_name[0] != '.' &&
		    feed_file(target, path, buf) == 0)
			fed++;
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	printf("%s: %d files, %lu accepted\n", target->name, fed,
	       fuzz_accepted);
	return fuzz_accepted ? fed : 0;
}

int main(void)
{
	char *buf = malloc(SIZE_MAX_INPUT);
	int status = buf ? EXIT_SUCCESS : EXIT_FAILURE;

	for (const struct fuzz_target *t = fuzz_targets; buf && t->name; t++)
		if (feed_directory(t, buf) == 0)
			status = EXIT_FAILURE;
	free(buf);
	return status;
}
