/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: the login program, nsinit. */
#include "policy/pam_options.h"

#include <errno.h>
#include <string.h>

#include "util/fd.h"
#include "util/text.h"
#include "util/paths.h"

static int set_debug(const char *value, struct nsc_pam_options *options)
{
	options->debug = true;
	return value ? -EINVAL : 0;
}

static int set_conf(const char *value, struct nsc_pam_options *options)
{
	if (!value || value[0] != '/')
		return -EINVAL;
	options->conf = value;
	return 0;
}

static int set_placement(const char *value, struct nsc_pam_options *options)
{
	options->has_placement = true;
	if (value && !strcmp(value, "session"))
		options->placement = NSC_PLACEMENT_SESSION;
	else if (value && !strcmp(value, "start"))
		options->placement = NSC_PLACEMENT_START;
	else
		return -EINVAL;
	return 0;
}

static int set_mode(const char *value, struct nsc_pam_options *options)
{
	if (value && !strcmp(value, "enforce"))
		options->mode = NSC_MODE_ENFORCE;
	else if (value && !strcmp(value, "audit"))
		options->mode = NSC_MODE_AUDIT;
	else
		return -EINVAL;
	options->has_mode = true;
	return 0;
}

static int set_break_glass(const char *value, struct nsc_pam_options *options)
{
	if (!value || !*value)
		return -EINVAL;
	options->break_glass = value;
	return 0;
}

static const struct option {
	const char *name;
	int (*set)(const char *value, struct nsc_pam_options *options);
	const char *expected;
} table[] = {
	{ "debug", set_debug, "no value" },
	{ "conf", set_conf, "an absolute path" },
	{ "placement", set_placement, "session or start" },
	{ "mode", set_mode, "enforce or audit" },
	{ "break_glass", set_break_glass, "the name of a group" },
};

static int parse_one(const char *arg, struct nsc_pam_options *options,
		     struct nsc_error *err)
{
	size_t len = strcspn(arg, "=");
	char escaped[128];

	nsc_text_escape(arg, escaped, sizeof(escaped));
	for (size_t i = 0; i < NSC_ARRAY_SIZE(table); i++) {
		if (strlen(table[i].name) != len ||
		    strncmp(table[i].name, arg, len) != 0)
			continue;
		if (table[i].set(arg[len] ? arg + len + 1 : NULL, options) == 0)
			return 0;
		return nsc_error_set(err, EINVAL, "module argument '%s': "
				     "expected %s", escaped, table[i].expected);
	}
	return nsc_error_set(err, EINVAL, "module argument '%s': unknown, "
			     "expected debug, conf=PATH, "
			     "placement=session|start, mode=enforce|audit or "
			     "break_glass=GROUP", escaped);
}

int nsc_pam_options_parse(int argc, const char **argv,
			  struct nsc_pam_options *ret, struct nsc_error *err)
{
	struct nsc_pam_options options = {
		.conf = NSC_CONF_PATH, .break_glass = NSC_BREAK_GLASS,
	};
	int first = 0;

	for (int i = 0; i < argc; i++) {
		int error = parse_one(argv[i], &options,
				      first ? NSC_IGNORE : err);

		first = first ? first : error;
	}
	*ret = options;
	return first;
}
