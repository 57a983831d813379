/* SPDX-License-Identifier: Apache-2.0 */
/* Which command line the streams of a recording have. */
#ifndef NSC_INIT_RECORDER_COMMAND_H
#define NSC_INIT_RECORDER_COMMAND_H

#include "session/recorder.h"

/*
 * Start a process that notes the command line of the one who sends a message on
 * end, see nsc_streams_tell().  A program does not run before it is noted,
 * unless the host forbids ptrace(2).  No child leaves a zombie from now on.
 * Returns 0 or a negative errno.
 */
int recorder_command_start(int end, struct nsc_tap *tap);

#endif
