/*
 * libnscontainer: the containers of nscontainer(8), from C.  All of nsinit(8)
 * is made of these functions; libnscontainer(3) explains them by example.
 *
 * Who may call: root of the host.
 *
 * Errors: a function that returns int returns 0, or a negative errno(3) code;
 * err, which is the caller's and may be NULL, then has the code and a
 * sentence.  What is handed back through pointers is untouched then, if not
 * said otherwise.  Nothing is printed, and the process is never ended.
 *
 * Threads: different threads may call with different handles and records at
 * the same time, but nscontainer_start() and nscontainer_exec() fork(2) and
 * work on in the child: they need a process with one thread, or fail with
 * -EINVAL.  Descriptors 0, 1 and 2 must be open for both (-EBADF).
 *
 * Text: handed back as NUL-terminated strings of printable ASCII, in which
 * other bytes are written as \xHH.
 */
#ifndef NSCONTAINER_H
#define NSCONTAINER_H

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
 * when it matters.  -EINVAL: the name cannot be one.
 */
int nscontainer_open_user(const char *user, const char *conf,
			  struct nscontainer **ret,
			  struct nscontainer_error *err);

/*
 * The container of the directory dir, which holds container.json; as of
 * "nsinit exec".
 */
int nscontainer_open_directory(const char *dir, struct nscontainer **ret,
			       struct nscontainer_error *err);

/* Free the handle; the container is not touched.  NULL is fine. */
void nscontainer_close(struct nscontainer *container);

/* --- records ---------------------------------------------------------- */

/*
 * What is told about a container: keys with values, in a fixed order.  Keys
 * are added in later versions, and never change their meaning.  Records may be
 * in a list.  Strings that functions hand out belong to the record.
 */
struct nscontainer_record;

/* The next record of the list, or NULL. */
const struct nscontainer_record *
nscontainer_record_next(const struct nscontainer_record *record);

/* The key with the number i, which starts from 0, or NULL after the last. */
const char *nscontainer_record_key(const struct nscontainer_record *record,
				   unsigned int i);

/*
 * The value of a key as text, or NULL where there is no such key: a string as
 * it is, a number in decimal digits, a boolean as "yes" or "no", the elements
 * of an array with spaces between them.  What is in an object has keys with a
 * dot, "cpu.percent"; what is in an array of objects, "sessions[0].pid".
 */
const char *nscontainer_record_text(const struct nscontainer_record *record,
				    const char *key);

/* The record as a JSON object; numbers, booleans and arrays are such. */
const char *nscontainer_record_json(const struct nscontainer_record *record);

/* Free the record with all that follow it in the list.  NULL is fine. */
void nscontainer_record_free(struct nscontainer_record *record);

/* --- what is, and what would be --------------------------------------- */

/*
 * Read all that a start would read, and tell what would be made.  Changes
 * nothing but that a user without a range of ids gets one.
 *
 * Keys: user, contained (boolean); where that is false, reason; otherwise
 * config, rootfs, overlay, home, namespaces, capabilities (arrays), uid_map,
 * gid_map (arrays of "container:host:size"), no_new_privs (boolean), seccomp,
 * cgroups (array of directories).
 */
int nscontainer_check(const struct nscontainer *container,
		      struct nscontainer_record **ret,
		      struct nscontainer_error *err);

/*
 * The container, if it runs; -ESRCH if not.
 *
 * Keys: user; pid, of PID 1 as the host sees it; start, its start time in
 * clock ticks since boot; since, seconds since the epoch; sessions, their
 * number, or -1 where /proc/locks cannot be read; rootfs; config, the path of
 * its container.json; stop, the policy: "empty", "logout", "never", "start";
 * generation, the number of the user's containers since the host was booted,
 * with this one; digest, of what it was made from; stale (boolean), whether
 * it would be made from something else now; draining (boolean), whether new
 * logins get another one; networks[].
 *
 * Containers of the user that drain follow in the list; where only such run,
 * they are all of it.
 */
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
 * What the container uses, over the tenth of a second that this takes; -ESRCH:
 * it does not run; -ENOENT: it has no control groups.
 *
 * Keys, "-" where the kernel does not count: user; cpu.usage_us, cpu.percent
 * (of one processor), cpu.user_us, cpu.system_us, cpu.throttling.periods,
 * .throttled_periods, .throttled_us; memory.usage, .peak, .limit in bytes,
 * memory.stat. with the kernel's keys; pids.current, pids.limit;
 * io.devices[].device, .op, .bytes, .operations, io.queued; freezer.state
 * ("THAWED", "FREEZING", "FROZEN"), freezer.self, freezer.parent (booleans);
 * sessions[].pid, .memory, .cpu_us, .pids.
 */
int nscontainer_stats(const struct nscontainer *container,
		      struct nscontainer_record **ret,
		      struct nscontainer_error *err);

/*
 * A login of the user that is not one: by the code of pam_container(8), in
 * processes that end, up to a command that the login shell runs inside.  A
 * container that does not run is started for it and ends as its policy says.
 * service is a PAM service, or NULL; with one it is also asked whether that
 * comes to the module.  0: a login would work.  Otherwise the error is what
 * pam_container(8) would log; the process must have one thread.
 *
 * *ret is a list of the steps, the last one being that which failed, also
 * where the result is an error; it is the caller's, or NULL.  Keys: step;
 * result: "ok", "warning" or "failed"; ms, the time it took; text.
 */
int nscontainer_try(const struct nscontainer *container, const char *service,
		    struct nscontainer_record **ret,
		    struct nscontainer_error *err);

/*
 * Look for ways past the containers, and for what keeps their users out: the
 * project's files, the PAM services, what sshd says of each user, the kernel.
 * conf is the path of nscontainer.conf, or NULL; users ends with NULL: whom to
 * look at, or NULL or empty: those of /etc/passwd who may log in, and those
 * with a file of their own.  Changes nothing but what nscontainer_check() does.
 *
 * *ret is a list, or NULL where nothing was found; it is the caller's, also
 * where the result is an error, which says that something could not be looked
 * at.  Keys: severity: "hole", a way past; "risk", somebody may be kept out or
 * let out; "note"; check, a short name; file and line, or "-" and 0; text;
 * remedy; users (array), whom it concerns, or empty: everybody.
 */
int nscontainer_doctor(const char *conf, const char *const *users,
		       struct nscontainer_record **ret,
		       struct nscontainer_error *err);

/*
 * The sessions of a container that runs (-ESRCH: it does not), those of the
 * user's that drain included, or of all that run, directories' as well, where
 * container is NULL: a list as of nscontainer_list().
 *
 * Keys: user; service, the PAM service, or "nsshell" or "nsinit-exec"; pid, of
 * the login process as the host sees it; rhost, tty, ruser as PAM has them, or
 * empty; generation; loginuid, audit_session; opened, seconds since the epoch;
 * idle, seconds since input on the terminal; memory, peak_memory in bytes;
 * cpu_us; pids, its processes; command, the name of the one in the foreground,
 * or of the newest; config, the path of the container's container.json.
 * Numbers are "-" where they are not known.
 */
int nscontainer_sessions(const struct nscontainer *container,
			 struct nscontainer_record **ret,
			 struct nscontainer_error *err);

/*
 * The sessions of a user's container, or of all where container is NULL, that
 * /var/log/nscontainer/sessions and its last rotation tell of, those that are
 * open included, the newest first.  Of each file the last 4 MiB are read.
 * *ret is NULL where there is none.  -EINVAL: the handle is a directory's.
 *
 * Keys: user, service, pid, rhost, tty, ruser, generation, loginuid,
 * audit_session, opened as above; duration in seconds; exit, the login
 * process's status, or signal, what killed it; peak_memory; cpu_us; state:
 * "open", "closed", or "lost" where nobody saw the end.  Numbers are "-" where
 * they are not known.
 */
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
 * NSCONTAINER_START_LOGIN	for the program that pam_container(8) runs.  The
 *	container ends as nscontainer.conf says; that descriptor
 *	NSCONTAINER_LOGIN_LOCK holds its lock is relied on, and an existing
 *	one is given a new monitor.  The result goes to descriptor
 *	NSCONTAINER_LOGIN_REPORT as well, as a struct nscontainer_error with
 *	code 0 for success.  Both become close-on-exec.
 *
 * NSCONTAINER_START_REPLACE	a container that runs is stopped first, with all
 *	sessions in it, but only when the configuration can be started from
 *	as far as that can be checked.  What nscontainer_start() has started
 *	goes on until nscontainer_stop() when it is replaced for a login.
 */
#define NSCONTAINER_START_LOGIN 1u
#define NSCONTAINER_START_REPLACE 2u
#define NSCONTAINER_LOGIN_LOCK 3
#define NSCONTAINER_LOGIN_REPORT 4

int nscontainer_start(const struct nscontainer *container, unsigned int flags,
		      struct nscontainer_error *err);

/*
 * Stop the container: SIGTERM to all processes in it, and SIGKILL after
 * timeout seconds (0: at once; negative: 10).  Waits for its end.  -ESRCH: it
 * does not run; -ETIMEDOUT: PID 1 does not end although it was killed.
 */
int nscontainer_stop(const struct nscontainer *container, int timeout,
		     struct nscontainer_error *err);

/*
 * Pause the container: none of its processes runs until it is resumed, and
 * logins are refused.  -ESRCH: it does not run; -ETIMEDOUT: some process could
 * not be frozen, and all go on.
 */
int nscontainer_pause(const struct nscontainer *container,
		      struct nscontainer_error *err);
int nscontainer_resume(const struct nscontainer *container,
		       struct nscontainer_error *err);

/*
 * End the session whose login process is pid, or all of the container's and of
 * the user's that drain where pid is 0: SIGHUP to its processes, and SIGKILL after timeout seconds (0: at
 * once; negative: 10) to those that are left.  Waits for its end.  The
 * container stays, as after any logout.  Without control groups only the login
 * process is known.  -ESRCH: no container runs, or it has no such session;
 * -EBUSY: it is paused; -ETIMEDOUT: what was killed does not end.
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
 * Flags: NSCONTAINER_TTY gives the command a terminal of the container's,
 * joined to descriptors 0 and 1, NSCONTAINER_NO_TTY does not; without both
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
 * or container.json does not.
 */
#define NSCONTAINER_TTY 1u
#define NSCONTAINER_NO_TTY 2u

int nscontainer_exec(const struct nscontainer *container, char *const *argv,
		     char *const *env, unsigned int flags, int *ret_status,
		     struct nscontainer_error *err);

#ifdef __cplusplus
}
#endif

#endif
