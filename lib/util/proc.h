/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in /proc that contain names of processes and mounts, which others
 * choose: proc_pid_stat(5), proc_pid_status(5), proc_pid_mountinfo(5).
 */
#ifndef NSC_UTIL_PROC_H
#define NSC_UTIL_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

/* Read a file of any size in /proc, like nsc_file_read(). */
int nsc_proc_read(const char *path, char **ret, struct nsc_error *err);

/* The fields of /proc/PID/stat that nscontainer uses. */
struct nsc_proc_stat {
	pid_t pid;
	char name[64];		/* any bytes; a longer name is cut */
	pid_t parent;
	pid_t group;
	pid_t session;
	unsigned int tty;	/* controlling terminal; 0: none */
	pid_t foreground;	/* its foreground process group, or -1 */
	uint64_t ticks;		/* processor time, including ended children */
	uint64_t start;		/* clock ticks since boot */
	bool ending;		/* it was killed, or is on its way out */
	bool forked;		/* it has executed no program since its fork */
};

/* Parse the text of the file, which is modified; returns 0 or -EINVAL. */
int nsc_proc_stat_parse(char *text, struct nsc_proc_stat *ret);

/*
 * Read the file of a process: 0 or a negative errno, -ESRCH if it does not
 * exist.
 */
int nsc_proc_stat(pid_t pid, struct nsc_proc_stat *ret);

/*
 * Get the value of the line "KEY:\tVALUE" in /proc/PID/status, without the
 * newline.  False if there is no such process or line.
 */
bool nsc_proc_status(pid_t pid, const char *key, char *value, size_t size);

/* One line of mountinfo. */
struct nsc_proc_mount {
	char *point;		/* unescaped */
	char *options;		/* of this mount, such as "ro,nosuid" */
	char *type;
	char *super;		/* options of its file system */
	bool shared;		/* later mounts below it propagate */
};

/*
 * Get the next mount of *text, which is modified and advanced; *ret points into
 * it.  Malformed lines are skipped.  False at the end.
 */
bool nsc_proc_mount_next(char **text, struct nsc_proc_mount *ret);

/* Does the mount have the option, itself or through its file system? */
bool nsc_proc_mount_has(const struct nsc_proc_mount *mount, const char *option);

/*
 * Find the control group in the text of a /proc/PID/cgroup, cgroups(7), for the
 * hierarchy with these controllers ("": v2).  The result extends to the end of
 * its line; NULL: there is none.
 */
const char *nsc_proc_cgroup(const char *text, const char *controllers);

#endif
