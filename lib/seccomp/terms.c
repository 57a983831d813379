/* SPDX-License-Identifier: Apache-2.0 */
/* The meaning of the terms of a profile. */
#include "seccomp/terms.h"

#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>

#include "util/fd.h"
#include "config/array_keys.h"

/* The names of each architecture, in OCI's form and in Docker's conditions. */
static const struct arch {
	const char *oci, *go;
	uint32_t token, machine;	/* a machine that also runs it */
} arches[] = {
	{ "SCMP_ARCH_X86_64", "amd64", SCMP_ARCH_X86_64, SCMP_ARCH_X86_64 },
	{ "SCMP_ARCH_X86", "x86", SCMP_ARCH_X86, SCMP_ARCH_X86_64 },
	{ "SCMP_ARCH_X86", "386", SCMP_ARCH_X86, SCMP_ARCH_X86_64 },
	{ "SCMP_ARCH_X32", "x32", SCMP_ARCH_X32, SCMP_ARCH_X86_64 },
	{ "SCMP_ARCH_AARCH64", "arm64", SCMP_ARCH_AARCH64,
	  SCMP_ARCH_AARCH64 },
	{ "SCMP_ARCH_ARM", "arm", SCMP_ARCH_ARM, SCMP_ARCH_AARCH64 },
	{ "SCMP_ARCH_MIPS", "mips", SCMP_ARCH_MIPS, SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64", "mips64", SCMP_ARCH_MIPS64, SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", "mips64n32", SCMP_ARCH_MIPS64N32,
	  SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPSEL", "mipsel", SCMP_ARCH_MIPSEL,
	  SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64", "mipsel64", SCMP_ARCH_MIPSEL64,
	  SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", "mipsel64n32", SCMP_ARCH_MIPSEL64N32,
	  SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_PPC", "ppc", SCMP_ARCH_PPC, SCMP_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64", "ppc64", SCMP_ARCH_PPC64, SCMP_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", "ppc64le", SCMP_ARCH_PPC64LE,
	  SCMP_ARCH_PPC64LE },
	{ "SCMP_ARCH_S390", "s390", SCMP_ARCH_S390, SCMP_ARCH_S390X },
	{ "SCMP_ARCH_S390X", "s390x", SCMP_ARCH_S390X, SCMP_ARCH_S390X },
	{ "SCMP_ARCH_PARISC", "parisc", SCMP_ARCH_PARISC, SCMP_ARCH_PARISC64 },
	{ "SCMP_ARCH_PARISC64", "parisc64", SCMP_ARCH_PARISC64,
	  SCMP_ARCH_PARISC64 },
	{ "SCMP_ARCH_RISCV64", "riscv64", SCMP_ARCH_RISCV64,
	  SCMP_ARCH_RISCV64 },
	/* libseccomp 2.5 lacks these tokens; the numbers are the kernel's. */
	{ "SCMP_ARCH_LOONGARCH64", "loong64", AUDIT_ARCH_LOONGARCH64,
	  AUDIT_ARCH_LOONGARCH64 },
	{ "SCMP_ARCH_M68K", "m68k", AUDIT_ARCH_M68K, AUDIT_ARCH_M68K },
	{ "SCMP_ARCH_SH", "sh", AUDIT_ARCH_SHEL, AUDIT_ARCH_SHEL },
	{ "SCMP_ARCH_SHEB", "sheb", AUDIT_ARCH_SH, AUDIT_ARCH_SH },
};

/* The first five as Docker's first profile numbers them, from 1. */
static const struct action {
	const char *name;
	uint32_t action;
	const char *impossible;		/* the reason, or NULL */
} actions[] = {
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, NULL },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(EPERM), NULL },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP, NULL },
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, NULL },
	{ "SCMP_ACT_TRACE", 0, "not possible here: no tracer follows a "
	  "session, and without one each such call would fail" },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, NULL },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, NULL },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG, NULL },
	{ "SCMP_ACT_NOTIFY", 0, "not possible here: nothing listens for "
	  "notifications, and the session would hang" },
};

bool nsc_seccomp_arch_runs_on(uint32_t arch, uint32_t machine)
{
	for (size_t i = 0; i < NSC_ARRAY_SIZE(arches); i++)
		if (arches[i].token == arch)
			return arches[i].machine == machine;
	return false;
}

void nsc_seccomp_world_here(uint64_t capabilities,
			    struct nsc_seccomp_world *ret)
{
	FILE *file = fopen("/proc/sys/kernel/osrelease", "re");

	*ret = (struct nsc_seccomp_world){
		.capabilities = capabilities, .arch = seccomp_arch_native(),
	};
	/* Not uname(2): the caller's personality(2) changes its answer. */
	if (file && fscanf(file, "%u.%u", &ret->major, &ret->minor) < 2)
		ret->major = ret->minor = 0;
	if (file)
		fclose(file);
}

bool nsc_seccomp_number(const json_t *value, unsigned int max,
			unsigned int *ret)
{
	json_int_t n = json_integer_value(value);

	if (n < 1 || n > max)
		return false;
	*ret = (unsigned int)n;
	return true;
}

#define NUMBERED_ACTIONS 5

int nsc_read_seccomp_action(struct nsc_reader *r, const json_t *value,
			    const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	unsigned int n;

	(void)f;
	if (nsc_seccomp_number(value, NUMBERED_ACTIONS, &n))
		text = actions[n - 1].name;
	for (size_t i = 0; text && i < NSC_ARRAY_SIZE(actions); i++) {
		if (strcmp(text, actions[i].name) != 0)
			continue;
		if (actions[i].impossible)
			return nsc_field_refuse(r, actions[i].impossible);
		*(uint32_t *)to = actions[i].action;
		return 0;
	}
	return nsc_field_wrong(r, value, "one of SCMP_ACT_ALLOW, _ERRNO, "
			       "_KILL, _KILL_THREAD, _KILL_PROCESS, _LOG, "
			       "_TRAP");
}

/* Other names of the same numbers. */
static const struct {
	const char *name;
	unsigned int number;
} other_errnos[] = {
	{ "EWOULDBLOCK", EWOULDBLOCK }, { "EDEADLOCK", EDEADLOCK },
	{ "ENOTSUP", ENOTSUP },
};

int nsc_read_errno_name(struct nsc_reader *r, const json_t *value,
			const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value), *name;

	(void)f;
	if (text && !*text)
		return 0;
	for (size_t i = 0; text && i < NSC_ARRAY_SIZE(other_errnos); i++)
		if (!strcmp(text, other_errnos[i].name))
			return *(uint32_t *)to = other_errnos[i].number, 0;
	/* The kernel's architectures number their errors below 1200. */
	for (int n = 1; text && n < 1200; n++) {
		name = strerrorname_np(n);
		if (name && !strcmp(text, name))
			return *(uint32_t *)to = (uint32_t)n, 0;
	}
	return nsc_field_wrong(r, value, "the name of an error such as "
			       "\"EPERM\"");
}

int nsc_read_seccomp_arch(struct nsc_reader *r, const json_t *value,
			  const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);

	(void)f;
	if (text && !strcmp(text, "SCMP_ARCH_NATIVE"))
		return *(uint32_t *)to = seccomp_arch_native(), 0;
	for (size_t i = 0; text && i < NSC_ARRAY_SIZE(arches); i++) {
		if (strcmp(text, arches[i].oci) != 0 &&
		    strcmp(text, arches[i].go) != 0)
			continue;
		*(uint32_t *)to = arches[i].token;
		return 0;
	}
	return nsc_field_wrong(r, value, "an architecture such as "
			       "SCMP_ARCH_X86_64");
}

/* --- Docker's includes and excludes */

static void hold(struct nsc_seccomp_condition *c, bool holds)
{
	c->all = c->all && holds;
	c->any = c->any || holds;
}

static int read_cap(struct nsc_reader *r, const json_t *element, void *to)
{
	struct nsc_seccomp_condition *c = to;
	uint64_t cap = 0;
	int ret = nsc_read_capability(r, element, &cap);

	if (ret == 0)
		hold(c, c->world->capabilities & cap);
	return ret;
}

struct arch_match {
	uint32_t machine;
	bool found;
};

static int read_arch(struct nsc_reader *r, const json_t *element, void *to)
{
	const char *text = json_string_value(element);
	struct arch_match *match = to;

	/* The files of Docker 17.06 to 17.11 have OCI's names here. */
	for (size_t i = 0; text && i < NSC_ARRAY_SIZE(arches); i++) {
		if (strcmp(text, arches[i].go) != 0 &&
		    strcmp(text, arches[i].oci) != 0)
			continue;
		if (arches[i].token == match->machine)
			match->found = true;
		return 0;
	}
	return nsc_field_wrong(r, element, "an architecture such as "
			       "\"amd64\"");
}

/* The condition holds if one of the architectures matches. */
static int read_arches(struct nsc_reader *r, const json_t *value,
		       const struct nsc_field *f, void *to)
{
	struct nsc_seccomp_condition *c = to;
	struct arch_match match = { .machine = c->world->arch };
	int ret;

	(void)f;
	ret = nsc_field_array(r, value, read_arch, &match);
	if (ret == 0 && json_array_size(value) > 0)
		hold(c, match.found);
	return ret;
}

static int read_kernel(struct nsc_reader *r, const json_t *value,
		       const struct nsc_field *f, void *to)
{
	const char *text = json_string_value(value);
	struct nsc_seccomp_condition *c = to;
	unsigned int major, minor, patch;
	int end = 0;

	(void)f;
	if (text && !*text)
		return 0;
	/* A third number says nothing about system calls. */
	if (!text || sscanf(text, "%3u.%3u%n.%3u%n", &major, &minor, &end,
			    &patch, &end) < 2 || text[end])
		return nsc_field_wrong(r, value, "a kernel's version such as "
				       "\"4.8\"");
	hold(c, c->world->major > major ||
	     (c->world->major == major && c->world->minor >= minor));
	return 0;
}

static const struct nsc_field condition_fields[] = {
	{ .name = "caps", .read = nsc_read_array, .element = read_cap },
	{ .name = "arches", .read = read_arches },
	{ .name = "minKernel", .read = read_kernel },
	{ .name = NULL },
};

int nsc_seccomp_condition(struct nsc_reader *r, const json_t *value,
			  struct nsc_seccomp_condition *c)
{
	c->all = true;
	return nsc_field_object(r, value, condition_fields, c);
}
