/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnscontainer: the containers of nscontainer(8), from C.  libnscontainer(3)
 * explains it by example.
 *
 * Who may call: root of the host.
 *
 * Errors: a function that returns int returns 0, or a negative errno(3) code;
 * err, which is the caller's and may be NULL, then has the positive code and a
 * sentence, or 0 and "" after success.  Codes that a program may want to tell
 * apart are named with the function; there are others.  What is handed back
 * through pointers is untouched after an error, if not said otherwise.
 * Nothing is printed, and the process is never ended.
 *
 * Ownership: parameters are the caller's, and are copied where they are kept.
 * Handles and records that are handed back are the caller's to free.
 *
 * Process: a call leaves no descriptor open, no child behind and no signal
 * handler in place.  Most calls return at once; those that wait say how long.
 *
 * Threads: different threads may call with different handles and records at
 * the same time, but nscontainer_start() and nscontainer_exec() fork(2) and
 * work on in the child: they need a process with one thread (-EINVAL), and
 * descriptors 0, 1 and 2 open (-EBADF).
 *
 * Text: NUL-terminated strings of printable ASCII, in which other bytes are
 * written as \xHH; JSON has its own way for those of UTF-8.
 */
#ifndef NSCONTAINER_H
#define NSCONTAINER_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct nscontainer_error {
	int code;		/* positive errno code; 0: no error */
	char text[508];		/* the sentence, without a newline */
};

#define NSCONTAINER_ERROR_INIT { 0, "" }

/* --- handles ---------------------------------------------------------- */

/* A container, whether it runs or not. */
struct nscontainer;

/*
 * The container of a user (NULL: root's).  conf is the absolute path of
 * nscontainer.conf, beside which users/, groups/ and default/ are looked for,
 * or NULL for that of the installation.  Whether the user exists is found out
 * when it matters.  -EINVAL: the name or the path cannot be one.
 */
int nscontainer_open_user(const char *user, const char *conf,
			  struct nscontainer **ret,
			  struct nscontainer_error *err);

/*
 * The container of the directory dir, which exists and holds container.json;
 * as of "nsinit exec".
 */
int nscontainer_open_directory(const char *dir, struct nscontainer **ret,
			       struct nscontainer_error *err);

/* Free the handle; the container is not touched.  NULL is fine. */
void nscontainer_close(struct nscontainer *container);

/* --- records ---------------------------------------------------------- */

/*
 * What is told about a container: keys with values.  Records may be in a list.
 * Strings that the functions below hand out belong to the record.
 *
 * The keys of each kind of record are a table, KEY(name, type, meaning), of
 * which the library makes its records; a program may expand it as well.  Keys
 * are added in later versions, and never change type or meaning.
 *
 * Types are TEXT, INT, REAL, BOOL, and TEXTS, an array of texts.  "[]" in a
 * name stands for the number of an element, from 0, as in "networks[0].mtu";
 * "*" stands for any name.  In JSON what is before a dot is an object.
 *
 * What is not known, or not so in this case, is null in JSON, or is not there.
 */
struct nscontainer_record;

/* The next record of the list, or NULL. */
const struct nscontainer_record *
nscontainer_record_next(const struct nscontainer_record *record);

/*
 * The name of the key with the number i, which starts from 0, of those that
 * are there; NULL after the last.
 */
const char *nscontainer_record_key(const struct nscontainer_record *record,
				   unsigned int i);

/*
 * The value of a key as text: a number in decimal digits, a boolean as "yes"
 * or "no", the elements of an array with spaces between them, "-" where it is
 * null or not there.  NULL: the record's kind has no such key, or the array no
 * such element.
 */
const char *nscontainer_record_text(const struct nscontainer_record *record,
				    const char *key);

/*
 * The value of a key of that type; an INT is a double as well.  -ENODATA: it is
 * null or not there; -ENOENT: the record's kind has no such key, or the array
 * no such element; -EINVAL: the key is of another type.
 */
int nscontainer_record_int64(const struct nscontainer_record *record,
			     const char *key, int64_t *ret);
int nscontainer_record_double(const struct nscontainer_record *record,
			      const char *key, double *ret);
int nscontainer_record_bool(const struct nscontainer_record *record,
			    const char *key, bool *ret);

/* The record as a JSON object, RFC 8259, in ASCII. */
const char *nscontainer_record_json(const struct nscontainer_record *record);

/* Free the record with all that follow it in the list.  NULL is fine. */
void nscontainer_record_free(struct nscontainer_record *record);

/* --- what is, and what would be --------------------------------------- */

/* Each network interface. */
#define NSCONTAINER_KEYS_NETWORKS(KEY) \
	KEY("networks[].type", TEXT, "as in container.json") \
	KEY("networks[].interface", TEXT, "its name inside") \
	KEY("networks[].host_interface", TEXT, \
	    "its other end or its parent on the host") \
	KEY("networks[].bridge", TEXT, "where its other end is") \
	KEY("networks[].addresses", TEXTS, "ADDRESS/PREFIX each") \
	KEY("networks[].gateway", TEXTS, "addresses") \
	KEY("networks[].mtu", INT, "in bytes") \
	KEY("networks[].path", TEXT, "of a network namespace that is joined")

/*
 * Read all that a start would read, and tell what would be made: one record.
 * Changes nothing but that a user without a range of ids gets one.  The error
 * is what a start would say.
 */
#define NSCONTAINER_KEYS_CHECK(KEY) \
	KEY("user", TEXT, "who was asked about") \
	KEY("contained", BOOL, "whether logins go into a container") \
	KEY("reason", TEXT, "why not; then there is no other key") \
	KEY("config", TEXT, "path of container.json") \
	KEY("external", TEXT, \
	    "pid file of another engine's container: it decides the rest") \
	KEY("running", BOOL, "of another engine's container") \
	KEY("pid", INT, "of another engine's container, where it runs") \
	KEY("rootfs", TEXT, "path on the host") \
	KEY("overlay", TEXT, "none, tmpfs, persistent") \
	KEY("home", TEXT, "bind, private, none") \
	KEY("namespaces", TEXTS, "those that are not the host's") \
	KEY("capabilities", TEXTS, "the bounding set, as cap_kill") \
	KEY("uid_map", TEXTS, "CONTAINER:HOST:SIZE each") \
	KEY("gid_map", TEXTS, "CONTAINER:HOST:SIZE each") \
	KEY("no_new_privs", BOOL, "as prctl(2) has it") \
	KEY("seccomp", TEXT, "default, unconfined, or path of the profile") \
	NSCONTAINER_KEYS_NETWORKS(KEY) \
	KEY("cgroups", TEXTS, "directories of control groups") \
	KEY("lifecycle.stop", TEXT, "empty, logout, never") \
	KEY("lifecycle.linger", INT, "seconds") \
	KEY("lifecycle.on_disconnect", TEXT, "hangup, kill, keep") \
	KEY("lifecycle.idle_timeout", INT, "seconds; 0: none") \
	KEY("lifecycle.max_lifetime", INT, "seconds; 0: none") \
	KEY("lifecycle.max_sessions", INT, "0: as many as come")

int nscontainer_check(const struct nscontainer *container,
		      struct nscontainer_record **ret,
		      struct nscontainer_error *err);

/*
 * The container, if it runs (-ESRCH: it does not).  Containers of the user that
 * drain follow in the list; where only such run, they are all of it.
 */
#define NSCONTAINER_KEYS_FIND(KEY) \
	KEY("user", TEXT, "whose container it is") \
	KEY("pid", INT, "PID 1, as the host sees it") \
	KEY("start", INT, "its start time, clock ticks since boot") \
	KEY("since", INT, "seconds since the epoch") \
	KEY("sessions", INT, "how many there are") \
	KEY("rootfs", TEXT, "path on the host; not of another engine's") \
	KEY("external", TEXT, "pid file of another engine's container") \
	KEY("config", TEXT, "path of container.json") \
	KEY("stop", TEXT, "empty, logout, never; start: when it is stopped; " \
	    "external: when the engine says") \
	KEY("generation", INT, "how many of the user since boot, with it") \
	KEY("digest", TEXT, "of what it was made from") \
	KEY("stale", BOOL, "it would be made from something else by now") \
	KEY("draining", BOOL, "new logins get another one") \
	NSCONTAINER_KEYS_NETWORKS(KEY)

int nscontainer_find(const struct nscontainer *container,
		     struct nscontainer_record **ret,
		     struct nscontainer_error *err);

/*
 * A list of the users' containers that run, by name, each as above; *ret is
 * NULL where none does.  When some cannot be read, that is the error, and
 * *ret, which is the caller's all the same, has the others.
 */
int nscontainer_list(struct nscontainer_record **ret,
		     struct nscontainer_error *err);

/*
 * What the container uses, over the tenth of a second that this takes: one
 * record.  Null is what the kernel does not count, and a limit that is not
 * there.  -ESRCH: it does not run; -ENOENT: it has no control groups.
 */
#define NSCONTAINER_KEYS_STATS(KEY) \
	KEY("user", TEXT, "whose container it is") \
	KEY("external", TEXT, "pid file of another engine's container") \
	KEY("cpu.usage_us", INT, "microseconds") \
	KEY("cpu.percent", REAL, "of one processor, over the measured time") \
	KEY("cpu.user_us", INT, "microseconds") \
	KEY("cpu.system_us", INT, "microseconds") \
	KEY("cpu.throttling.periods", INT, "in which there was a limit") \
	KEY("cpu.throttling.throttled_periods", INT, "that reached it") \
	KEY("cpu.throttling.throttled_us", INT, "microseconds") \
	KEY("memory.usage", INT, "bytes") \
	KEY("memory.peak", INT, "bytes") \
	KEY("memory.limit", INT, "bytes") \
	KEY("memory.stat.*", INT, "as in the kernel's memory.stat") \
	KEY("pids.current", INT, "processes and threads") \
	KEY("pids.limit", INT, "processes and threads") \
	KEY("io.devices[].device", TEXT, "MAJOR:MINOR") \
	KEY("io.devices[].op", TEXT, "kind of operation, as read") \
	KEY("io.devices[].bytes", INT, "bytes") \
	KEY("io.devices[].operations", INT, "how many") \
	KEY("io.queued", INT, "operations") \
	KEY("freezer.state", TEXT, "THAWED, FREEZING, FROZEN") \
	KEY("freezer.self", BOOL, "the container is to be frozen") \
	KEY("freezer.parent", BOOL, "a group above it is to be") \
	KEY("sessions[].pid", INT, "of the login process") \
	KEY("sessions[].memory", INT, "bytes") \
	KEY("sessions[].cpu_us", INT, "microseconds") \
	KEY("sessions[].pids", INT, "processes and threads")

int nscontainer_stats(const struct nscontainer *container,
		      struct nscontainer_record **ret,
		      struct nscontainer_error *err);

/*
 * The sessions of a container that runs (-ESRCH: it does not), those of the
 * user's that drain included, or of all that run, directories' as well, where
 * container is NULL: a list as of nscontainer_list().
 */
#define NSCONTAINER_KEYS_LOGIN(KEY) \
	KEY("user", TEXT, "who logged in") \
	KEY("service", TEXT, "of PAM, or nsshell, or nsinit-exec") \
	KEY("pid", INT, "of the login process, as the host sees it") \
	KEY("rhost", TEXT, "from where, as PAM has it, or empty") \
	KEY("tty", TEXT, "as PAM has it, without /dev/, or empty") \
	KEY("ruser", TEXT, "as PAM has it, or empty") \
	KEY("generation", INT, "of the container") \
	KEY("loginuid", INT, "of the audit system") \
	KEY("audit_session", INT, "of the audit system") \
	KEY("opened", INT, "seconds since the epoch")
#define NSCONTAINER_KEYS_SESSIONS(KEY) \
	NSCONTAINER_KEYS_LOGIN(KEY) \
	KEY("idle", INT, "seconds since input on the terminal") \
	KEY("memory", INT, "bytes") \
	KEY("peak_memory", INT, "bytes") \
	KEY("cpu_us", INT, "microseconds") \
	KEY("pids", INT, "processes and threads") \
	KEY("command", TEXT, "name of the process in the foreground, or of " \
	    "the newest") \
	KEY("config", TEXT, "path of the container's container.json")

int nscontainer_sessions(const struct nscontainer *container,
			 struct nscontainer_record **ret,
			 struct nscontainer_error *err);

/*
 * The sessions of a user's container, or of all where container is NULL, that
 * /var/log/nscontainer/sessions and its last rotation tell of, those that are
 * open included, the newest first.  Of each file the last 4 MiB are read.
 * *ret is NULL where there is none.  -EINVAL: the handle is a directory's.
 */
#define NSCONTAINER_KEYS_HISTORY(KEY) \
	NSCONTAINER_KEYS_LOGIN(KEY) \
	KEY("duration", INT, "seconds") \
	KEY("exit", INT, "status of the login process") \
	KEY("signal", INT, "number of the signal that killed it") \
	KEY("peak_memory", INT, "bytes") \
	KEY("cpu_us", INT, "microseconds") \
	KEY("state", TEXT, "open, closed; lost: nobody saw its end")

int nscontainer_history(const struct nscontainer *container,
			struct nscontainer_record **ret,
			struct nscontainer_error *err);

/* --- change ----------------------------------------------------------- */

/*
 * Start a user's container.  It runs until nscontainer_stop().  -EEXIST: it
 * runs already; -ENOENT: the user has no container.json; -EINVAL: that is
 * wrong, the handle is a directory's, or the process has threads;
 * -EWOULDBLOCK, -ETIMEDOUT: start_timeout of nscontainer.conf is over.
 *
 * Flags: 0, or
 *
 * NSCONTAINER_START_REPLACE	a container that runs is stopped first, with all
 *	sessions in it, but only when the configuration can be started from
 *	as far as that can be checked.  What nscontainer_start() has started
 *	goes on until nscontainer_stop() when it is replaced for a login.
 */
#define NSCONTAINER_START_REPLACE 1u

int nscontainer_start(const struct nscontainer *container, unsigned int flags,
		      struct nscontainer_error *err);

/*
 * Stop the container, and those of the user that drain: SIGTERM to all
 * processes in it, and SIGKILL after timeout seconds (0: at once; negative:
 * 10).  Waits for its end, some seconds longer than that where the host is
 * slow.  For another engine's container engine.stop of container.json is run,
 * and its end waited for; -EPERM: there is none.  -ESRCH: it does not run;
 * -ETIMEDOUT: PID 1 does not end although it was killed.
 */
int nscontainer_stop(const struct nscontainer *container, int timeout,
		     struct nscontainer_error *err);

/*
 * Pause the container: none of its processes runs until it is resumed, and
 * logins are refused.  Waits until all are frozen, ten seconds at most
 * (-ETIMEDOUT: some could not be, and all go on).  -ESRCH: it does not run;
 * -ENOENT: it has no control groups; -EPERM: it is another engine's.
 */
int nscontainer_pause(const struct nscontainer *container,
		      struct nscontainer_error *err);
int nscontainer_resume(const struct nscontainer *container,
		       struct nscontainer_error *err);

/*
 * End the session whose login process is pid, or all of the container's and of
 * the user's that drain where pid is 0: SIGHUP to its processes, and SIGKILL
 * after timeout seconds (0: at once; negative: 10) to those that are left.
 * Waits for its end.  The container stays, as after any logout.  Without
 * control groups only the login process is known.  -ESRCH: no container runs,
 * or it has no such session; -EBUSY: it is paused; -ETIMEDOUT: what was killed
 * does not end.
 */
int nscontainer_kick(const struct nscontainer *container, int pid, int timeout,
		     struct nscontainer_error *err);

/*
 * Run a command in the container, and wait for its end.  A directory's
 * container that does not run is started, and ends with the command; a
 * user's must run (-ESRCH).  The command runs as "user" of container.json.
 *
 * argv ends with NULL; argv[0] is looked for in PATH inside.  env ends with
 * NULL, or is NULL: of it that is passed on which session.keep_env names.
 *
 * Flags: NSCONTAINER_EXEC_TTY gives the command a terminal of the container's,
 * joined to descriptors 0 and 1, NSCONTAINER_EXEC_NO_TTY does not; without both
 * container.json decides.  Without that the command has descriptors 0, 1 and
 * 2 as they are, but that a terminal of the container's takes the place of
 * the caller's; it never has others.  They must be files, pipes, sockets,
 * null devices or that terminal: -EBADFD.
 *
 * While the command runs, signals are blocked in the calling thread: those that
 * other processes, or a terminal, send go to the command, which is in a
 * session of its own.  On a terminal the caller is stopped while the command
 * is.  When the caller dies, the command does.
 *
 * *ret_status is the command's, see waitpid(2).  A signal that comes before
 * the command runs counts as its end.  -ENOENT: the command does not exist,
 * or container.json does not; -EINVAL: no command, both flags, or threads.
 */
#define NSCONTAINER_EXEC_TTY 1u
#define NSCONTAINER_EXEC_NO_TTY 2u

int nscontainer_exec(const struct nscontainer *container, char *const *argv,
		     char *const *env, unsigned int flags, int *ret_status,
		     struct nscontainer_error *err);

#ifdef __cplusplus
}
#endif

#endif
