/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files and directories, each in this one place. */
#ifndef NSC_UTIL_PATHS_H
#define NSC_UTIL_PATHS_H

/*
 * From the build: NSC_SYSCONFDIR (/etc/nscontainer), NSC_RUNDIR
 * (/run/nscontainer), NSC_STATEDIR (/var/lib/nscontainer), NSC_LOGDIR
 * (/var/log/nscontainer), NSC_LIBEXECDIR and NSC_NSSHELL.
 */
#define NSC_CONF_PATH NSC_SYSCONFDIR "/nscontainer.conf"

/* The file of a container, in a directory of the administrator's choice. */
#define NSC_CONFIG_FILE "container.json"

/* PATH of what runs as root, and of commands that root chose. */
#define NSC_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* A line for each session that opened and for each that closed. */
#define NSC_HISTORY NSC_LOGDIR "/sessions"

/* In a run directory: see rundir.h. */
#define NSC_FILE_LOCK "lock"
#define NSC_LINK_CURRENT "current"

/* In an instance of it; "pid" and "start" have links in the run directory. */
#define NSC_FILE_PID "pid"
#define NSC_FILE_START "start"
#define NSC_FILE_STATE "state"
#define NSC_FILE_SECCOMP "seccomp.bpf"
#define NSC_FILE_SESSIONS "sessions"
#define NSC_FILE_MONITOR "monitor"
#define NSC_FILE_HOOKS "hooks"
#define NSC_FILE_ENTER "enter"
#define NSC_FILE_CGROUP "cgroup"
#define NSC_FILE_WAKE "wake"
#define NSC_DIR_SESSION "session"	/* see session_file.h */

/*
 * Inside each container, on the /dev that only root can write to: the mark
 * that this is a container, with a symbolic link to the user's shell.
 */
#define NSC_MARK_NAME ".nscontainer"		/* in /dev */
#define NSC_MARK_SHELL_NAME NSC_MARK_NAME "/shell"
#define NSC_MARK_DIR "/dev/" NSC_MARK_NAME
#define NSC_MARK_SHELL "/dev/" NSC_MARK_SHELL_NAME

/* There, when a login inside the container is to be refused. */
#define NSC_MARK_REFUSE_NAME NSC_MARK_NAME "/refuse"
#define NSC_MARK_REFUSE "/dev/" NSC_MARK_REFUSE_NAME

/* The stop policy of a container of another engine's. */
#define NSC_STOP_EXTERNAL "external"

/* What starts containers for logins, and its descriptors. */
#define NSC_LOGIN_START NSC_LIBEXECDIR "/login-start"
#define NSC_HELPER_LOCK 3	/* holds 'lock' */
#define NSC_HELPER_REPORT 4	/* takes the nsc_error of the result */

#endif
