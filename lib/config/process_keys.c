/* SPDX-License-Identifier: Apache-2.0 */
/* Runs in: nsinit and login-start. */
#include "config/process_keys.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <linux/capability.h>
#include <sys/resource.h>

#include "util/fd.h"
#include "util/text.h"
#include "config/container_config.h"

int nsc_read_signed(struct nsc_reader *r, const json_t *value,
		    const struct nsc_field *f, void *to)
{
	int ret = nsc_read_integer(r, value, f, NULL);

	if (ret == 0 && to)
		*(int *)to = (int)json_integer_value(value);
	return ret;
}

/* The profile is read later, by the code that compiles it. */
int nsc_read_seccomp(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);

	if (!text)
		return -EINVAL;
	if (text[0] == '/' && text[strlen(text) - 1] != '/')
		return nsc_read_path(r, value, f, to);
	if (strcmp(text, NSC_SECCOMP_DEFAULT) != 0 &&
	    strcmp(text, NSC_SECCOMP_UNCONFINED) != 0)
		return nsc_field_wrong(r, value, "\"default\", "
				       "\"unconfined\" or the absolute path "
				       "of a profile");
	return nsc_read_text(r, value, f, to);
}

int nsc_read_umask(struct nsc_reader *r, const json_t *value,
		   const struct nsc_field *f, void *to)
{
	mode_t mode = 0;
	int ret = nsc_read_mode(r, value, f, &mode);

	if (ret == 0)
		*(int *)to = (int)mode;
	return ret;
}

/* An element as the file has it. */
struct rlimit_element {
	unsigned int resource;
	uint64_t hard;
	uint64_t soft;
};

static int read_resource(struct nsc_reader *r, const json_t *value,
			 const struct nsc_field *f, void *to)
{
	const char *text = nsc_field_text(r, value);

	(void)f;
	if (!text)
		return -EINVAL;
	for (unsigned int i = 0; nsc_rlimit_name(i); i++) {
		if (strcmp(nsc_rlimit_name(i), text) != 0)
			continue;
		*(unsigned int *)to = i;
		return 0;
	}
	return nsc_field_wrong(r, value, "the name of a limit such as "
			       "\"RLIMIT_NOFILE\", getrlimit(2)");
}

static int process_read_limit(struct nsc_reader *r, const json_t *value,
			      const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	json_int_t number = json_integer_value(value);

	(void)f;
	/* read_rlimit() knows whether the limit is one of bytes. */
	if ((text && !strcmp(text, "unlimited")) ||
	    (json_is_integer(value) && number == -1))
		*(uint64_t *)to = UINT64_MAX;
	else if (nsc_field_bytes(value, &number))
		*(uint64_t *)to = (uint64_t)number;
	else
		return nsc_field_wrong(r, value, "a number from 0, or -1 or "
				       "\"unlimited\" for none");
	return 0;
}

#define AT(member) offsetof(struct rlimit_element, member)
const struct nsc_field nsc_rlimit_fields[] = {
	{ .name = "type", .read = read_resource, .at = AT(resource) },
	{ .name = "hard", .read = process_read_limit, .at = AT(hard) },
	{ .name = "soft", .read = process_read_limit, .at = AT(soft) },
	{ .name = NULL },
};
#undef AT

static int check_unit(struct nsc_reader *r, const json_t *element,
		      const char *member, unsigned int resource)
{
	static const unsigned int of_bytes[] = {
		RLIMIT_AS, RLIMIT_CORE, RLIMIT_DATA, RLIMIT_FSIZE,
		RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_RSS, RLIMIT_STACK,
	};
	const char *text = json_string_value(json_object_get(element, member));

	if (!text || !strcmp(text, "unlimited"))
		return 0;
	for (size_t i = 0; i < NSC_ARRAY_SIZE(of_bytes); i++)
		if (of_bytes[i] == resource)
			return 0;
	return nsc_field_refuse_member(r, member, "this limit is not one of "
				       "bytes: expected a number without "
				       "unit");
}

static int read_rlimit(struct nsc_reader *r, const json_t *element, void *to)
{
	struct rlimit_element e = { 0 };
	struct nsc_config *config = to;
	int ret = nsc_field_object(r, element, nsc_rlimit_fields, &e);

	if (ret < 0)
		return ret;
	if (json_object_size(element) != 3)
		return nsc_field_refuse(r, "expected type, hard and soft");
	ret = check_unit(r, element, "hard", e.resource);
	if (ret == 0)
		ret = check_unit(r, element, "soft", e.resource);
	if (ret < 0)
		return ret;
	if (e.soft > e.hard)
		return nsc_field_refuse_member(r, "soft", "is above hard");
	if (!e.soft && (e.resource == RLIMIT_CPU ||
			e.resource == RLIMIT_NPROC))
		return nsc_field_refuse_member(r, "soft", "0 lets no process "
					       "of a login run");
	nsc_rlimit_set(&config->process.rlimits, e.resource, e.soft, e.hard);
	return 0;
}

/* Each type may occur once; the default RLIMIT_CORE may be replaced. */
int nsc_read_rlimits(struct nsc_reader *r, const json_t *value,
		     const struct nsc_field *f, void *to)
{
	const json_t *element, *other;
	size_t i, j;

	(void)f;
	json_array_foreach(value, i, element) {
		json_array_foreach(value, j, other) {
			if (j < i && json_equal(json_object_get(element,
								"type"),
						json_object_get(other,
								"type")))
				return nsc_field_wrong(r, element, "each type "
						       "once");
		}
	}
	return nsc_field_array(r, value, read_rlimit, to);
}

static const char name_letters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";

/*
 * Turn a name in the form of sysctl(8) into its path.  The first '.' or '/' of
 * the name is its separator; if that is '.', swap '.' and '/'.
 */
static void to_path(char *name)
{
	char *first = strpbrk(name, "./");

	if (!first || *first == '/')
		return;
	for (char *p = name; *p; p++)
		if (*p == '.' || *p == '/')
			*p = *p == '.' ? '/' : '.';
}

static bool sysctl_valid(const char *name, const char *value)
{
	return strspn(name, name_letters) == strlen(name) &&
	       strpbrk(name, "./") && !strstr(name, "..") &&
	       !strstr(name, "//") && name[0] != '/' && name[0] != '.' &&
	       value && !strpbrk(value, "\n\r");
}

int nsc_read_sysctl(struct nsc_reader *r, const json_t *value,
		    const struct nsc_field *f, void *to)
{
	json_t *object = (json_t *)(uintptr_t)value;
	struct nsc_config *config = to;
	size_t n = 0;
	const char *key;
	json_t *text;

	(void)f;
	if (!json_is_object(value))
		return nsc_field_wrong(r, value, "an object");
	json_object_foreach(object, key, text) {
		_cleanup_free_ char *entry = NULL;

		if (json_is_null(text))
			continue;
		if (!sysctl_valid(key, json_string_value(text)))
			return nsc_field_wrong(r, value, "names with '.' "
					       "between their parts, and "
					       "strings as values: {\""
					       "net.ipv4.ip_forward\": "
					       "\"1\"}");
		if (nsc_text_pair(key, json_string_value(text), &entry) < 0)
			return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
		entry[strlen(key)] = '\0';
		to_path(entry);
		entry[strlen(key)] = '=';
		if (nsc_text_append(&config->sysctl, &n, entry) < 0)
			return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	}
	return 0;
}

/* The namespaces of sysctls; a path stands for all that begin with it. */
static const struct {
	const char *path;
	unsigned int flag;
	const char *key;
} sysctl_namespaces[] = {
	{ "net/", CLONE_NEWNET, "NEWNET" },
	{ "fs/mqueue/", CLONE_NEWIPC, "NEWIPC" },
	{ "kernel/msg", CLONE_NEWIPC, "NEWIPC" },
	{ "kernel/sem", CLONE_NEWIPC, "NEWIPC" },
	{ "kernel/shm", CLONE_NEWIPC, "NEWIPC" },
	{ "kernel/domainname", CLONE_NEWUTS, "NEWUTS" },
};

int nsc_check_sysctl(struct nsc_reader *r, char *const *list,
		     unsigned int namespaces)
{
	for (; list && *list; list++) {
		int len = (int)strcspn(*list, "=");
		char text[256];
		size_t i = 0;

		while (i < NSC_ARRAY_SIZE(sysctl_namespaces) &&
		       strncmp(*list, sysctl_namespaces[i].path,
			       strlen(sysctl_namespaces[i].path)) != 0)
			i++;
		if (i < NSC_ARRAY_SIZE(sysctl_namespaces) &&
		    namespaces & sysctl_namespaces[i].flag)
			continue;
		if (i < NSC_ARRAY_SIZE(sysctl_namespaces))
			snprintf(text, sizeof(text), "sysctl: %.*s needs "
				 "namespaces.%s, or it would change the host",
				 len, *list, sysctl_namespaces[i].key);
		else
			snprintf(text, sizeof(text), "sysctl: %.*s applies "
				 "to the whole host: only net., fs.mqueue., "
				 "kernel.msg*, kernel.sem*, kernel.shm* and "
				 "kernel.domainname can be set for a container",
				 len, *list);
		return nsc_field_refuse(r, text);
	}
	return 0;
}

static int split_words(struct nsc_reader *r, const json_t *value,
		       char ***ret)
{
	const char *text = nsc_field_text(r, value);
	_cleanup_free_ char *copy = text ? strdup(text) : NULL;
	char *save = NULL;
	size_t n = 0;

	if (!copy)
		return text ? nsc_error_sys(r->err, ENOMEM, "%s", r->file) :
			      -EINVAL;
	for (char *word = strtok_r(copy, " \t", &save); word;
	     word = strtok_r(NULL, " \t", &save))
		if (nsc_text_append(ret, &n, word) < 0)
			return nsc_error_sys(r->err, ENOMEM, "%s", r->file);
	return 0;
}

int nsc_read_init(struct nsc_reader *r, const json_t *value,
		  const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	struct nsc_config *config = to;
	int ret;

	if (text && !strcmp(text, "builtin"))
		return 0;
	ret = json_is_array(value) ?
		      nsc_read_texts(r, value, f, &config->init) :
		      split_words(r, value, &config->init);
	if (ret < 0)
		return ret;
	if (!config->init || !config->init[0] || config->init[0][0] != '/')
		return nsc_field_wrong(r, value, "\"builtin\", or a command "
				       "that begins with an absolute path");
	return 0;
}

static int check_path(struct nsc_reader *r, const json_t *element, void *to)
{
	_cleanup_free_ char *path = NULL;

	(void)to;
	return nsc_read_path(r, element, NULL, &path);
}

int nsc_read_paths(struct nsc_reader *r, const json_t *value,
		   const struct nsc_field *f, void *to)
{
	int ret = nsc_field_array(r, value, check_path, NULL);

	return ret < 0 ? ret : nsc_read_texts(r, value, f, to);
}

static const char *const failures[] = { "refuse", "ignore", NULL };

#define AT(member) offsetof(struct nsc_config_hook, member)
const struct nsc_field nsc_hook_fields[] = {
	{ .name = "path", .read = nsc_read_path, .at = AT(path) },
	{ .name = "args", .read = nsc_read_texts, .at = AT(args) },
	{ .name = "timeout", .read = nsc_read_number, .at = AT(timeout),
	  .min = 1, .max = 3600 },
	{ .name = "on_failure", .read = nsc_read_choice, .at = AT(on_failure),
	  .choices = failures },
	{ .name = NULL },
};
#undef AT

const char *const nsc_hook_names[NSC_HOOKS] = {
	[NSC_HOOK_START] = "start",
	[NSC_HOOK_CREATE_CONTAINER] = "create_container",
	[NSC_HOOK_START_CONTAINER] = "start_container",
	[NSC_HOOK_POSTSTART] = "poststart",
	[NSC_HOOK_STOP] = "stop",
};

static int append_hook(struct nsc_reader *r, const json_t *element,
		       struct nsc_config *config, enum nsc_hook_when when)
{
	struct nsc_config_hook *list =
		nsc_field_grow(r, config->hooks, config->n_hooks,
			       sizeof(*list));
	struct nsc_config_hook *hook;
	int ret;

	if (!list)
		return -ENOMEM;
	config->hooks = list;
	hook = &list[config->n_hooks++];
	*hook = (struct nsc_config_hook){ .when = when, .timeout = 10 };
	ret = nsc_field_object(r, element, nsc_hook_fields, hook);
	if (ret == 0 && !hook->path)
		ret = nsc_field_refuse_member(r, "path", "is missing");
	if (ret == 0 && (when == NSC_HOOK_STOP || when == NSC_HOOK_POSTSTART) &&
	    nsc_field_has(element, "on_failure"))
		ret = nsc_field_refuse_member(r, "on_failure", "is for hooks "
					      "at start: nothing can be "
					      "refused when the container "
					      "runs or has ended");
	return ret;
}

#define READ(name, when)                                                       \
	static int name(struct nsc_reader *r, const json_t *element, void *to) \
	{                                                                      \
		return append_hook(r, element, to, when);                      \
	}
READ(read_start_hook, NSC_HOOK_START)
READ(read_create_hook, NSC_HOOK_CREATE_CONTAINER)
READ(read_inside_hook, NSC_HOOK_START_CONTAINER)
READ(read_poststart_hook, NSC_HOOK_POSTSTART)
READ(read_stop_hook, NSC_HOOK_STOP)
#undef READ

#define LIST(key, reader)                                                      \
	{                                                                      \
		.name = (key), .read = nsc_read_array,                         \
		.members = nsc_hook_fields, .element = (reader)                \
	}
const struct nsc_field nsc_hooks_fields[] = {
	LIST("start", read_start_hook),
	LIST("create_container", read_create_hook),
	LIST("start_container", read_inside_hook),
	LIST("poststart", read_poststart_hook),
	LIST("stop", read_stop_hook),
	{ .name = NULL },
};
#undef LIST

void nsc_config_hook_free(struct nsc_config_hook *hook)
{
	free(hook->path);
	nsc_text_free_vector(hook->args);
	nsc_text_free_vector(hook->env);
}

void nsc_config_hooks_free(struct nsc_config_hook *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		nsc_config_hook_free(&list[i]);
	free(list);
}

const char *nsc_hooks_wrong(const struct nsc_config *config)
{
	const struct nsc_process *p = &config->process;
	bool has = false;

	for (size_t i = 0; i < config->n_hooks; i++)
		has |= config->hooks[i].when == NSC_HOOK_START_CONTAINER;
	/* PID 1 has the labels only if it executes an init with them. */
	if (has && !config->init &&
	    ((p->apparmor_profile && *p->apparmor_profile) ||
	     (p->selinux_label && *p->selinux_label)))
		return "hooks.start_container: needs init, whose labels it "
		       "has, beside context.apparmor_profile and "
		       "context.process_label";
	/* PID 1, which waits for the program, is root of the host then. */
	if (has && !(config->namespaces & CLONE_NEWUSER) &&
	    p->capabilities & UINT64_C(1) << CAP_SYS_PTRACE)
		return "hooks.start_container: needs namespaces.NEWUSER beside "
		       "SYS_PTRACE in capabilities";
	return NULL;
}
