/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of /proc, which have names of processes and mounts in them that others
 * choose: proc_pid_stat(5), proc_pid_status(5), proc_pid_mountinfo(5).
 */
#ifndef NSC_UTIL_PROC_H
#define NSC_UTIL_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

/* A file of any size that /proc has, as nsc_file_read() reads it. */
int nsc_proc_read(const char *path, char **ret, struct nsc_error *err);

/* What is used of /proc/PID/stat. */
struct nsc_proc_stat {
	pid_t pid;
	char name[64];		/* any bytes; cut where it is longer */
	pid_t parent;
	pid_t group;
	pid_t session;
	unsigned int tty;	/* the controlling terminal, 0: none */
	pid_t foreground;	/* the process group that has that, or -1 */
	uint64_t ticks;		/* of processor time, with ended children */
	uint64_t start;		/* clock ticks since boot */
};

/* From the text of the file, which is changed; 0 or -EINVAL. */
int nsc_proc_stat_parse(char *text, struct nsc_proc_stat *ret);

/* Read that of a process: 0 or a negative errno, -ESRCH where there is none. */
int nsc_proc_stat(pid_t pid, struct nsc_proc_stat *ret);

/*
 * The value of a line "KEY:\tVALUE" of /proc/PID/status, without the newline.
 * False: there is no such process or line.
 */
bool nsc_proc_status(pid_t pid, const char *key, char *value, size_t size);

/* A line of mountinfo. */
struct nsc_proc_mount {
	char *point;		/* without the file's escapes */
	char *options;		/* of this mount: "ro,nosuid" */
	char *type;
	char *super;		/* options of its file system */
};

/*
 * The next mount of *text, which is changed and moves on; *ret points into it.
 * What is no such line is passed over.  False at the end.
 */
bool nsc_proc_mount_next(char **text, struct nsc_proc_mount *ret);

/*
 * The control group in the text of a /proc/PID/cgroup, cgroups(7), of the
 * hierarchy that has controllers ("": v2).  It goes on to the end of its line;
 * NULL: there is none.
 */
const char *nsc_proc_cgroup(const char *text, const char *controllers);

#endif
