/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libnscontainer: the containers of nscontainer(8), from C.  libnscontainer(3)
 * explains it by example.
 *
 * Privileges: the caller must be root of the host.
 *
 * Errors: a function that returns int returns 0 or a negative errno(3) code.
 * The caller owns err, which may be NULL: after an error it has the positive
 * code and a sentence, after success 0 and "".  Each function documents the
 * codes that a program may want to distinguish; other codes are possible.
 * After an error, outputs are unchanged unless the function says otherwise.
 * The library prints nothing and never ends the process.
 *
 * Ownership: the caller keeps its parameters, and the library copies those
 * that it needs later.  The caller frees the handles and records that it gets.
 *
 * Process: a call leaves no descriptor open, no child behind and no signal
 * handler in place.  Most calls return at once; the others document how long
 * they wait.
 *
 * Threads: different threads may use different handles and records at the same
 * time.  But nscontainer_start(), nscontainer_copy() and nscontainer_exec()
 * fork(2) and continue in the child: they need a process with one thread
 * (-EINVAL), and descriptors 0, 1 and 2 open (-EBADF).
 *
 * Text: NUL-terminated strings of printable ASCII, in which other bytes are
 * written as \xHH.  JSON escapes UTF-8 in its own way.
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
 * Open the container of a user (NULL: root).  conf is the absolute path of
 * nscontainer.conf, and users/, groups/ and default/ are looked for beside it;
 * NULL stands for the installed file.  The function does not check whether the
 * user exists.  -EINVAL: the name or the path is malformed.
 */
int nscontainer_open_user(const char *user, const char *conf,
			  struct nscontainer **ret,
			  struct nscontainer_error *err);

/*
 * Open the container of the directory dir, which must exist and contain
 * container.json, as for "nsinit exec".
 */
int nscontainer_open_directory(const char *dir, struct nscontainer **ret,
			       struct nscontainer_error *err);

/* Free the handle, which does not affect the container.  NULL is allowed. */
void nscontainer_close(struct nscontainer *container);

/* --- records ---------------------------------------------------------- */

/*
 * A record has keys with values, which describe a container.  Records can form
 * a list.  The strings that the functions below return belong to the record.
 *
 * The keys of each kind of record are a table, KEY(name, type, meaning), from
 * which the library builds its records; a program may expand it as well.  Later
 * versions may add keys, but never change a key's type or meaning.
 *
 * Types are TEXT, INT, REAL, BOOL, and TEXTS, an array of texts.  "[]" in a
 * name stands for the number of an element, from 0, as in "networks[0].mtu";
 * "*" stands for any name.  In JSON, the part before a dot is an object.
 *
 * A value that is unknown, or does not apply, is null in JSON or absent.
 */
struct nscontainer_record;

/* The next record of the list, or NULL. */
const struct nscontainer_record *
nscontainer_record_next(const struct nscontainer_record *record);

/*
 * The name of the key number i, from 0, among the keys that the record has;
 * NULL after the last key.
 */
const char *nscontainer_record_key(const struct nscontainer_record *record,
				   unsigned int i);

/*
 * The value of a key as text: a number in decimal digits, a boolean as "yes"
 * or "no", the elements of an array with spaces between them, "-" for a value
 * that is null or absent.  NULL: this kind of record has no such key, or the
 * array has no such element.
 */
const char *nscontainer_record_text(const struct nscontainer_record *record,
				    const char *key);

/*
 * The value of a key of the function's type; an INT can also be read as a
 * double.  -ENODATA: the value is null or absent; -ENOENT: this kind of record
 * has no such key, or the array has no such element; -EINVAL: the key has
 * another type.
 */
int nscontainer_record_int64(const struct nscontainer_record *record,
			     const char *key, int64_t *ret);
int nscontainer_record_double(const struct nscontainer_record *record,
			      const char *key, double *ret);
int nscontainer_record_bool(const struct nscontainer_record *record,
			    const char *key, bool *ret);

/* The record as a JSON object, RFC 8259, in ASCII; NULL: no memory. */
const char *nscontainer_record_json(const struct nscontainer_record *record);

/* Free the record and those that follow it in the list.  NULL is allowed. */
void nscontainer_record_free(struct nscontainer_record *record);

/* --- queries ---------------------------------------------------------- */

#define NSCONTAINER_KEYS_NETWORKS(KEY) \
	KEY("networks[].type", TEXT, "type as in container.json") \
	KEY("networks[].interface", TEXT, "name inside the container") \
	KEY("networks[].host_interface", TEXT, "its other end, or its parent") \
	KEY("networks[].bridge", TEXT, "bridge that has the other end") \
	KEY("networks[].addresses", TEXTS, "each as ADDRESS/PREFIX") \
	KEY("networks[].gateway", TEXTS, "addresses of the gateways") \
	KEY("networks[].mtu", INT, "bytes") \
	KEY("networks[].lists", TEXT, "enforced; recorded: they only record") \
	KEY("networks[].rate_up", TEXT, "bits a second, such as 10Mbit") \
	KEY("networks[].rate_down", TEXT, "bits a second") \
	KEY("networks[].path", TEXT, "path of a network namespace to join")

/*
 * Start the container so that nobody sees it, end it again, and return one
 * record with what the start would make.  Nothing is changed, except that a
 * user without a range of ids gets one.  The error is the one that a start
 * would return.  The calling process must have a single thread.
 */
#define NSCONTAINER_KEYS_CHECK(KEY) \
	KEY("user", TEXT, "user that the check is for; root for a " \
	    "directory") \
	KEY("directory", TEXT, "of container.json, if the check is for one") \
	KEY("contained", BOOL, "whether logins go into a container") \
	KEY("reason", TEXT, "why logins stay on the host; the rest is then " \
	    "absent") \
	KEY("config", TEXT, "path of container.json") \
	KEY("external", TEXT, "pid file of another engine's container; the " \
	    "engine decides what is absent here") \
	KEY("running", BOOL, "whether another engine's container runs") \
	KEY("pid", INT, "PID 1 of another engine's container, if it runs") \
	KEY("rootfs", TEXT, "path on the host") \
	KEY("overlay", TEXT, "none, tmpfs, persistent") \
	KEY("home", TEXT, "bind, private, none") \
	KEY("namespaces", TEXTS, "namespaces that are not the host's") \
	KEY("capabilities", TEXTS, "bounding set, with names like cap_kill") \
	KEY("uid_map", TEXTS, "each as CONTAINER:HOST:SIZE") \
	KEY("gid_map", TEXTS, "each as CONTAINER:HOST:SIZE") \
	KEY("unmapped_groups", INT, "groups of the user that the kernel's " \
	    "map does not take") \
	KEY("no_new_privs", BOOL, "whether it is set, see prctl(2)") \
	KEY("seccomp", TEXT, "default, unconfined, or path of the profile") \
	NSCONTAINER_KEYS_NETWORKS(KEY) \
	KEY("cgroups", TEXTS, "directories of the control groups") \
	KEY("accepted", TEXTS, "dangers that accept allows, if there are any") \
	KEY("missing", TEXTS, "what the container lacks on this host, and " \
	    "why") \
	KEY("lifecycle.stop", TEXT, "empty, logout, never") \
	KEY("lifecycle.linger", INT, "seconds") \
	KEY("lifecycle.on_disconnect", TEXT, "hangup, kill, keep") \
	KEY("lifecycle.idle_timeout", INT, "seconds; 0: none") \
	KEY("lifecycle.max_lifetime", INT, "seconds; 0: none") \
	KEY("lifecycle.max_sessions", INT, "number of sessions; 0: no limit")

int nscontainer_check(const struct nscontainer *container,
		      struct nscontainer_record **ret,
		      struct nscontainer_error *err);

/*
 * A list of the container, if it runs, and of the user's containers that drain.
 * If only draining containers run, the list has only those.  -ESRCH: none runs.
 */
#define NSCONTAINER_KEYS_FIND(KEY) \
	KEY("user", TEXT, "user that the container belongs to") \
	KEY("directory", TEXT, "directory that the container of nsinit " \
	    "exec belongs to; null for a user's") \
	KEY("pid", INT, "PID 1 as the host sees it") \
	KEY("start", INT, "start time of PID 1, clock ticks since boot") \
	KEY("since", INT, "start time, seconds since the epoch") \
	KEY("sessions", INT, "number of sessions") \
	KEY("rootfs", TEXT, "path on the host; null with another engine") \
	KEY("external", TEXT, "pid file of another engine's container") \
	KEY("config", TEXT, "path of container.json") \
	KEY("stop", TEXT, "empty, logout, never; start: runs until it is " \
	    "stopped; external: the engine decides") \
	KEY("generation", INT, "number of the user's containers since boot, " \
	    "including this one") \
	KEY("digest", TEXT, "digest of everything that a start depends on") \
	KEY("stale", BOOL, "whether a start now would use something else") \
	KEY("why", TEXT, "why it is stale") \
	KEY("draining", BOOL, "whether new logins get another container") \
	KEY("ending", BOOL, "whether PID 1 is being ended") \
	KEY("devices", TEXTS, "devices of the key devices that it has") \
	KEY("exclusive_devices", TEXTS, "those that no other container can " \
	    "have meanwhile") \
	KEY("device_nodes", TEXTS, "paths of nodes besides the default ones") \
	NSCONTAINER_KEYS_NETWORKS(KEY)

int nscontainer_find(const struct nscontainer *container,
		     struct nscontainer_record **ret,
		     struct nscontainer_error *err);

/*
 * A list of all running containers, sorted by user, each as above; *ret
 * is NULL if none runs.  If some cannot be read, the function returns the first
 * error, and *ret has the others, which the caller frees in this case as well.
 */
int nscontainer_list(struct nscontainer_record **ret,
		     struct nscontainer_error *err);

/*
 * The resources that the container uses, and in further records those of the
 * user's containers that drain.  NULL stands for all running containers,
 * including those of directories; *ret is then as for nscontainer_list().  The
 * call takes a tenth of a second, over which it measures cpu.percent.  A
 * counter that the kernel does not have, and a limit that is not set, are null.
 * -ESRCH: the container does not run; -ENOENT: it has no control groups.
 */
#define NSCONTAINER_KEYS_STATS(KEY) \
	KEY("user", TEXT, "user that the container belongs to") \
	KEY("directory", TEXT, "as of list") \
	KEY("generation", INT, "number of the container since boot") \
	KEY("external", TEXT, "pid file of another engine's container") \
	KEY("cpu.usage_us", INT, "microseconds") \
	KEY("cpu.percent", REAL, "percent of one processor, measured now") \
	KEY("cpu.user_us", INT, "microseconds") \
	KEY("cpu.system_us", INT, "microseconds") \
	KEY("cpu.processors[].usage_us", INT, "microseconds of each " \
	    "processor; only version 1 counts them") \
	KEY("cpu.pressure.some_us", INT, "microseconds that some waited") \
	KEY("cpu.pressure.some_percent", REAL, "of the last ten seconds") \
	KEY("cpu.pressure.full_us", INT, "microseconds that all waited") \
	KEY("cpu.pressure.full_percent", REAL, "of the last ten seconds") \
	KEY("cpu.throttling.periods", INT, "periods with a limit") \
	KEY("cpu.throttling.throttled_periods", INT, \
	    "periods in which the limit was reached") \
	KEY("cpu.throttling.throttled_us", INT, "microseconds") \
	KEY("memory.usage", INT, "bytes") \
	KEY("memory.peak", INT, "bytes") \
	KEY("memory.limit", INT, "bytes") \
	KEY("memory.oom_kills", INT, "processes that the kernel killed for " \
	    "want of memory; in version 1, those of sessions with processes") \
	KEY("memory.pressure.some_us", INT, "microseconds that some waited") \
	KEY("memory.pressure.some_percent", REAL, "of the last ten seconds") \
	KEY("memory.pressure.full_us", INT, \
	    "microseconds that all waited") \
	KEY("memory.pressure.full_percent", REAL, "of the last ten seconds") \
	KEY("memory.stat.*", INT, "as in the kernel's memory.stat") \
	KEY("pids.current", INT, "processes and threads") \
	KEY("pids.limit", INT, "processes and threads") \
	KEY("io.devices[].device", TEXT, "MAJOR:MINOR") \
	KEY("io.devices[].op", TEXT, "kind of operation, such as read") \
	KEY("io.devices[].bytes", INT, "bytes") \
	KEY("io.devices[].operations", INT, "number of operations") \
	KEY("io.queued", INT, "number of queued operations") \
	KEY("io.pressure.some_us", INT, "microseconds that some waited") \
	KEY("io.pressure.some_percent", REAL, "of the last ten seconds") \
	KEY("io.pressure.full_us", INT, "microseconds that all waited") \
	KEY("io.pressure.full_percent", REAL, "of the last ten seconds") \
	KEY("networks[].interface", TEXT, "name inside; of the host's, none") \
	KEY("networks[].rx_bytes", INT, "bytes that the container received") \
	KEY("networks[].tx_bytes", INT, "bytes that the container sent") \
	KEY("networks[].rx_dropped", INT, "packets that its rate dropped") \
	KEY("networks[].tx_dropped", INT, "packets that its rate dropped") \
	KEY("freezer.state", TEXT, "THAWED, FREEZING, FROZEN") \
	KEY("freezer.self", BOOL, "whether the container is to be frozen") \
	KEY("freezer.parent", BOOL, "whether a group above is to be frozen") \
	KEY("sessions[].pid", INT, "pid of the login process") \
	KEY("sessions[].memory", INT, "bytes") \
	KEY("sessions[].cpu_us", INT, "microseconds") \
	KEY("sessions[].pids", INT, "processes and threads") \
	KEY("sessions[].oom_kills", INT, "as of the container")

int nscontainer_stats(const struct nscontainer *container,
		      struct nscontainer_record **ret,
		      struct nscontainer_error *err);

/*
 * A list of the sessions in a running container and in the user's containers
 * that drain (-ESRCH: none runs).  NULL stands for all running containers,
 * including those of directories.  *ret is as for nscontainer_list().
 */
#define NSCONTAINER_KEYS_LOGIN(KEY) \
	KEY("user", TEXT, "user that logged in") \
	KEY("service", TEXT, \
	    "PAM service, or nsshell, nsinit-exec or nsinit-cp") \
	KEY("pid", INT, "pid of the login process as the host sees it") \
	KEY("rhost", TEXT, "remote host as PAM names it, or empty") \
	KEY("tty", TEXT, "terminal as PAM names it, without /dev/, or empty") \
	KEY("ruser", TEXT, "remote user as PAM names it, or empty") \
	KEY("generation", INT, "generation of the container") \
	KEY("loginuid", INT, "login uid of the audit system") \
	KEY("audit_session", INT, "session id of the audit system") \
	KEY("opened", INT, "seconds since the epoch")
#define NSCONTAINER_KEYS_SESSIONS(KEY) \
	NSCONTAINER_KEYS_LOGIN(KEY) \
	KEY("placed", BOOL, "false: a login of a contained user that is " \
	    "still on the host, since the time opened: it waits for a " \
	    "module of PAM, for a password, or for the container") \
	KEY("idle", INT, "seconds since input on the terminal") \
	KEY("memory", INT, "bytes") \
	KEY("peak_memory", INT, "bytes") \
	KEY("cpu_us", INT, "microseconds") \
	KEY("pids", INT, "processes and threads") \
	KEY("command", TEXT, "newest process, in the foreground if any") \
	KEY("config", TEXT, "path of the container's container.json") \
	KEY("devices[].path", TEXT, "device that processes have open") \
	KEY("devices[].device", TEXT, "c or b, and MAJOR:MINOR") \
	KEY("devices[].pid", INT, "the first of these processes") \
	KEY("devices[].processes", INT, "their number")

int nscontainer_sessions(const struct nscontainer *container,
			 struct nscontainer_record **ret,
			 struct nscontainer_error *err);

/*
 * A list of the sessions of a user's container, or of all containers if
 * container is NULL, with the newest first and open sessions included.  They
 * are read from the last 4 MiB of /var/log/nscontainer/sessions and of its last
 * rotation.  *ret is NULL if there are none.  -EINVAL: the handle is for a
 * directory.
 */
#define NSCONTAINER_KEYS_HISTORY(KEY) \
	NSCONTAINER_KEYS_LOGIN(KEY) \
	KEY("duration", INT, "seconds") \
	KEY("exit", INT, \
	    "status of the login process; sshd: of its last command") \
	KEY("signal", INT, "number of the signal that killed it") \
	KEY("peak_memory", INT, "bytes") \
	KEY("cpu_us", INT, "microseconds") \
	KEY("oom_kills", INT, "processes that the kernel killed for want of " \
	    "memory") \
	KEY("state", TEXT, "open, closed; lost: the end was not recorded")

int nscontainer_history(const struct nscontainer *container,
			struct nscontainer_record **ret,
			struct nscontainer_error *err);

/*
 * A list of the refused logins of a user, or of all, the newest first, from the
 * same files; at most 40 of a user and an hour are in them.  -EINVAL as above.
 */
#define NSCONTAINER_KEYS_REFUSALS(KEY) \
	KEY("user", TEXT, "user whose login was refused") \
	KEY("service", TEXT, "PAM service") \
	KEY("at", INT, "time, seconds since the epoch") \
	KEY("cause", TEXT, "class of the reason, as in nsinit metrics") \
	KEY("error", TEXT, "the reason")

int nscontainer_refusals(const struct nscontainer *container,
			 struct nscontainer_record **ret,
			 struct nscontainer_error *err);

/*
 * What lists of networks[] with "log" have refused, the newest first: each
 * destination once in a minute, 64 in a minute.  -EINVAL as above.
 */
#define NSCONTAINER_KEYS_DESTINATION(KEY) \
	KEY("user", TEXT, "user of the container") \
	KEY("action", TEXT, "reached; refused; outside: lists only record it") \
	KEY("to", TEXT, "address, or name that was asked for, or (others)") \
	KEY("protocol", TEXT, "tcp, udp, icmp, dns: a name, or a number") \
	KEY("port", INT, "0: none") \
	KEY("packets", INT, "that were sent, or questions, or others")
#define NSCONTAINER_KEYS_NETWORK_LOG(KEY) \
	NSCONTAINER_KEYS_DESTINATION(KEY) \
	KEY("at", INT, "time, seconds since the epoch")

int nscontainer_network_log(const struct nscontainer *container,
			    struct nscontainer_record **ret,
			    struct nscontainer_error *err);

/*
 * A list of what a running container with lists reached within the last hour,
 * and what they refused.  -ESRCH: it does not run.  -EOPNOTSUPP: no lists.
 */
#define NSCONTAINER_KEYS_NETWORK(KEY) \
	NSCONTAINER_KEYS_DESTINATION(KEY) \
	KEY("bytes", INT, "that were sent, with headers; null: a name") \
	KEY("last", INT, "time of the last one, seconds since the epoch")

int nscontainer_network(const struct nscontainer *container,
			struct nscontainer_record **ret,
			struct nscontainer_error *err);

/*
 * One record of counters.  They are the lines of the session log, which the
 * call reads from where the last call stopped; the sums are kept in
 * /var/lib/nscontainer/.counters, so that they rise whatever becomes of the
 * log.  Lines are lost if the log is rotated twice between two calls.  The call
 * waits for another one five seconds at most (-EWOULDBLOCK).
 */
#define NSCONTAINER_KEYS_COUNTERS(KEY) \
	KEY("starts", INT, "containers that were started") \
	KEY("sessions", INT, "sessions that were opened") \
	KEY("oom_kills", INT, "processes that the kernel killed for want of " \
	    "memory") \
	KEY("refusals[].cause", TEXT, "class of the error") \
	KEY("refusals[].count", INT, "logins that pam_container refused") \
	KEY("joins.count", INT, "logins whose time to enter is known") \
	KEY("joins.sum_us", INT, "microseconds of all of them") \
	KEY("joins.buckets[].at_most_us", INT, "microseconds; null: any") \
	KEY("joins.buckets[].count", INT, "logins that took as long at most")

int nscontainer_counters(struct nscontainer_record **ret,
			 struct nscontainer_error *err);

/* --- changes ---------------------------------------------------------- */

/*
 * Start a user's container, which runs until nscontainer_stop().  -EEXIST: it
 * runs already; -ENOENT: the user has no container.json; -EINVAL: the file is
 * wrong, the handle is for a directory, or the process has threads;
 * -EWOULDBLOCK, -ETIMEDOUT: start_timeout of nscontainer.conf has expired.
 *
 * Flags: 0, or
 *
 * NSCONTAINER_START_REPLACE	First stop a running container and all sessions
 *	in it, but only if every check of the new configuration succeeds.  A
 *	container of nscontainer_start() that is later replaced for a login
 *	still runs until nscontainer_stop().
 *
 * NSCONTAINER_START_BOOT	It is no error if the container runs already, as
 *	after a login; -ENOENT also for a user whose logins stay on the host.
 */
#define NSCONTAINER_START_REPLACE 1u
#define NSCONTAINER_START_BOOT 2u

int nscontainer_start(const struct nscontainer *container, unsigned int flags,
		      struct nscontainer_error *err);

/*
 * Stop the container and the user's containers that drain: send SIGTERM to all
 * processes in them, and SIGKILL after timeout seconds (0: at once; negative:
 * 10).  The function waits for the end, on a slow host some seconds longer than
 * timeout.  For another engine's container it runs engine.stop of
 * container.json and waits for the container's end; -EPERM: engine.stop is not
 * set.  -ESRCH: no container runs; -ETIMEDOUT: PID 1 has not ended after
 * SIGKILL.
 */
int nscontainer_stop(const struct nscontainer *container, int timeout,
		     struct nscontainer_error *err);

/*
 * Pause the container: none of its processes runs until it is resumed, and
 * logins are refused.  The function waits ten seconds at most until all
 * processes are frozen (-ETIMEDOUT: some could not be frozen, and all were
 * resumed).  -ESRCH: the container does not run; -ENOENT: it has no control
 * groups; -EPERM: another engine made it.
 */
int nscontainer_pause(const struct nscontainer *container,
		      struct nscontainer_error *err);
int nscontainer_resume(const struct nscontainer *container,
		       struct nscontainer_error *err);

/*
 * End the session whose login process is pid, or, if pid is 0, all sessions of
 * the container and of the user's containers that drain.  The processes get
 * SIGHUP, and those that remain get SIGKILL after timeout seconds (0: at once;
 * negative: 10); the function waits for the end.  The container continues as
 * after any logout.  Without control groups, only the login process is
 * reached.  -ESRCH: no container runs, or it has no such session; -EBUSY: the
 * container is paused; -ETIMEDOUT: some processes have not ended after SIGKILL.
 */
int nscontainer_kick(const struct nscontainer *container, int pid, int timeout,
		     struct nscontainer_error *err);

/*
 * Run a command in the container and wait for its end.  If the container of a
 * directory does not run, it is started, and ends with the command; the
 * container of a user must run (-ESRCH).  The command runs as the "user" of
 * container.json.
 *
 * argv ends with NULL; argv[0] is looked up in PATH inside.  env is NULL or
 * ends with NULL; the variables that session.keep_env names are passed on.
 *
 * Flags: NSCONTAINER_EXEC_TTY gives the command a terminal of the container,
 * which is relayed to descriptors 0 and 1; NSCONTAINER_EXEC_NO_TTY does not;
 * with neither flag, container.json decides.  Without such a terminal, the
 * command gets descriptors 0, 1 and 2 unchanged, except that a terminal of the
 * container replaces the caller's terminal.  The command gets no other
 * descriptors.  The three must be files, pipes, sockets, null devices or that
 * terminal (-EBADFD).
 *
 * While the command runs, signals are blocked in the calling thread: signals
 * from other processes or from a terminal are passed on to the command, which
 * has a session of its own.  On a terminal, the caller is stopped while the
 * command is stopped.  When the caller dies, the command is killed.
 *
 * *ret_status is the status of the command, see waitpid(2).  A signal that
 * arrives before the command runs counts as its end.  -ENOENT: the command does
 * not exist inside; -ECANCELED: a file that the container needs, such as
 * container.json, does not exist; -EINVAL: no command, both flags, or threads.
 */
#define NSCONTAINER_EXEC_TTY 1u
#define NSCONTAINER_EXEC_NO_TTY 2u
#define NSCONTAINER_EXEC_DETACH 4u	/* nscontainer_exec_as() alone */

int nscontainer_exec(const struct nscontainer *container, char *const *argv,
		     char *const *env, unsigned int flags, int *ret_status,
		     struct nscontainer_error *err);

/*
 * The same with more choices; the members that are NULL or 0 choose nothing.
 *
 * argv: NULL stands for the user's shell.  set: "NAME=VALUE" for the command,
 * after everything else.  user: NAME, UID, NAME:GROUP or UID:GID in the
 * container's own passwd and group, whatever container.json says; the command
 * has the capabilities that it gives, which for root inside are all in
 * "capabilities".  cwd: a directory inside, which must exist.  -ECANCELED:
 * either does not.
 *
 * NSCONTAINER_EXEC_DETACH returns as soon as the command runs, with
 * /dev/null as descriptors 0, 1 and 2; *ret_status becomes 0.  The command
 * goes on when the caller ends.  -EINVAL: with a terminal, or for the container
 * of a directory, which ends with its command.
 */
struct nscontainer_exec_request {
	char *const *argv;
	char *const *env;
	char *const *set;
	const char *user;
	const char *cwd;
	unsigned int flags;
};

int nscontainer_exec_as(const struct nscontainer *container,
			const struct nscontainer_exec_request *request,
			int *ret_status, struct nscontainer_error *err);

/*
 * Copy a file, or a directory with all in it, into a user's container or out of
 * it.  A process inside opens the path there, as the container's user or as
 * "user" (see above), relative to the user's home; the other path is the
 * host's.  If "to" is a directory, the copy is made in it.
 *
 * The copy belongs to the user inside, or to the caller; it has the permission
 * bits that the umask allows, and the time, but is never set-user-ID.  Devices,
 * FIFOs and sockets are not copied, nor symbolic links out of a container,
 * except that "from" may be one.  What could be copied is, and the error names
 * the first thing that was not.  -ESRCH: no container runs.
 */
struct nscontainer_copy_request {
	const char *from;
	const char *to;
	const char *user;	/* inside; NULL: the container's */
	bool out;		/* out of the container */
};

int nscontainer_copy(const struct nscontainer *container,
		     const struct nscontainer_copy_request *request,
		     struct nscontainer_error *err);

/*
 * Send a signal to all processes of a user's container, and of those that
 * drain, except PID 1, whose end ends the container.  -ESRCH: none runs;
 * -ENOENT: it has no control groups; -EPERM: another engine made it; -EINVAL:
 * no such signal.
 */
int nscontainer_signal(const struct nscontainer *container, int signal,
		       struct nscontainer_error *err);

/*
 * Change limits and lifecycle of a user's running container.  settings has
 * "KEY=VALUE" for keys of "cgroups" in container.json that are numbers, such as
 * "memory=2G", and of "lifecycle", and ends with NULL; if it is NULL, all of
 * them are taken from container.json, and so are lists and rates of networks[].
 * Others stay.  A container with other limits than its file is stale, and a
 * later one has those of the file.  -ESRCH: none runs; -EPERM: another engine
 * made it; -EOPNOTSUPP: the container has no group for such a limit.  After an
 * error some limits may have changed.
 */
int nscontainer_update(const struct nscontainer *container,
		       char *const *settings, struct nscontainer_error *err);

#ifdef __cplusplus
}
#endif

#endif
