/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit, root of the host; a child of it that joins the container's
 * mounts; and a child of that, nobody, which reads files of the container.
 */
#include "api/be_user.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "linux/pidfd.h"
#include "rootfs/exec_user.h"
#include "util/fd.h"
#include "util/process.h"
#include "util/text.h"

#define LOOK_MS 10000

struct look {
	int pidfd;
	struct nsc_exec_user_request request;
};

struct answer {
	struct nsc_error err;
	struct nsc_exec_user user;
};

/*
 * This runs in a child, which no process inside can see: it joins the mounts
 * alone.
 */
static void be_user_look(const void *arg, void *to)
{
	const struct look *look = arg;
	struct answer *answer = to;

	if (setns(look->pidfd, CLONE_NEWNS) < 0)
		nsc_error_sys(&answer->err, errno, "enter the container's "
			      "mounts");
	else
		nsc_exec_user_find(&look->request, &answer->user,
				   &answer->err);
}

/*
 * The state does not own its texts, which point into the text that was parsed:
 * the new ones stay until the process ends.
 */
static int be_user_texts(struct nsc_state *state,
			const struct nsc_exec_user *user)
{
	const char *const from[] = { user->name, user->home, user->shell };
	char **const to[] = { &state->name, &state->home, &state->shell };

	for (size_t i = 0; i < NSC_ARRAY_SIZE(from); i++)
		if (nsc_text_copy(to[i], from[i]) < 0)
			return -ENOMEM;
	return 0;
}

static int be_user_become(struct nsc_state *state,
			 const struct nsc_exec_user *user,
			 struct nsc_error *err)
{
	gid_t *groups;

	if (be_user_texts(state, user) < 0)
		return nsc_error_sys(err, ENOMEM, "user");
	groups = calloc(user->n_groups + 1, sizeof(*groups));
	if (!groups)
		return nsc_error_sys(err, ENOMEM, "user");
	memcpy(groups, user->groups, user->n_groups * sizeof(*groups));
	free(state->groups.list);
	state->groups.list = groups;
	state->groups.n = user->n_groups;
	state->run_uid = user->uid;
	state->run_gid = user->gid;
	return 0;
}

int nsc_api_be_user(struct nsc_session *session, const char *spec,
		    struct nsc_error *err)
{
	const struct look look = {
		.pidfd = session->pidfd, .request = { .spec = spec },
	};
	struct answer answer = { NSC_ERROR_INIT, { 0 } };
	int ret = nsc_process_ask(be_user_look, &look, &answer, sizeof(answer),
				  nsc_process_now() + LOOK_MS);

	if (ret < 0)
		return nsc_error_sys(err, -ret, "look '%s' up in the "
				     "container", spec);
	ret = nsc_error_take(&answer.err, err);
	return ret < 0 ? ret :
			 be_user_become(session->state, &answer.user, err);
}
