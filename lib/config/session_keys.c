/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of "session" of container.json.  Runs in: nsinit and login-start. */
#include "config/session_keys.h"

#include <stddef.h>

#include "config/container_config.h"

#define AT(member) offsetof(struct nsc_config, member)
#define NSC_BRING_MOST 8

static int read_bring(struct nsc_reader *r, const json_t *value,
		      const struct nsc_field *f, void *to)
{
	if (json_array_size(value) > NSC_BRING_MOST)
		return nsc_field_wrong(r, value, "at most 8 names");
	return nsc_read_texts(r, value, f, to);
}

const struct nsc_field nsc_session_fields[] = {
	{ .name = "shell", .read = nsc_read_path, .at = AT(shell) },
	{ .name = "keep_env", .read = nsc_read_texts, .at = AT(keep_env) },
	{ .name = "bring", .read = read_bring, .at = AT(bring) },
	{ .name = "login", .read = nsc_read_bool, .at = AT(login_shell) },
	{ .name = "message", .read = nsc_read_template, .at = AT(message) },
	{ .name = "record", .read = nsc_read_choice, .at = AT(recording.mode),
	  .choices = nsc_record_names },
	{ .name = "record_input", .read = nsc_read_bool,
	  .at = AT(recording.input) },
	{ .name = "record_hidden_input", .read = nsc_read_bool,
	  .at = AT(recording.hidden) },
	{ .name = "on_record_error", .read = nsc_read_choice,
	  .at = AT(recording.on_error), .choices = nsc_on_record_error_names },
	{ .name = "record_message", .read = nsc_read_template,
	  .at = AT(record_message) },
	{ .name = NULL },
};
