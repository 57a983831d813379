/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads profiles: the linux.seccomp object of the OCI runtime specification,
 * and the forms that Docker (archMap, includes, excludes, name; in its first
 * profile, default_action and numbers) and Podman (errno, defaultErrno) have.
 */
#include "seccomp/profile.h"

#include <errno.h>
#include <jansson.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"
#include "config/field.h"
#include "seccomp/terms.h"

#define AT(type, member) offsetof(struct type, member)
#define NO_ERRNO UINT32_MAX		/* errnoRet is absent */
#define NO_ACTION UINT32_MAX
#define ERRNO_MAX 4095			/* MAX_ERRNO of the kernel */

/* In the order in which Docker's first profile numbers them, from 1. */
static const char *const op_names[] = {
	"SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_GT", "SCMP_CMP_GE",
	"SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_MASKED_EQ", NULL,
};
static const unsigned int ops[] = {
	SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_GT, SCMP_CMP_GE, SCMP_CMP_LT,
	SCMP_CMP_LE, SCMP_CMP_MASKED_EQ,
};

/* The state while a profile is read. */
struct reading {
	const struct nsc_seccomp_world *world;
	struct nsc_seccomp_profile *profile;
	uint32_t default_action, default_errno, default_errno_name;
	bool architectures, arch_map;	/* the keys that the file has */
	size_t n_entries;
};

/* The state while an element of syscalls[] is read. */
struct entry {
	const struct nsc_seccomp_world *world;
	char **names;
	char *name;
	uint32_t action, errno_ret, errno_name;
	struct nsc_seccomp_arg args[NSC_SECCOMP_ARGS];
	size_t n_args;
	bool left_out;			/* by includes or excludes */
};

/* The state while an element of args[] or archMap[] is read. */
struct argument {
	uint32_t index;
	unsigned int op;
	uint64_t value, value_two;
};
#define ABSENT UINT32_MAX		/* not read yet, for index and op */

struct map_entry {
	uint32_t arch;			/* 0: absent */
	const json_t *others;
};

/* Add a rule that is all 0; NULL without memory. */
static struct nsc_seccomp_rule *
add_rule(struct nsc_seccomp_profile *profile)
{
	size_t n = profile->n_rules;
	struct nsc_seccomp_rule *grown =
		reallocarray(profile->rules, n + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	profile->rules = grown;
	grown[n] = (struct nsc_seccomp_rule){ .names = NULL };
	profile->n_rules++;
	return &grown[n];
}

void nsc_seccomp_profile_free(struct nsc_seccomp_profile *profile)
{
	if (!profile)
		return;
	for (size_t i = 0; i < profile->n_rules; i++)
		nsc_text_free_vector(profile->rules[i].names);
	free(profile->rules);
	free(profile->file);
	free(profile);
}

/*
 * Only SCMP_ACT_ERRNO has an errno; its default is EPERM.  Podman's profile
 * gives it as a number and again as a name.
 */
static int set_errno(struct nsc_reader *r, uint32_t *action, uint32_t number,
		     uint32_t name, const char *member)
{
	if (number == NO_ERRNO && name == NO_ERRNO)
		return 0;
	if (*action != SCMP_ACT_ERRNO(EPERM))
		return nsc_field_refuse_member(r, member, "belongs only to "
					       "SCMP_ACT_ERRNO");
	if (number != NO_ERRNO && name != NO_ERRNO && number != name)
		return nsc_field_refuse_member(r, member, "is another error "
					       "than the name says");
	*action = SCMP_ACT_ERRNO(name != NO_ERRNO ? name : number);
	return 0;
}

/* An architecture that this machine cannot run needs no rules. */
static int read_architecture(struct nsc_reader *r, const json_t *element,
			     void *to)
{
	struct reading *reading = to;
	struct nsc_seccomp_profile *profile = reading->profile;
	uint32_t arch;
	int ret = nsc_read_seccomp_arch(r, element, NULL, &arch);

	if (ret < 0 || arch == reading->world->arch ||
	    !nsc_seccomp_arch_runs_on(arch, reading->world->arch))
		return ret;
	for (size_t i = 0; i < profile->n_arches; i++)
		if (profile->arches[i] == arch)
			return 0;
	if (profile->n_arches < NSC_SECCOMP_ARCHES)
		profile->arches[profile->n_arches++] = arch;
	return 0;
}

static int read_architectures(struct nsc_reader *r, const json_t *value,
			      const struct nsc_field *f, void *to)
{
	struct reading *reading = to;

	(void)f;
	reading->architectures = true;
	return nsc_field_array(r, value, read_architecture, reading);
}

static int read_flag(struct nsc_reader *r, const json_t *element, void *to)
{
	const char *text = json_string_value(element);
	struct reading *reading = to;
	unsigned int *flags = &reading->profile->flags;

	if (text && !strcmp(text, "SECCOMP_FILTER_FLAG_LOG"))
		*flags |= SECCOMP_FILTER_FLAG_LOG;
	else if (text && !strcmp(text, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"))
		*flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	else if (text && !strcmp(text,
				 "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))
		return nsc_field_refuse(r, "not possible here: it belongs to "
					"notifications, which nothing listens "
					"for");
	/* A filter is loaded by one thread, so TSYNC needs nothing. */
	else if (!text || strcmp(text, "SECCOMP_FILTER_FLAG_TSYNC") != 0)
		return nsc_field_wrong(r, element, "one of "
				       "SECCOMP_FILTER_FLAG_LOG, _SPEC_ALLOW, "
				       "_TSYNC");
	return 0;
}

static int refuse_listener(struct nsc_reader *r, const json_t *value,
			   const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);

	(void)f;
	(void)to;
	return text && !*text ? 0 :
	       nsc_field_refuse(r, "not possible here: nothing listens for "
				"notifications");
}

static int read_map_arch(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	struct map_entry *entry = to;

	return nsc_read_seccomp_arch(r, value, f, &entry->arch);
}

static int check_arch(struct nsc_reader *r, const json_t *element, void *to)
{
	uint32_t arch;

	(void)to;
	return nsc_read_seccomp_arch(r, element, NULL, &arch);
}

static int read_map_others(struct nsc_reader *r, const json_t *value,
			   const struct nsc_field *f, void *to)
{
	struct map_entry *entry = to;

	(void)f;
	entry->others = value;
	return nsc_field_array(r, value, check_arch, NULL);
}

static const struct nsc_field map_fields[] = {
	{ .name = "architecture", .read = read_map_arch },
	{ .name = "subArchitectures", .read = read_map_others },
	{ .name = NULL },
};

static int read_map_entry(struct nsc_reader *r, const json_t *element,
			  void *to)
{
	struct map_entry entry = { 0, NULL };
	struct reading *reading = to;
	int ret = nsc_field_object(r, element, map_fields, &entry);

	if (ret == 0 && !entry.arch)
		return nsc_field_refuse_member(r, "architecture",
					       "is missing");
	if (ret < 0 || entry.arch != reading->world->arch || !entry.others)
		return ret;
	return nsc_field_array(r, entry.others, read_architecture, reading);
}

static int read_arch_map(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	struct reading *reading = to;

	(void)f;
	reading->arch_map = true;
	return nsc_field_array(r, value, read_map_entry, reading);
}

static int read_includes(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	struct entry *entry = to;
	struct nsc_seccomp_condition c = { .world = entry->world };
	int ret = nsc_seccomp_condition(r, value, &c);

	(void)f;
	entry->left_out = entry->left_out || !c.all;
	return ret;
}

static int read_excludes(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	struct entry *entry = to;
	struct nsc_seccomp_condition c = { .world = entry->world };
	int ret = nsc_seccomp_condition(r, value, &c);

	(void)f;
	entry->left_out = entry->left_out || c.any;
	return ret;
}

static int read_op(struct nsc_reader *r, const json_t *value,
		   const struct nsc_field *f, void *to)
{
	unsigned int i = 0;
	int ret = 0;

	if (nsc_seccomp_number(value, NSC_ARRAY_SIZE(ops), &i))
		i--;
	else
		ret = nsc_read_choice(r, value, f, &i);
	*(unsigned int *)to = ops[i];
	return ret;
}

static int ignore(struct nsc_reader *r, const json_t *value,
		  const struct nsc_field *f, void *to)
{
	(void)r;
	(void)value;
	(void)f;
	(void)to;
	return 0;
}

/* jansson itself refuses numbers from 2^63 on. */
static const struct nsc_field arg_fields[] = {
	{ .name = "index", .read = nsc_read_number,
	  .at = AT(argument, index), .max = NSC_SECCOMP_ARGS - 1 },
	{ .name = "op", .read = read_op, .at = AT(argument, op),
	  .choices = op_names },
	{ .name = "value", .read = nsc_read_integer, .at = AT(argument, value),
	  .max = INT64_MAX },
	{ .name = "valueTwo", .read = nsc_read_integer,
	  .at = AT(argument, value_two), .max = INT64_MAX },
	{ .name = "value_two", .read = nsc_read_integer,
	  .at = AT(argument, value_two), .max = INT64_MAX },
	{ .name = NULL },
};

static int read_arg(struct nsc_reader *r, const json_t *element, void *to)
{
	struct argument arg = { .index = ABSENT, .op = ABSENT };
	struct entry *entry = to;
	int ret = nsc_field_object(r, element, arg_fields, &arg);

	if (ret < 0)
		return ret;
	if (arg.index == ABSENT || arg.op == ABSENT ||
	    !json_object_get(element, "value"))
		return nsc_field_refuse(r, "expected index, value and op");
	for (size_t i = 0; i < entry->n_args; i++)
		if (entry->args[i].index == arg.index)
			return nsc_field_refuse(r, "a filter has one "
						"condition for an argument: "
						"if either condition is "
						"enough, write two entries");
	entry->args[entry->n_args++] = (struct nsc_seccomp_arg){
		.index = arg.index, .op = arg.op, .value = arg.value,
		.value_two = arg.value_two,
	};
	return 0;
}

static const struct nsc_field entry_fields[] = {
	{ .name = "names", .read = nsc_read_texts, .at = AT(entry, names) },
	{ .name = "name", .read = nsc_read_text, .at = AT(entry, name) },
	{ .name = "action", .read = nsc_read_seccomp_action,
	  .at = AT(entry, action) },
	{ .name = "errnoRet", .read = nsc_read_number,
	  .at = AT(entry, errno_ret), .max = ERRNO_MAX },
	{ .name = "errno", .read = nsc_read_errno_name,
	  .at = AT(entry, errno_name) },
	/* These readers store into several members, and get the whole entry. */
	{ .name = "args", .read = nsc_read_array, .element = read_arg },
	{ .name = "includes", .read = read_includes },
	{ .name = "excludes", .read = read_excludes },
	{ .name = "comment", .read = ignore },
	{ .name = NULL },
};

/* Docker's older form has one name in each entry. */
static int use_name(struct nsc_reader *r, struct entry *entry)
{
	size_t n = 0;

	if (entry->name && entry->names && entry->names[0])
		return nsc_field_refuse(r, "expected name or names, not "
					"both");
	if (entry->name && *entry->name) {
		nsc_text_free_vector(entry->names);
		entry->names = NULL;
		if (nsc_text_append(&entry->names, &n, entry->name) < 0)
			return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	}
	return entry->names && entry->names[0] ? 0 :
	       nsc_field_refuse(r, "expected names");
}

static int keep_entry(struct nsc_reader *r, struct reading *reading,
		      struct entry *entry)
{
	struct nsc_seccomp_rule *rule;
	int ret = use_name(r, entry);

	if (ret < 0)
		return ret;
	if (entry->action == NO_ACTION)
		return nsc_field_refuse(r, "expected action");
	ret = set_errno(r, &entry->action, entry->errno_ret,
			entry->errno_name, "errnoRet");
	if (ret < 0 || entry->left_out)
		return ret;
	rule = add_rule(reading->profile);
	if (!rule)
		return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	rule->names = NSC_TAKE_PTR(entry->names);
	rule->action = entry->action;
	memcpy(rule->args, entry->args, sizeof(rule->args));
	rule->n_args = entry->n_args;
	rule->at = reading->n_entries;
	return 0;
}

static int read_entry(struct nsc_reader *r, const json_t *element, void *to)
{
	struct reading *reading = to;
	struct entry entry = {
		.world = reading->world, .action = NO_ACTION,
		.errno_ret = NO_ERRNO, .errno_name = NO_ERRNO,
	};
	int ret = nsc_field_object(r, element, entry_fields, &entry);

	if (ret == 0)
		ret = keep_entry(r, reading, &entry);
	nsc_text_free_vector(entry.names);
	free(entry.name);
	reading->n_entries++;
	return ret;
}

static const struct nsc_field profile_fields[] = {
	{ .name = "defaultAction", .read = nsc_read_seccomp_action,
	  .at = AT(reading, default_action) },
	{ .name = "default_action", .read = nsc_read_seccomp_action,
	  .at = AT(reading, default_action) },
	{ .name = "defaultErrno", .read = nsc_read_errno_name,
	  .at = AT(reading, default_errno_name) },
	{ .name = "defaultErrnoRet", .read = nsc_read_number,
	  .at = AT(reading, default_errno), .max = ERRNO_MAX },
	{ .name = "architectures", .read = read_architectures },
	{ .name = "archMap", .read = read_arch_map },
	{ .name = "flags", .read = nsc_read_array, .element = read_flag },
	{ .name = "listenerPath", .read = refuse_listener },
	{ .name = "listenerMetadata", .read = refuse_listener },
	{ .name = "syscalls", .read = nsc_read_array, .element = read_entry },
	{ .name = NULL },
};

static int read_profile(struct nsc_reader *r, const char *text,
			struct reading *reading)
{
	json_t *root;
	int ret;

	/* The first line there is the version of the list. */
	if (*text == '1' || *text == '2')
		return nsc_field_refuse(r, "is a list of system calls for "
					"lxc.seccomp.profile: write a profile "
					"with defaultAction and syscalls");
	root = nsc_field_parse(r, text);
	if (!root)
		return -EINVAL;
	ret = nsc_field_object(r, root, profile_fields, reading);
	json_decref(root);
	if (ret < 0)
		return ret;
	if (reading->default_action == NO_ACTION)
		return nsc_field_refuse_member(r, "defaultAction",
					       "is missing");
	if (reading->architectures && reading->arch_map)
		return nsc_field_refuse(r, "expected architectures or "
					"archMap, not both");
	return set_errno(r, &reading->default_action, reading->default_errno,
			 reading->default_errno_name, "defaultErrnoRet");
}

int nsc_seccomp_profile_parse(const char *text, const char *file,
			      const struct nsc_seccomp_world *world,
			      struct nsc_seccomp_profile **ret,
			      struct nsc_error *err)
{
	_cleanup_profile_ struct nsc_seccomp_profile *profile =
		calloc(1, sizeof(*profile));
	struct nsc_reader reader = { .file = file, .err = err };
	struct reading reading = {
		.world = world, .profile = profile,
		.default_action = NO_ACTION, .default_errno = NO_ERRNO,
		.default_errno_name = NO_ERRNO,
	};
	int error;

	if (!profile || !(profile->file = strdup(file)))
		return nsc_error_sys(err, ENOMEM, "%s", file);
	error = read_profile(&reader, text, &reading);
	if (error < 0)
		return error;
	profile->default_action = reading.default_action;
	*ret = NSC_TAKE_PTR(profile);
	return 0;
}

int nsc_seccomp_profile_load(const char *path,
			     const struct nsc_seccomp_world *world,
			     struct nsc_seccomp_profile **ret,
			     struct nsc_error *err)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = nsc_file_open(path, err);
	int error;

	if (fd < 0)
		return fd;
	error = nsc_file_read(fd, path, NSC_FILE_MAX, &text, NULL, err);
	if (error < 0)
		return error;
	return nsc_seccomp_profile_parse(text, path, world, ret, err);
}
