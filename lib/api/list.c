#include "api/api.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/join.h"
#include "container/paths.h"
#include "container/rundir.h"

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

static json_t *state_json(const struct nsc_state *state, int sessions)
{
	return json_pack("{s:s, s:i, s:I, s:I, s:i, s:s?, s:s?, s:s, s:s, "
			 "s:o}",
			 "user", state->user, "pid", (int)state->pid, "start",
			 (json_int_t)state->start, "since",
			 (json_int_t)state->since, "sessions", sessions,
			 "rootfs", state->rootfs, "external", state->external,
			 "config", state->config,
			 "stop", state->stop,
			 "networks", nsc_api_networks(state->networks));
}

static int find(const char *path, struct nscontainer_record **ret,
		struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_fd_ int rundir = nsc_rundir_open(path, false, 0, err);
	_cleanup_fd_ int pidfd = -1;
	struct nscontainer_record *record;

	if (rundir < 0)
		return rundir == -ENOENT ?
			nsc_error_set(err, ESRCH, "no container is running") :
			rundir;
	pidfd = nsc_join_find(rundir, &state, err);
	if (pidfd < 0)
		return pidfd;
	record = nsc_api_record(state_json(state, count_sessions(rundir)));
	if (!record)
		return nsc_error_sys(err, ENOMEM, "list");
	*ret = record;
	return 0;
}

NSC_PUBLIC int nscontainer_find(const struct nscontainer *container,
				struct nscontainer_record **ret,
				struct nscontainer_error *err)
{
	struct nsc_error e = NSC_ERROR_INIT;

	return nsc_api_result(find(container->rundir, ret, &e), &e, err);
}

/* One that does not run is not an error. */
static int add(const char *name, struct nscontainer_record **list,
	       struct nsc_error *err)
{
	struct nscontainer_record *record = NULL;
	_cleanup_free_ char *path = NULL;
	int ret = nsc_rundir_path(name, &path, err);

	if (ret == 0)
		ret = find(path, &record, err);
	if (ret == 0)
		nsc_api_append(list, record);
	return ret == -ESRCH ? 0 : ret;
}

NSC_PUBLIC int nscontainer_list(struct nscontainer_record **ret,
				struct nscontainer_error *err)
{
	struct nsc_error first = NSC_ERROR_INIT;
	struct dirent **names = NULL;
	int n = scandir(NSC_RUNDIR, &names, NULL, alphasort);
	int error = 0;

	*ret = NULL;
	for (int i = 0; i < n; i++) {
		struct nsc_error e = NSC_ERROR_INIT;
		int one = 0;

		if (names[i]->d_name[0] != '.')
			one = add(names[i]->d_name, ret, &e);
		if (one < 0 && error == 0) {
			error = one;
			first = e;
		}
		free(names[i]);
	}
	free(names);
	return nsc_api_result(error, &first, err);
}
