/*
 * Compiled filters, kept: libseccomp takes longer to make one than the kernel
 * to make a container.
 */
#ifndef NSC_SECCOMP_FILTER_CACHE_H
#define NSC_SECCOMP_FILTER_CACHE_H

#include "seccomp/profile.h"

/*
 * As nsc_seccomp_compile(), but that what was compiled once since the boot is
 * read from /run/nscontainer/.filters, where the directory and the file are
 * root's alone.  Without it, or for another than root, it is compiled.
 */
int nsc_filter_compile(const struct nsc_seccomp_profile *profile,
		       struct nsc_seccomp *ret, struct nsc_error *err);

#endif
