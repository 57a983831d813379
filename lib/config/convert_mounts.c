/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts from the config.json of the OCI runtime specification.  Runs in:
 * nsinit alone.
 */
#include "config/convert.h"

#include <stdio.h>
#include <string.h>

#include "util/fd.h"

#define at nsc_convert_at

/* A mount, while its options are read. */
struct from {
	struct nsc_convert *c;
	json_t *to;
	size_t i;		/* in mounts */
	bool bind, tmpfs;
};

/* Options that mean the same, or for which there is a key. */
static const struct {
	const char *name;
	const char *key;	/* NULL: the option itself */
	bool value;
} known[] = {
	{ "noexec", NULL, false }, { "nosymfollow", NULL, false },
	{ "nodiratime", NULL, false }, { "noatime", NULL, false },
	{ "relatime", NULL, false }, { "strictatime", NULL, false },
	{ "ro", "writable", false }, { "rw", "writable", true },
	{ "slave", "private", false }, { "private", "private", true },
};

/* Options that every mount has, or that say what is so in any case. */
static bool is_usual(const struct from *f, const char *name)
{
	static const char *const usual[] = {
		"nosuid", "nodev", "exec", "bind", "defaults", "async",
		"symfollow", "diratime",
	};

	for (size_t i = 0; i < NSC_ARRAY_SIZE(usual); i++)
		if (!strcmp(name, usual[i]))
			return true;
	return f->tmpfs && !strcmp(name, "rw");
}

static bool take_option(const struct from *f, const char *name)
{
	size_t i = 0;

	while (i < NSC_ARRAY_SIZE(known) && strcmp(name, known[i].name) != 0)
		i++;
	if (i == NSC_ARRAY_SIZE(known) || (known[i].key && !f->bind))
		return false;
	if (known[i].key)
		json_object_set_new(f->to, known[i].key,
				    json_boolean(known[i].value));
	else
		json_array_append_new(nsc_convert_array(f->to, "options"),
				      json_string(name));
	return true;
}

/* Options of tmpfs that have a value. */
static bool take_value(const struct from *f, const char *name)
{
	char key[5];

	if (!f->tmpfs || (strncmp(name, "size=", 5) != 0 &&
			  strncmp(name, "mode=", 5) != 0))
		return false;
	snprintf(key, sizeof(key), "%s", name);
	json_object_set_new(f->to, key, json_string(name + 5));
	return true;
}

/*
 * Our options hold for everything below a bind, like the options of the
 * specification that begin with an additional r.
 */
static void from_option(const struct from *f, const char *name)
{
	const char *without = f->bind && *name == 'r' ? name + 1 : "";

	if (is_usual(f, name) || take_option(f, name) || take_value(f, name) ||
	    is_usual(f, without) || take_option(f, without))
		return;
	nsc_convert_note(f->c, "mounts", "[%zu].options: left out: %.64s: no "
			 "such option", f->i, name);
}

static bool has_option(const json_t *options, const char *wanted)
{
	const json_t *option;
	size_t i;

	json_array_foreach(options, i, option)
		if (json_is_string(option) &&
		    !strcmp(json_string_value(option), wanted))
			return true;
	return false;
}

static void tell(const struct from *f, const json_t *value)
{
	const json_t *options = at(value, "options");

	if (f->bind && !has_option(options, "rbind"))
		nsc_convert_note(f->c, "mounts", "[%zu]: has what is mounted "
				 "below the source, too", f->i);
	if (at(value, "uidMappings") || at(value, "gidMappings"))
		nsc_convert_note(f->c, "mounts", "[%zu]: left out: uidMappings "
				 "and gidMappings: idmap has the map of the "
				 "container", f->i);
}

static json_t *from_mount(struct nsc_convert *c, const json_t *value, size_t i)
{
	const json_t *options = at(value, "options"), *option;
	const char *type = json_string_value(at(value, "type"));
	struct from f = { .c = c, .i = i };
	size_t k;

	f.bind = !type || !strcmp(type, "bind") || !strcmp(type, "none") ||
		 has_option(options, "bind") || has_option(options, "rbind");
	f.tmpfs = !f.bind && !strcmp(type, "tmpfs");
	f.to = json_pack("{s:s}", "type", f.bind ? "bind" : type);
	nsc_convert_set(f.to, "destination", at(value, "destination"));
	if (f.bind) {
		nsc_convert_set(f.to, "source", at(value, "source"));
		json_object_set_new(f.to, "writable", json_true());
	}
	/* This is the kernel's default. */
	if (f.tmpfs)
		json_object_set_new(f.to, "mode", json_string("1777"));
	json_array_foreach(options, k, option)
		if (json_is_string(option))
			from_option(&f, json_string_value(option));
	tell(&f, value);
	return f.to;
}

void nsc_convert_mounts(struct nsc_convert *c)
{
	const json_t *element;
	size_t i;

	json_array_foreach(at(c->from, "mounts"), i, element) {
		const char *type = json_string_value(at(element, "type"));
		const char *to = json_string_value(at(element,
						      "destination"));

		if (to && nsc_convert_is_mounted(type ? type : "bind", to))
			nsc_convert_note(c, "mounts", "[%zu]: left out: every "
					 "container has %s", i, to);
		else
			json_array_append_new(
				nsc_convert_array(c->to, "mounts"),
				from_mount(c, element, i));
	}
	nsc_convert_note(c, "mounts", "became mounts: all are nosuid and "
			 "nodev");
}
