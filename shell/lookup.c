/*
 * nsshell-lookup: what nsshell, which is static, cannot tell.  Prints the name
 * of the user whose uid this process has, "break-glass" where the process is
 * in that group, and "changed" where the user's running container would be
 * another by now; or what is wrong, with status 1.
 *
 * Runs as who called nsshell, with the same groups, without privileges, on the
 * host, with an environment of its own: modules of the name service are loaded
 * here, and never where a container is entered.
 */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "util/fd.h"
#include "policy/user.h"
#include "rundir/running.h"
#include "rundir/rundir.h"
#include "lookup.h"
#include "session/change.h"

static bool has_changed(struct nsc_user *user)
{
	_cleanup_state_ struct nsc_state *state = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_fd_ int rundir = -1;

	if (nsc_rundir_path(user->name, &path, NSC_IGNORE) < 0)
		return false;
	rundir = nsc_rundir_open(path, false, 0, NSC_IGNORE);
	return rundir >= 0 && nsc_join_load(rundir, &state, NSC_IGNORE) == 0 &&
	       nsc_user_load_groups(user) == 0 && nsc_change_seen(state, user);
}

int main(void)
{
	_cleanup_user_ struct nsc_user *user = NULL;
	struct nsc_error err = NSC_ERROR_INIT;

	if (nsc_user_load_uid(getuid(), &user, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	puts(user->name);
	if (nsc_user_own_group(NSC_BREAK_GLASS))
		puts(NSC_LOOKUP_BREAK_GLASS);
	if (has_changed(user))
		puts(NSC_LOOKUP_CHANGED);
	return 0;
}
