/* A login's way into its container, for a program that runs as host root. */
#ifndef NSC_SESSION_SESSION_H
#define NSC_SESSION_SESSION_H

#include <stdbool.h>

#include "base/error.h"
#include "config/conf.h"
#include "config/user.h"
#include "container/state.h"

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
	const struct nsc_conf *conf;
};

/* An open session.  It lasts until 'lock' is closed, however that happens. */
struct nsc_session {
	int lock;			/* on 'sessions', shared */
	int pidfd;
	struct nsc_state *state;
	char *path;			/* of the run directory */
};

#define NSC_SESSION_INIT { -1, -1, NULL, NULL }

/*
 * Get a session in the user's running container, which is started when none
 * runs: once, whatever number of logins ask at the same time.  Runs on the
 * host and changes nothing of the calling process.
 */
int nsc_session_open(const struct nsc_session_request *request,
		     struct nsc_session *ret, struct nsc_error *err);

/*
 * Place the calling process into the container for good.  A child tries the
 * whole way first, the terminal check included: when that fails, nothing of
 * the calling process has changed.  Of its supplementary groups those stay
 * that are the user's: sshd still has root's at that time, su and login have
 * set the user's already.  The current directory is the one of the
 * same name inside, or "/".  The container's monitor learns what info
 * says.  With give_terminal the terminals on descriptors
 * 0 to 2 become the user's first, see nsc_terminal_hand_over.
 */
int nsc_session_place(const struct nsc_session *session,
		      const struct nsc_user *user,
		      const struct nsc_session_info *info, bool give_terminal,
		      struct nsc_error *err);

/*
 * A session in a container that runs already, or -ESRCH; nothing is
 * started.  path is its run directory.  A container that is just being stopped
 * is waited for until deadline.
 */
int nsc_session_find(const char *path, int64_t deadline,
		     struct nsc_session *ret, struct nsc_error *err);

/* Is the calling process in a container already (NSC_MARK_DIR)? */
bool nsc_session_inside(void);

/* Inside: does the host's 'nested' refuse logins there? */
bool nsc_session_nested_refused(void);

void nsc_session_close(struct nsc_session *session);
#define _cleanup_session_ __attribute__((cleanup(nsc_session_close)))

#endif
