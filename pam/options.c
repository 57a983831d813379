#include "options.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/text.h"
#include "container/paths.h"

static int set_debug(const char *value, struct nsc_pam_options *options)
{
	options->debug = true;
	return value ? -EINVAL : 0;
}

static int set_conf(const char *value, struct nsc_pam_options *options)
{
	options->conf = value;
	return value && value[0] == '/' ? 0 : -EINVAL;
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

static const struct option {
	const char *name;
	int (*set)(const char *value, struct nsc_pam_options *options);
	const char *expected;
} table[] = {
	{ "debug", set_debug, "no value" },
	{ "conf", set_conf, "an absolute path" },
	{ "placement", set_placement, "session or start" },
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
			     "expected debug, conf=PATH or "
			     "placement=session|start", escaped);
}

int nsc_pam_options_parse(int argc, const char **argv,
			  struct nsc_pam_options *ret, struct nsc_error *err)
{
	struct nsc_pam_options options = { .conf = NSC_CONF_PATH };

	for (int i = 0; i < argc; i++) {
		int error = parse_one(argv[i], &options, err);

		if (error < 0)
			return error;
	}
	*ret = options;
	return 0;
}
