/* SPDX-License-Identifier: Apache-2.0 */
/* Names of files and directories, each defined only here. */
#ifndef NSC_UTIL_PATHS_H
#define NSC_UTIL_PATHS_H

#include "util/version.h"

/*
 * The build defines NSC_SYSCONFDIR (/etc/nscontainer), NSC_RUNDIR
 * (/run/nscontainer), NSC_STATEDIR (/var/lib/nscontainer), NSC_LOGDIR
 * (/var/log/nscontainer), NSC_LIBEXECDIR, NSC_SBINDIR and NSC_NSSHELL.
 */
#define NSC_CONF_PATH NSC_SYSCONFDIR "/nscontainer.conf"

/*
 * The file that describes a container, in a directory that the administrator
 * chose.
 */
#define NSC_CONFIG_FILE "container.json"

/* PATH for programs that run as root and for commands that root configured. */
#define NSC_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Has a line for each opened and each closed session. */
#define NSC_HISTORY NSC_LOGDIR "/sessions"

/* These are in a run directory: see rundir.h. */
#define NSC_FILE_LOCK "lock"
#define NSC_FILE_ADMIN "admin"
#define NSC_LINK_CURRENT "current"

/*
 * These are in an instance; the run directory has links to "pid" and "start".
 */
#define NSC_FILE_PID "pid"
#define NSC_FILE_START "start"
#define NSC_FILE_STATE "state"
#define NSC_FILE_SECCOMP "seccomp.bpf"
#define NSC_FILE_SESSIONS "sessions"
#define NSC_FILE_MONITOR "monitor"
#define NSC_FILE_HOOKS "hooks"
#define NSC_FILE_HOOKS_STATE "hooks_state"	/* what they read */
#define NSC_FILE_ENTER "enter"
#define NSC_FILE_RECORD "record"	/* see recorder_socket.h */
#define NSC_FILE_CGROUP "cgroup"
#define NSC_FILE_DEV "dev"	/* which file system is its /dev */
#define NSC_FILE_MADE "made"	/* see lib/container/made.h */
#define NSC_FILE_WAKE "wake"
#define NSC_FILE_RENEW "renew"	/* see lib/monitor/renewal.h */
#define NSC_DIR_SESSION "session"	/* see session_file.h */

/*
 * The mark of a container, in its /dev, where only root can write.  It contains
 * a symbolic link to the user's shell.
 */
#define NSC_MARK_NAME ".nscontainer"		/* in /dev */
#define NSC_MARK_SHELL_NAME NSC_MARK_NAME "/shell"
#define NSC_MARK_DIR "/dev/" NSC_MARK_NAME
#define NSC_MARK_SHELL "/dev/" NSC_MARK_SHELL_NAME
/* The host's socket of syslog, to which the container's /dev/log leads. */
#define NSC_SYSLOG "/dev/log"
#define NSC_MARK_SYSLOG_NAME NSC_MARK_NAME "/log"
#define NSC_MARK_SYSLOG "/dev/" NSC_MARK_SYSLOG_NAME

/*
 * This file exists in the mark if a login inside the container must be refused.
 */
#define NSC_MARK_REFUSE_NAME NSC_MARK_NAME "/refuse"
#define NSC_MARK_REFUSE "/dev/" NSC_MARK_REFUSE_NAME

/* The stop policy of a container that another engine runs. */
#define NSC_STOP_EXTERNAL "external"

/* The programs that others of the same version run. */
#define NSC_LIBEXEC NSC_LIBEXECDIR "/" NSC_VERSION_TEXT(NSC_STATE_VERSION)

/* The program that starts containers for logins, and its socket. */
#define NSC_LOGIN_START NSC_LIBEXEC "/login-start"
#define NSC_HELPER_SOCKET 3	/* takes the answer, see session/helper.h */
/*
 * The login-start of the version that was installed last, for monitors of any
 * version: "renew CONF USER".
 */
#define NSC_RENEW NSC_LIBEXECDIR "/renew"
/* The administrator's command. */
#define NSC_NSINIT NSC_SBINDIR "/nsinit"
/* The network-end of that version: removes what networks leave on the host. */
#define NSC_NETWORK_END NSC_LIBEXECDIR "/network-end"

#endif
