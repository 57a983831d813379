/* SPDX-License-Identifier: Apache-2.0 */
/* A login's way into its container, for a program that runs as host root. */
#ifndef NSC_SESSION_SESSION_H
#define NSC_SESSION_SESSION_H

#include <stdbool.h>

#include "util/error.h"
#include "policy/policy.h"
#include "policy/user.h"
#include "rundir/state.h"

/* Who logs in from where, as PAM says; NULL or "": not known. */
struct nsc_session_info {
	const char *service;
	const char *rhost;
	const char *tty;
	const char *ruser;
};

struct nsc_session_request {
	const char *conf_path;
	const struct nsc_user *user;
	const struct nsc_policy *policy;	/* contained, with conf */
};

/* For who wants to know which step of a placement comes next. */
struct nsc_session_watch {
	void (*begin)(struct nsc_session_watch *watch, const char *step);
};

#define NSC_SESSION_PATH 96

/* An open session.  It lasts until 'lock' is closed, however that happens. */
struct nsc_session {
	int lock;			/* on 'sessions', shared */
	char path[NSC_SESSION_PATH];	/* of the instance */
	int pidfd;
	uid_t uid;			/* whose container it has to be */
	struct nsc_state *state;
	bool changed;	/* joined although it would be another by now */
	char note[256];			/* about that, for the log; or "" */
	struct nsc_session_watch *watch;	/* NULL in a login */
};

#define NSC_SESSION_INIT_OF(u) { .lock = -1, .pidfd = -1, .uid = (u) }
#define NSC_SESSION_INIT NSC_SESSION_INIT_OF((uid_t)-1)	/* nobody's */

/*
 * Get a session in the user's running container, which is started when none
 * runs: once, whatever number of logins ask at the same time.  One whose
 * configuration has changed since is joined or left as on_change says.  Runs
 * on the host and changes nothing of the calling process.  -EALREADY: the
 * calling process is in it.
 */
int nsc_session_open(const struct nsc_session_request *request,
		     struct nsc_session *ret, struct nsc_error *err);

/*
 * Would the container start?  All that a start reads is checked by the helper
 * (login-start check), which makes nothing.  Takes start_timeout at most.
 */
int nsc_session_check(const struct nsc_session_request *request,
		      struct nsc_error *err);

/*
 * Place the calling process into the container for good.  A child tries the
 * whole way first, the terminal check included: when that fails, nothing of
 * the calling process has changed.  Of its supplementary groups those stay
 * that are the user's: sshd still has root's at that time, su and login have
 * set the user's already.  The current directory is the one of the
 * same name inside, or "/".  The container's monitor learns what info
 * says.  A terminal of the host stays outside: with one the
 * caller is another process when this returns, see tty_handover.h for that and
 * for relays.  -ENOTRECOVERABLE: the calling process is half inside, and has
 * to end.
 */
int nsc_session_place(const struct nsc_session *session,
		      const struct nsc_user *user,
		      const struct nsc_session_info *info, bool relays,
		      struct nsc_error *err);

/*
 * What the child of nsc_session_place() does, for a process that ends after
 * it: it is left in the container, whole or half.  terminal: the login cannot
 * do without one of the container's, of which none may be left.
 */
int nsc_session_try(const struct nsc_session *session,
		    const struct nsc_user *user, bool terminal,
		    struct nsc_error *err);

/*
 * A session in a container that runs already, or -ESRCH; nothing is started.
 * -EALREADY as above; -EOWNERDEAD: it is not uid's.  path is its run
 * directory.  A container that is just being stopped is waited for until
 * deadline.
 */
int nsc_session_find(const char *path, uid_t uid, int64_t deadline,
		     struct nsc_session *ret, struct nsc_error *err);

/* Is the calling process in a container already (NSC_MARK_DIR)? */
bool nsc_session_inside(void);

/*
 * The same for the user's container where another engine made it, which has
 * no mark: where the host's run directory can be seen from inside.
 */
bool nsc_session_inside_of(uid_t uid);

/*
 * Read the state of what runs in an instance; -EALREADY where the calling
 * process is inside of that, as above; -ESRCH where nothing runs; -EOWNERDEAD
 * where it is not session->uid's: an account that was made again, or whose uid
 * was changed, has nothing of the old one's.
 */
int nsc_session_load(int instance, struct nsc_session *session,
		     struct nsc_error *err);

/* Inside: does the host's 'nested' refuse logins there? */
bool nsc_session_nested_refused(void);

void nsc_session_close(struct nsc_session *session);
#define _cleanup_session_ __attribute__((cleanup(nsc_session_close)))

#endif
