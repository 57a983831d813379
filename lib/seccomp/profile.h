/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp profiles in files, in the formats of the OCI runtime specification
 * and of Docker.  Runs in: nsinit and login-start.
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

/* The facts that the conditions of a profile (includes, excludes) test. */
struct nsc_seccomp_world {
	uint64_t capabilities;		/* of the container */
	unsigned int major, minor;	/* of the kernel */
	uint32_t arch;			/* of this machine, SCMP_ARCH_* */
};

/* A condition on an argument, in libseccomp's terms. */
struct nsc_seccomp_arg {
	uint32_t index;
	unsigned int op;		/* enum scmp_compare */
	uint64_t value;			/* SCMP_CMP_MASKED_EQ: the mask */
	uint64_t value_two;
};

/*
 * A rule applies if all its conditions hold.  Rules that do not apply to this
 * world are dropped.
 */
struct nsc_seccomp_rule {
	char **names;			/* of system calls */
	uint32_t action;		/* SCMP_ACT_* */
	struct nsc_seccomp_arg args[NSC_SECCOMP_ARGS];
	size_t n_args;
	size_t at;			/* the index in syscalls[] */
};

struct nsc_seccomp_profile {
	char *file;			/* for messages */
	uint32_t default_action;
	unsigned int flags;		/* SECCOMP_FILTER_FLAG_* */
	/* Further architectures of the profile that this machine can run. */
	uint32_t arches[NSC_SECCOMP_ARCHES];
	size_t n_arches;
	struct nsc_seccomp_rule *rules;
	size_t n_rules;
};

/* Fill *ret for this machine and kernel. */
void nsc_seccomp_world_here(uint64_t capabilities,
			    struct nsc_seccomp_world *ret);

/*
 * Parse text, the content of file.  Returns 0 or a negative errno with err set:
 * "FILE: JSON PATH: sentence".  Free *ret with nsc_seccomp_profile_free().
 */
int nsc_seccomp_profile_parse(const char *text, const char *file,
			      const struct nsc_seccomp_world *world,
			      struct nsc_seccomp_profile **ret,
			      struct nsc_error *err);

/*
 * The same for the file at path, which must be owned by root and writable only
 * by root.
 */
int nsc_seccomp_profile_load(const char *path,
			     const struct nsc_seccomp_world *world,
			     struct nsc_seccomp_profile **ret,
			     struct nsc_error *err);

/* Can the machine run programs of architecture arch? */
bool nsc_seccomp_arch_runs_on(uint32_t arch, uint32_t machine);

/*
 * The greatest system call number of arch that the built-in profile knows by
 * name; -1 if it knows none.
 */
int nsc_seccomp_newest(uint32_t arch);

/*
 * Compile the profile with libseccomp.  If its default is EPERM, system calls
 * newer than all that are known by name are ENOSYS instead, so that programs
 * fall back to older ones.  Returns 0 or a negative errno with err set; free
 * *ret with nsc_seccomp_free().
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
