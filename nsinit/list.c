/* nsinit list: the containers that run. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "container/join.h"
#include "container/paths.h"
#include "container/rundir.h"
#include "nsinit.h"

/*
 * Who holds the shared lock: one line "FLOCK ADVISORY READ" in /proc/locks,
 * proc_locks(5), for each session; "->" marks those who wait.
 */
static int count_sessions(int rundir)
{
	_cleanup_file_ FILE *locks = fopen("/proc/locks", "re");
	char file[64], line[256];
	struct stat st;
	int n = 0;

	if (!locks || fstatat(rundir, NSC_FILE_SESSIONS, &st,
			      AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	snprintf(file, sizeof(file), " %02x:%02x:%lu ", major(st.st_dev),
		 minor(st.st_dev), (unsigned long)st.st_ino);
	while (fgets(line, sizeof(line), locks))
		if (strstr(line, file) && strstr(line, "FLOCK") &&
		    strstr(line, "READ") && !strstr(line, "->"))
			n++;
	return n;
}

static void print_row(const struct nsc_state *state, int sessions)
{
	char since[32], rootfs[256];
	time_t seconds = (time_t)state->since;
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%-16s %8d  %-19s  %8d  %s\n", state->user, (int)state->pid,
	       since, sessions, nsc_text_escape(state->rootfs, rootfs,
						sizeof(rootfs)));
}

static int add_json(json_t *array, const struct nsc_state *state, int sessions)
{
	json_t *row = json_pack("{s:s, s:i, s:I, s:I, s:i, s:s, s:s, s:s, s:o}",
				"user", state->user, "pid", (int)state->pid,
				"start", (json_int_t)state->start, "since",
				(json_int_t)state->since, "sessions", sessions,
				"rootfs", state->rootfs, "config",
				state->config, "stop", state->stop, "networks",
				nsinit_networks_json(state->networks));

	return row && json_array_append_new(array, row) == 0 ? 0 : -ENOMEM;
}

/* One container, if it runs; 1 then. */
static int list_one(const char *name, json_t *array, struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = -1;
	_cleanup_fd_ int pidfd = -1;
	int ret = nsc_rundir_path(name, &path, err);

	if (ret < 0)
		return ret;
	rundir = nsc_rundir_open(path, false, 0, err);
	if (rundir < 0)
		return rundir == -ENOENT ? 0 : rundir;
	pidfd = nsc_join_find(rundir, &state, err);
	if (pidfd < 0)
		return pidfd == -ESRCH ? 0 : pidfd;
	if (array)
		ret = add_json(array, state, count_sessions(rundir));
	else
		print_row(state, count_sessions(rundir));
	return ret < 0 ? ret : 1;
}

static int list_all(json_t *array, struct nsc_error *err)
{
	struct dirent **names = NULL;
	int n = scandir(NSC_RUNDIR, &names, NULL, alphasort);
	int found = 0;

	for (int i = 0; i < n; i++) {
		struct nsc_error one = NSC_ERROR_INIT;
		int ret = 0;

		if (names[i]->d_name[0] != '.')
			ret = list_one(names[i]->d_name, array, &one);
		if (ret > 0)
			found++;
		else if (ret < 0) {
			*err = one;
			found = found < 0 ? found : ret;
		}
		free(names[i]);
	}
	free(names);
	return found;
}

int nsinit_list(const struct nsinit_options *options)
{
	json_t *array = options->json ? json_array() : NULL;
	struct nsc_error err = NSC_ERROR_INIT;
	int found;

	if (!array)
		printf("%-16s %8s  %-19s  %8s  %s\n", "USER", "PID", "SINCE",
		       "SESSIONS", "ROOTFS");
	found = options->n_arguments ?
			list_one(options->arguments[0], array, &err) :
			list_all(array, &err);
	if (array) {
		json_dumpf(array, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(array);
	}
	if (found < 0)
		return nsinit_fail(&err, NSINIT_FAILED);
	return found == 0 && options->n_arguments ? NSINIT_NOT_RUNNING :
						    NSINIT_OK;
}
