/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs in: nsinit; the login program; nsshell and container-monitor (static:
 * plain libc).
 */
#include "rundir/state.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/kv.h"
#include "util/paths.h"
#include "util/version.h"

/* These structs are read and written as arrays of numbers. */
_Static_assert(sizeof(struct nsc_namespace_id) == 2 * sizeof(uint64_t) &&
	       sizeof(struct nsc_rlimits) ==
		       (1 + 2 * NSC_RLIMIT_MAX) * sizeof(uint64_t) &&
	       sizeof(struct nsc_home_id) == 2 * sizeof(uint64_t), "padding");

#define FIELD(name, kind) { #name, NSC_KV_##kind, \
			    offsetof(struct nsc_state, name), 0 }
#define PART(key, kind, member, limit) \
	{ key, NSC_KV_##kind, offsetof(struct nsc_state, member), limit }
static const struct nsc_kv_field fields[] = {
	FIELD(user, STRING),
	FIELD(uid, UINT),
	FIELD(host_uid, UINT),
	FIELD(owner, UINT),
	FIELD(pid, UINT),
	FIELD(start, U64),
	PART("boot_id", TEXT, boot_id, NSC_BOOT_ID_SIZE),
	FIELD(since, U64),
	FIELD(namespaces, UINT),
	PART("ids", U64, ids, (size_t)2 * NSC_NAMESPACES),
	FIELD(rootfs, OPTIONAL),
	FIELD(external, OPTIONAL),
	FIELD(config, STRING),
	FIELD(conf, STRING),
	FIELD(digest, STRING),
	FIELD(files, STRING),
	FIELD(generation, UINT),
	FIELD(on_change, UINT),
	FIELD(exclusive, OPTIONAL),
	FIELD(stop, STRING),
	PART("linger", UINT, lifecycle.linger, 0),
	PART("on_disconnect", UINT, lifecycle.on_disconnect, 0),
	PART("idle_timeout", UINT, lifecycle.idle_timeout, 0),
	PART("max_lifetime", UINT, lifecycle.max_lifetime, 0),
	PART("max_sessions", UINT, lifecycle.max_sessions, 0),
	PART("capabilities", U64, process.capabilities, 0),
	PART("ambient", U64, process.ambient, 0),
	FIELD(own_init, BOOL),
	PART("no_new_privs", BOOL, process.no_new_privs, 0),
	PART("rlimits", U64, process.rlimits, 1 + 2 * NSC_RLIMIT_MAX),
	PART("umask", INT, process.umask, 0),
	PART("oom_score_adj", INT, process.oom_score_adj, 0),
	PART("sched_policy", INT, process.sched_policy, 0),
	PART("sched_nice", INT, process.sched_nice, 0),
	PART("sched_priority", INT, process.sched_priority, 0),
	PART("io_priority", INT, process.io_priority, 0),
	PART("personality", INT, process.personality, 0),
	PART("cpu_affinity", OPTIONAL, process.cpu_affinity, 0),
	PART("apparmor_profile", OPTIONAL, process.apparmor_profile, 0),
	PART("process_label", OPTIONAL, process.selinux_label, 0),
	FIELD(seccomp, STRING),
	PART("seccomp_length", UINT, filter.len, 0),
	PART("seccomp_flags", UINT, filter.flags, 0),
	FIELD(has_groups, BOOL),
	FIELD(run_uid, UINT),
	FIELD(run_gid, UINT),
	FIELD(groups, IDS),
	FIELD(name, STRING),
	FIELD(home, STRING),
	PART("home_id", U64, home_id, 2),
	FIELD(home_missing, OPTIONAL),
	FIELD(shell, STRING),
	PART("working_dir", OPTIONAL, process.cwd, 0),
	FIELD(login_shell, BOOL),
	PART("tty", BOOL, process.terminal, 0),
	FIELD(message, OPTIONAL),
	PART("record", UINT, recording.mode, 0),
	PART("record_input", BOOL, recording.input, 0),
	PART("record_hidden", BOOL, recording.hidden, 0),
	PART("on_record_error", UINT, recording.on_error, 0),
	PART("environment", VECTOR, process.env, 0),
	FIELD(keep_env, VECTOR),
	FIELD(bring, VECTOR),
	FIELD(networks, VECTOR),
	FIELD(more_groups, IDS),
	FIELD(helper, UINT),
};

static const struct nsc_kv kv = {
	.name = NSC_FILE_STATE, .version = NSC_STATE_VERSION,
	.max = NSC_FILE_MAX, .size = sizeof(struct nsc_state),
	.fields = fields, .n = NSC_ARRAY_SIZE(fields),
};

/*
 * The fields that every version writes, so that each sees and stops the
 * containers of the others, docs/design/0055-versions-that-meet.md.  Rows are
 * never removed, and keep their meaning; where a later version adds one,
 * earlier ones lack it.
 */
static const struct nsc_kv_field frozen_fields[] = {
	FIELD(user, STRING),
	FIELD(uid, UINT),
	FIELD(pid, UINT),
	FIELD(start, U64),
	PART("boot_id", TEXT, boot_id, NSC_BOOT_ID_SIZE),
	FIELD(since, U64),
	FIELD(rootfs, OPTIONAL),
	FIELD(external, OPTIONAL),
	FIELD(config, STRING),
	FIELD(conf, STRING),
	FIELD(generation, UINT),
	FIELD(exclusive, OPTIONAL),
	FIELD(stop, STRING),
	FIELD(own_init, BOOL),
	FIELD(has_groups, BOOL),
#undef FIELD
#undef PART
};

static const struct nsc_kv frozen = {
	.name = NSC_FILE_STATE, .fields = frozen_fields,
	.n = NSC_ARRAY_SIZE(frozen_fields),
};

int nsc_state_print(const struct nsc_state *state, char **ret,
		    struct nsc_error *err)
{
	return nsc_kv_print(&kv, state, 1, ret, err);
}

/* Only the frozen fields; a string that is missing is empty. */
static int state_scan(struct nsc_state *state, char *text)
{
	char *none = text + strlen(text);

	*state = (struct nsc_state){
		.text = state->text, .other_version = true, .user = none,
		.config = none, .conf = none, .digest = none, .stop = none,
	};
	nsc_kv_scan(&frozen, text, state);
	return 0;
}

int nsc_state_parse(char *text, struct nsc_state **ret, struct nsc_error *err)
{
	_cleanup_state_ struct nsc_state *state = calloc(1, sizeof(*state));
	int error;

	if (!state) {
		free(text);
		return nsc_error_sys(err, ENOMEM, "state");
	}
	state->text = text;
	error = nsc_kv_parse(&kv, &text, state, err);
	if (error == 0 && *text)
		error = nsc_error_set(err, EINVAL, "%s: has unexpected content "
				      "at the end", kv.name);
	else if (error == -EPROTO)
		error = state_scan(state, text);
	if (error == 0)
		*ret = NSC_TAKE_PTR(state);
	return error;
}

int nsc_state_load(int rundir, struct nsc_state **ret, struct nsc_error *err)
{
	char *text = NULL;
	int error = nsc_kv_read(&kv, rundir, NSC_FILE_STATE, &text, err);

	return error < 0 ? error : nsc_state_parse(text, ret, err);
}

void nsc_state_free(struct nsc_state *state)
{
	if (!state)
		return;
	nsc_kv_free(&kv, state);
	free(state->text);
	nsc_seccomp_free(&state->filter);
	free(state);
}
