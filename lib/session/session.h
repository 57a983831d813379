/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a login enters its container, for a program that runs as root of the
 * host.
 */
#ifndef NSC_SESSION_SESSION_H
#define NSC_SESSION_SESSION_H

#include <stdbool.h>

#include "util/error.h"
#include "policy/policy.h"
#include "policy/user.h"
#include "rundir/state.h"

/* The origin of a login, as PAM reports it; NULL or "": unknown. */
struct nsc_session_origin {
	const char *service;
	const char *rhost;
	const char *tty;
	const char *ruser;
	int64_t began;		/* nsc_process_now_us(); 0: unknown */
};

struct nsc_bring;

struct nsc_session_request {
	const char *conf_path;
	const struct nsc_user *user;
	const struct nsc_policy *policy;	/* contained, with conf */
};

/* Told of each step of a placement before it begins. */
struct nsc_session_progress {
	void (*begin)(struct nsc_session_progress *to, const char *step);
};

/* Told to a user whose home on the host is not inside. */
#define NSC_SESSION_NO_HOME                                                    \
	"Your home directory is not in this container, and files that you "   \
	"write elsewhere may be lost. Please tell the administrator."

#define NSC_SESSION_PATH 96

/* An open session.  It lasts until 'lock' is closed for any reason. */
struct nsc_session {
	int lock;			/* on 'sessions', shared */
	char path[NSC_SESSION_PATH];	/* of the instance */
	int pidfd;
	uid_t uid;			/* owner that the container must have */
	struct nsc_state *state;
	bool moved;	/* the host has another home than the container */
	bool changed;	/* joined despite a changed configuration */
	char note[256];			/* log message about that; or "" */
	struct nsc_session_progress *progress;	/* NULL in a login */
	struct nsc_bring *bring;	/* what comes along, or NULL */
	int *commands;	/* NULL, or gets the connection to the monitor */
	int *recorder;	/* gets that to the recorder, if it is still needed */
	bool forks;	/* its commands get their streams when it forks */
};

#define NSC_SESSION_INIT_OF(u) { .lock = -1, .pidfd = -1, .uid = (u) }
#define NSC_SESSION_INIT NSC_SESSION_INIT_OF((uid_t)-1)	/* nobody's */

/*
 * Get a session in the user's running container, which the helper starts if
 * none runs: once, no matter how many logins ask at the same time.  If the
 * configuration has changed since, on_change decides whether the session joins.
 * Runs on the host and changes nothing in the calling process.  Returns 0 or a
 * negative errno; -EALREADY: the calling process is already inside.
 */
int nsc_session_open(const struct nsc_session_request *request,
		     struct nsc_session *ret, struct nsc_error *err);

/*
 * Would the container start?  The helper (login-start check) makes it so that
 * nobody sees it, and removes it.  Takes at most start_timeout, and a few
 * seconds.  Returns 0 or a negative errno; -ETIME: it takes longer.
 */
int nsc_session_check(const struct nsc_session_request *request,
		      struct nsc_error *err);

/*
 * Move the calling process into the container permanently.  First a child tries
 * all steps, including the check of the terminal: if that fails, the calling
 * process has not changed.  The process keeps those of its supplementary groups
 * that are the user's: sshd still has root's groups at this point, while su and
 * login have already set the user's.  The current directory becomes the one
 * with the same name inside, or "/".  The container's monitor receives origin.
 * A terminal of the host stays outside: if there is one, the caller is another
 * process when this function returns; tty_handover.h explains this and relays.
 * Returns 0 or a negative errno; -ENOTRECOVERABLE: the calling process is
 * partly inside and must end.
 */
int nsc_session_place(const struct nsc_session *session,
		      const struct nsc_user *user,
		      const struct nsc_session_origin *origin, bool relays,
		      struct nsc_error *err);

/* Refuse a calling process with threads, since setns(2) moves only one. */
int nsc_session_check_threads(struct nsc_error *err);

/*
 * Would nsc_session_place() succeed, without a pty of the program's own?  The
 * calling process does not change.  Returns 0 or a negative errno.
 */
int nsc_session_check_place(const struct nsc_session *session,
			    const struct nsc_user *user, struct nsc_error *err);

/*
 * The work of the child of nsc_session_place(), for a process that ends
 * afterwards: it is left inside the container, fully or partly.  terminal: the
 * login needs a terminal of the container, which may have none left.  Returns 0
 * or a negative errno.
 */
int nsc_session_try(const struct nsc_session *session,
		    const struct nsc_user *user, bool terminal,
		    struct nsc_error *err);

/*
 * Get a session in a running container; nothing is started.  path is its run
 * directory.  If the container is just being stopped, wait until deadline.
 * Returns 0 or a negative errno: -ESRCH if none runs, -EALREADY as above,
 * -EOWNERDEAD if the container does not belong to uid, -EPROTO if only programs
 * of another version can join it; ret->path is set then.
 */
int nsc_session_find(const char *path, uid_t uid, int64_t deadline,
		     struct nsc_session *ret, struct nsc_error *err);

/* Is the calling process already in a container (NSC_MARK_DIR)? */
bool nsc_session_inside(void);

/*
 * The same for the user's container if another engine made it.  Such a
 * container has no mark, so this needs a view of the host's run directory from
 * inside.
 */
bool nsc_session_inside_of(uid_t uid);

/*
 * Read the state of the running container in an instance.  Returns 0 or a
 * negative errno: -EALREADY if the calling process is inside it, as above;
 * -ESRCH if none runs; -EOWNERDEAD if it does not belong to session->uid: an
 * account that was made again, or whose uid was changed, gets no access to the
 * old account's container.
 */
int nsc_session_load(int instance, struct nsc_session *session,
		     struct nsc_error *err);

/* Inside: does the host's setting 'nested' refuse logins here? */
bool nsc_session_nested_refused(void);

void nsc_session_close(struct nsc_session *session);
#define _cleanup_session_ __attribute__((cleanup(nsc_session_close)))

#endif
