/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function for each parser of text from outside.  Fuzzers call
 * LLVMFuzzerTestOneInput(), and replay.c feeds the corpus.  A target fails by a
 * crash, or by an assertion about the result.
 */
#include "targets.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "util/address.h"
#include "util/fd.h"
#include "util/text.h"
#include "policy/conf.h"
#include "config/container_config.h"
#include "config/convert.h"
#include "config/engine_keys.h"
#include "seccomp/profile.h"
#include "rootfs/accounts.h"
#include "rootfs/exec_user.h"
#include "rundir/state.h"
#include "cgroup/cgroup.h"
#include "policy/pam_options.h"
#include "session/environment.h"

#define WORDS 64

/* The user for whom everything is parsed. */
static struct nsc_user *somebody(struct nsc_user *user, gid_t groups[2])
{
	groups[0] = 1000;
	groups[1] = 50;
	*user = (struct nsc_user){
		.uid = 1000, .gid = 1000, .groups = groups, .n_groups = 2,
	};
	user->name = strdup("alice");
	user->home = strdup("/home/alice");
	user->shell = strdup("/bin/bash");
	user->group = strdup("alice");
	return user;
}

static void forget(struct nsc_user *user)
{
	free(user->name);
	free(user->home);
	free(user->shell);
	free(user->group);
}

/* An error must have a text, and success must not. */
static void check(int ret, const struct nsc_error *err)
{
	assert(ret <= 0);
	assert((ret < 0) == (err->code != 0));
	assert(ret == 0 || err->text[0]);
	assert(memchr(err->text, '\0', sizeof(err->text)));
}

unsigned long fuzz_accepted;

char *fuzz_cut(char *text)
{
	char *line = strstr(text, "\n%\n");

	if (!line)
		return text + strlen(text);
	line[1] = '\0';
	return line + 3;
}

/* The parts are container.json and a drop-in of it. */
static void config(char *text)
{
	char *more = fuzz_cut(text);
	struct nsc_config_file list[] = {
		{ (char[]){ "/etc/x/container.json" }, text },
		{ (char[]){ "/etc/x/container.json.d/1.json" }, more },
	};
	const struct nsc_config_files files = {
		.list = list, .n = *more ? 2 : 1,
	};
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_config *result = NULL;
	struct nsc_user user;
	gid_t groups[2];
	int ret = nsc_config_parse_files(&files, list[0].path, "/etc/x",
					 somebody(&user, groups), &result,
					 &err);

	check(ret, &err);
	assert((ret == 0) == (result != NULL));
	fuzz_accepted += ret == 0;
	if (result)
		nsc_external_finish(result, "/run/%u.pid", &user, &err);
	nsc_config_free(result);
	forget(&user);
}

/* Each form becomes one that can become an OCI config.json. */
static void convert(char *text)
{
	for (int to_oci = 0; to_oci < 2; to_oci++) {
		struct nsc_error err = NSC_ERROR_INIT;
		json_t *notes = json_array(), *note;
		json_t *result = nsc_convert(text, "F", to_oci, notes, &err);
		size_t i;

		check(result ? 0 : -1, &err);
		json_array_foreach(notes, i, note)
			assert(strstr(json_string_value(note), ": "));
		fuzz_accepted += result != NULL;
		json_decref(result);
		json_decref(notes);
	}
}

static void conf(char *text)
{
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_conf *result = NULL;

	check(nsc_conf_parse(text, "conf", &result, &err), &err);
	fuzz_accepted += result != NULL;
	nsc_conf_free(result);
}

/* A printed state must be read back unchanged. */
static void state(char *text)
{
	struct nsc_state *result = NULL, *again = NULL;
	struct nsc_error err = NSC_ERROR_INIT;
	char *once = NULL, *twice = NULL;

	if (nsc_state_parse(strdup(text), &result, &err) < 0)
		return;
	fuzz_accepted++;
	/* A state of another version has only some fields. */
	if (result->other_version) {
		nsc_state_free(result);
		return;
	}
	assert(nsc_state_print(result, &once, &err) == 0);
	assert(nsc_state_parse(strdup(once), &again, &err) == 0);
	assert(nsc_state_print(again, &twice, &err) == 0);
	assert(!strcmp(once, twice));
	free(once);
	free(twice);
	nsc_state_free(result);
	nsc_state_free(again);
}

static void profile(char *text)
{
	struct nsc_seccomp_profile *result = NULL;
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_seccomp filter = { .len = 0 };
	struct nsc_seccomp_world world;

	nsc_seccomp_world_here(0xa80425fb, &world);
	check(nsc_seccomp_profile_parse(text, "profile", &world, &result,
					&err), &err);
	if (result && nsc_seccomp_compile(result, &filter, &err) == 0)
		fuzz_accepted++;
	free(filter.code);
	nsc_seccomp_profile_free(result);
}

/* The parts are user, passwd and group, for a login and for nsinit exec. */
static void accounts(char *text)
{
	char *passwd = fuzz_cut(text), *group = fuzz_cut(passwd);
	char *names[] = { NULL, (char[]){ "staff" } };
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_exec_user_request request = {
		.spec = *text ? text : NULL,
	};
	struct nsc_account account = {
		.shell = "/bin/sh", .group_names = names, .n_groups = 2,
	};
	struct nsc_exec_user id;
	struct nsc_user user;
	gid_t groups[2];
	FILE *out = fopen("/dev/null", "w");

	text[strcspn(text, "\n")] = '\0';
	account.user = somebody(&user, groups);
	account.groups = groups;
	if (nsc_exec_user_resolve(&request, passwd, group, &id, &err) == 0)
		assert(memchr(id.home, '\0', sizeof(id.home)) &&
		       id.n_groups <= NSC_EXEC_USER_GROUPS);
	fuzz_accepted += err.code == 0;
	request.login = &user;
	/* The files must not change the identity of a login. */
	if (nsc_exec_user_resolve(&request, passwd, group, &id, &err) == 0)
		assert(id.uid == user.uid && id.gid == user.gid);
	if (out) {
		nsc_accounts_passwd(&account, passwd, out);
		nsc_accounts_group(&account, group, out);
		fclose(out);
	}
	forget(&user);
}

/* Split text into lines: a vector that ends with NULL. */
static int split(char *text, char *words[WORDS + 1])
{
	int n = 0;

	while (text && n < WORDS) {
		words[n++] = text;
		text = strchr(text, '\n');
		if (text)
			*text++ = '\0';
	}
	words[n] = NULL;
	return n;
}

static void module(char *text)
{
	struct nsc_error err = NSC_ERROR_INIT;
	struct nsc_pam_options options;
	char *words[WORDS + 1];
	int n = split(text, words);

	check(nsc_pam_options_parse(n, (const char **)(void *)words, &options,
				    &err), &err);
	fuzz_accepted += err.code == 0;
}

static void shell(char *text)
{
	struct nsc_state state = {
		.name = (char[]){ "alice" }, .home = (char[]){ "/home/alice" },
		.shell = (char[]){ "/bin/bash" }, .run_uid = 1000,
		.keep_env = (char *[]){ (char[]){ "TERM" }, (char[]){ "LC_*" },
					NULL },
	};
	struct nsc_error err = NSC_ERROR_INIT;
	char *words[WORDS + 1], **result, **env = NULL;
	int n = split(text, words);

	result = nsc_shell_arguments(n, words, "/bin/bash", true);
	assert(result && result[0]);
	free(result[0]);
	free(result);
	if (nsc_environment_make(&state, words, &env, &err) < 0)
		return;
	fuzz_accepted++;
	/* Only variables of the list may come from the caller. */
	for (char **e = env; *e; e++)
		assert(strncmp(*e, "LD_", 3) && strncmp(*e, "BASH_ENV=", 9));
	nsc_text_free_vector(env);
}

static void text(char *text)
{
	char name[NSC_ADDRESS_SIZE], escaped[64];
	struct nsc_address address, again;
	long long number;

	nsc_text_escape(text, escaped, sizeof(escaped));
	for (const char *p = escaped; *p; p++)
		assert(*p >= ' ' && *p <= '~');
	nsc_text_number(text, -5, 99999, &number);
	if (nsc_text_name_valid(text)) {
		fuzz_accepted++;
		assert(!strchr(text, '/') && text[0] != '.' && text[0] != '-');
	}
	for (int length = 0; length < 2; length++) {
		if (nsc_address_parse(text, length, &address) < 0)
			continue;
		nsc_address_print(&address, length, name);
		assert(nsc_address_parse(name, length, &again) == 0 &&
		       nsc_address_equal(&address, &again));
	}
}

/* /proc/self/mountinfo and /proc/self/cgroup. */
static void hierarchies(char *mountinfo)
{
	char *cgroup = fuzz_cut(mountinfo);
	struct nsc_cgroup_host host;

	if (nsc_cgroup_host_parse(mountinfo, cgroup, &host) == 0)
		fuzz_accepted += host.n > 0;
	nsc_cgroup_host_free(&host);
}

const struct fuzz_target fuzz_targets[] = {
	{ "config", config },
	{ "conf", conf },
	{ "convert", convert },
	{ "state", state },
	{ "profile", profile },
	{ "accounts", accounts },
	{ "module", module },
	{ "shell", shell },
	{ "text", text },
	{ "hierarchies", hierarchies },
	{ "rundir", fuzz_rundir },
	{ "pool", fuzz_pool },
	{ "ranges", fuzz_ranges },
	{ "hooks", fuzz_hooks },
	{ "history", fuzz_log },
	{ "resolv", fuzz_resolv },
	{ "dns", fuzz_dns },
	{ "recording", fuzz_recording },
	{ "transfer", fuzz_transfer },
	{ "proc", fuzz_proc },
	{ "cast", fuzz_cast },
	{ "cdi", fuzz_cdi },
	{ NULL, NULL },
};

const struct fuzz_target *fuzz_target(const char *name)
{
	const struct fuzz_target *t = fuzz_targets;

	while (t->name && (!name || strcmp(t->name, name) != 0))
		t++;
	return t->name ? t : NULL;
}

void fuzz_feed(const struct fuzz_target *target, const void *data, size_t size)
{
	char *copy = malloc(size + 1);

	if (!copy)
		return;
	memcpy(copy, data, size);
	copy[size] = '\0';
	target->feed(copy);
	free(copy);
}

/*
 * libconfig leaks an unfinished string when its parser finds an error.  This is
 * harmless: the file belongs to root, and is read once.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}
