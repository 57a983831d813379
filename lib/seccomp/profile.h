/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp profiles as files, in the formats of the OCI runtime specification
 * and of Docker.  Runs in: nsinit alone.
 */
#ifndef NSC_SECCOMP_PROFILE_H
#define NSC_SECCOMP_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"
#include "linux/seccomp.h"

#define NSC_SECCOMP_ARGS 6
#define NSC_SECCOMP_ARCHES 4

/* What the conditions of a profile (includes, excludes) are held against. */
struct nsc_seccomp_world {
	uint64_t capabilities;		/* the container's */
	unsigned int major, minor;	/* of the kernel */
	uint32_t arch;			/* SCMP_ARCH_*, of this machine */
};

/* A condition on an argument, in libseccomp's terms. */
struct nsc_seccomp_arg {
	uint32_t index;
	unsigned int op;		/* enum scmp_compare */
	uint64_t value;			/* SCMP_CMP_MASKED_EQ: the mask */
	uint64_t value_two;
};

/* All conditions must hold.  Rules that do not apply here are not kept. */
struct nsc_seccomp_rule {
	char **names;			/* of system calls */
	uint32_t action;		/* SCMP_ACT_* */
	struct nsc_seccomp_arg args[NSC_SECCOMP_ARGS];
	size_t n_args;
	size_t at;			/* its index in syscalls[] */
};

struct nsc_seccomp_profile {
	char *file;			/* for messages */
	uint32_t default_action;
	unsigned int flags;		/* SECCOMP_FILTER_FLAG_* */
	/* Besides this machine's: those of it that this machine can run. */
	uint32_t arches[NSC_SECCOMP_ARCHES];
	size_t n_arches;
	struct nsc_seccomp_rule *rules;
	size_t n_rules;
};

/* This machine and kernel. */
void nsc_seccomp_world_here(uint64_t capabilities,
			    struct nsc_seccomp_world *ret);

/* Parse text, the content of file.  err: "FILE: JSON PATH: sentence". */
int nsc_seccomp_profile_parse(const char *text, const char *file,
			      const struct nsc_seccomp_world *world,
			      struct nsc_seccomp_profile **ret,
			      struct nsc_error *err);

/* The same with the file at path, which must be root's alone. */
int nsc_seccomp_profile_load(const char *path,
			     const struct nsc_seccomp_world *world,
			     struct nsc_seccomp_profile **ret,
			     struct nsc_error *err);

/* Is it an architecture whose programs a machine of the other can run? */
bool nsc_seccomp_arch_runs_on(uint32_t arch, uint32_t machine);

/*
 * The greatest number of a system call of arch that the built-in profile knows
 * by name; -1 where it knows none.
 */
int nsc_seccomp_newest(uint32_t arch);

/*
 * To instructions, by libseccomp.  Where the default is EPERM, system calls
 * that are newer than all that is known by name are ENOSYS instead, so that
 * programs fall back to the older ones.
 */
int nsc_seccomp_compile(const struct nsc_seccomp_profile *profile,
			struct nsc_seccomp *ret, struct nsc_error *err);

void nsc_seccomp_profile_free(struct nsc_seccomp_profile *profile);
static inline void
nsc_seccomp_profile_cleanup(struct nsc_seccomp_profile **profile)
{
	nsc_seccomp_profile_free(*profile);
	*profile = NULL;
}
#define _cleanup_profile_ __attribute__((cleanup(nsc_seccomp_profile_cleanup)))

#endif
