/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inside DIR COMMAND [ARGUMENT...]: list the users' running containers,
 * describe the container of DIR, and run a command in it.
 *
 * cc -o inside inside.c $(pkg-config --cflags --libs nscontainer)
 */
#include <nscontainer.h>
#include <stdio.h>
#include <time.h>
#include <sys/wait.h>

static int fail(const struct nscontainer_error *err)
{
	fprintf(stderr, "inside: %s\n", err->text);
	return 1;
}

static void print_row(const struct nscontainer_record *r)
{
	int64_t since = 0, sessions;

	nscontainer_record_int64(r, "since", &since);
	printf("%s runs for %.0f minutes", nscontainer_record_text(r, "user"),
	       difftime(time(NULL), (time_t)since) / 60);
	/* -ENODATA where they cannot be counted. */
	if (nscontainer_record_int64(r, "sessions", &sessions) == 0)
		printf(", with %d sessions", (int)sessions);
	putchar('\n');
}

static int list(struct nscontainer_error *err)
{
	struct nscontainer_record *list = NULL;
	const struct nscontainer_record *r;
	int ret = nscontainer_list(&list, err);

	for (r = list; r; r = nscontainer_record_next(r))
		print_row(r);
	nscontainer_record_free(list);
	return ret;
}

static int check(const struct nscontainer *container,
		 struct nscontainer_error *err)
{
	struct nscontainer_record *plan;
	int ret = nscontainer_check(container, &plan, err);

	if (ret < 0)
		return ret;
	puts(nscontainer_record_json(plan));
	nscontainer_record_free(plan);
	return 0;
}

int main(int argc, char **argv)
{
	char *const env[] = { "TERM=dumb", "LANG=C.UTF-8", NULL };
	struct nscontainer_error err = NSCONTAINER_ERROR_INIT;
	struct nscontainer *container;
	int status = 0, ret;

	if (argc < 3)
		return 2;
	if (list(&err) < 0 ||
	    nscontainer_open_directory(argv[1], &container, &err) < 0)
		return fail(&err);
	ret = check(container, &err);
	fflush(stdout);
	if (ret == 0)
		ret = nscontainer_exec(container, argv + 2, env, 0, &status,
				       &err);
	nscontainer_close(container);
	if (ret < 0)
		return fail(&err);
	printf("status %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return 0;
}
