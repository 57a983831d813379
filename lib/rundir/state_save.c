/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: login-start, nsinit and container-monitor, root of the host. */
#include "rundir/state.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/paths.h"

static int save_number(int rundir, const char *name, unsigned long long value,
		       struct nsc_error *err)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%llu\n", value);

	return nsc_file_write_at(rundir, name, text, (size_t)len, 0644, err);
}

int nsc_state_replace(int rundir, const struct nsc_state *state,
		      struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	int ret = nsc_state_print(state, &text, err);

	/* It has parts of container.json, which other users may not read. */
	return ret < 0 ? ret : nsc_file_write_for(rundir, NSC_FILE_STATE, text,
						  strlen(text), state->uid,
						  err);
}

int nsc_state_save(int rundir, const struct nsc_state *state,
		   struct nsc_error *err)
{
	int ret = nsc_state_replace(rundir, state, err);

	if (ret == 0)
		ret = save_number(rundir, NSC_FILE_START, state->start, err);
	if (ret == 0)
		ret = save_number(rundir, NSC_FILE_PID,
				  (unsigned long long)state->pid, err);
	if (ret < 0)
		nsc_state_remove(rundir);
	return ret;
}

void nsc_state_remove(int rundir)
{
	unlinkat(rundir, NSC_FILE_PID, 0);
	unlinkat(rundir, NSC_FILE_START, 0);
	unlinkat(rundir, NSC_FILE_STATE, 0);
	unlinkat(rundir, NSC_FILE_SECCOMP, 0);
}
