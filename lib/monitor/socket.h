/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket "enter", by which a login reaches the monitor, and the socket
 * "wake", by which root makes the monitor check again whether its container
 * drains.
 */
#ifndef NSC_MONITOR_SOCKET_H
#define NSC_MONITOR_SOCKET_H

#include <sys/types.h>

#include "util/error.h"
#include "monitor/session_table.h"

/*
 * Listen by this name for root and uid.  Returns the socket, which never
 * blocks, or a negative errno with err set.
 */
int socket_open(const char *name, uid_t uid, struct nsc_error *err);

/*
 * Returns a socket for messages from root, whose content has no meaning, or a
 * negative errno with err set.
 */
int wake_open(struct nsc_error *err);

/* Serve one waiting client.  Never blocks. */
void socket_serve(int listener, struct sessions *all);

/* Accept no more clients. */
void socket_close(int listener);

#endif
