/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a program into the container, faked: for the tests of those who
 * run one there, so that it runs here.
 */
#ifndef NSC_TESTS_UNIT_SESSION_ENTRY_H
#define NSC_TESTS_UNIT_SESSION_ENTRY_H

#include "tape.h"

#include "session/enter.h"
#include "session/environment.h"
#include "session/monitor_client.h"
#include "session/recorder.h"
#include "session/recorder_streams.h"

STEP(nsc_recorder_connect, const struct nsc_session *session, int *ret)
{
	(void)session;
	*ret = -1;
	tape_write("recorder");
	return tape_result(error);
}

STEP(nsc_monitor_client_enter, const struct nsc_session *session,
     const struct nsc_session_origin *origin)
{
	(void)session;
	tape_write("monitor %s", origin ? origin->service : "-");
	return tape_result(error);
}

STEP(nsc_enter_to_exec, int pidfd, const struct nsc_state *state)
{
	(void)state;
	tape_write("enter %d", pidfd);
	return tape_result(error);
}

STEP(nsc_streams_begin_stdio, struct nsc_streams *s,
     const struct nsc_recording *recording, int recorder, int *end)
{
	(void)s;
	(void)recorder;
	(void)end;
	tape_write("streams%s", recording->mode == NSC_RECORD_ALL ?
		   ", which are recorded" : "");
	return tape_result(error);
}

STEP(nsc_enter_as_parent, const struct nsc_state *state, bool keep_ids)
{
	(void)state;
	tape_write("parent %d", keep_ids);
	return tape_result(error);
}

STEP(nsc_environment_set_runtime_dir, const struct nsc_state *state,
     char ***env)
{
	(void)state;
	(void)env;
	(void)error;
	return 0;
}

#endif
