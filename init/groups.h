/* The part of container-monitor that is about control groups. */
#ifndef NSC_INIT_GROUPS_H
#define NSC_INIT_GROUPS_H

#include <stdbool.h>

/*
 * Read the run directory's record of groups, move into the monitor's own
 * where there is one, and listen on the socket.  Returns the listening
 * socket; -1 without groups; -2 with err filled.
 */
struct nsc_error;
int groups_open(struct nsc_error *err);

/* Serve one client that waits.  Never blocks. */
void groups_serve(int listener);

/* What is frozen does not die, in v1. */
void groups_thaw(int listener);

/* No more clients; end what is left, remove the groups. */
void groups_end(int listener);

#endif
