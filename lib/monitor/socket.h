/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sockets "enter", by which a login reaches the monitor, and "wake", by
 * which root has it look again whether its container drains.
 */
#ifndef NSC_MONITOR_SOCKET_H
#define NSC_MONITOR_SOCKET_H

#include <sys/types.h>

#include "util/error.h"
#include "monitor/session_table.h"

/* Listen, for root and uid.  Returns the socket, which never blocks. */
int socket_open(uid_t uid, struct nsc_error *err);

/* A message from root to this socket is to be read, and has no meaning. */
int wake_open(struct nsc_error *err);

/* Serve one client that waits.  Never blocks. */
void socket_serve(int listener, struct sessions *all);

/* No more clients. */
void socket_close(int listener);

#endif
